"""What a generator and a discriminator play for; all read logits `(batch, 1)`."""

from typing import Any

from keras import ops

from zoo.precision import precise


def standard_discriminator(real: Any, fake: Any) -> Any:
    """−mean log σ(real) − mean log(1 − σ(fake)) (arXiv:1406.2661, eq. 1)."""
    return ops.mean(ops.softplus(-precise(real))) + ops.mean(ops.softplus(precise(fake)))


def minimax_generator(fake: Any) -> Any:
    """Mean log(1 − σ(fake)): the generator's side of the minimax game (arXiv:1406.2661, eq. 1)."""
    return -ops.mean(ops.softplus(precise(fake)))


def non_saturating_generator(fake: Any) -> Any:
    """−mean log σ(fake): the generator's loss with strong early gradients (arXiv:1406.2661, §3)."""
    return ops.mean(ops.softplus(-precise(fake)))


def least_squares_discriminator(
    real: Any, fake: Any, *, real_label: float = 1.0, fake_label: float = 0.0
) -> Any:
    """½ mean (real − real_label)² + ½ mean (fake − fake_label)² (arXiv:1611.04076, eq. 2)."""
    return least_squares_generator(real, label=real_label) + least_squares_generator(
        fake, label=fake_label
    )


def least_squares_generator(fake: Any, *, label: float = 1.0) -> Any:
    """½ mean (fake − label)² (arXiv:1611.04076, eq. 2)."""
    return 0.5 * ops.mean(ops.square(precise(fake) - label))


def wasserstein_critic(real: Any, fake: Any) -> Any:
    """Mean fake − mean real: Arjovsky et al., 2017, arXiv:1701.07875, eq. 2, negated."""
    return ops.mean(precise(fake)) - ops.mean(precise(real))


def wasserstein_generator(fake: Any) -> Any:
    """−mean fake: the generator's side of arXiv:1701.07875, eq. 2."""
    return -ops.mean(precise(fake))
