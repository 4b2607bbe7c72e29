"""Adversarial losses of logits `(batch, 1)`.

`GAMES` pairs the losses of the two sides: a model chooses one by its setting `loss`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from keras import ops

from zoo.precision import precise


def standard_discriminator(real: Any, fake: Any, *, smoothing: float = 0.0) -> Any:
    """−mean log σ(real) − mean log(1 − σ(fake)) (arXiv:1406.2661, eq. 1).

    Args:
        real: Of data.
        fake: Of samples.
        smoothing: 1 less the label of data: one-sided label smoothing (Salimans et
            al., 2016, arXiv:1606.03498, section 3.4).
    """
    loss = ops.mean(ops.softplus(-precise(real))) + ops.mean(ops.softplus(precise(fake)))
    return loss + smoothing * ops.mean(precise(real)) if smoothing else loss


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


def hinge_discriminator(real: Any, fake: Any) -> Any:
    """Mean max(0, 1 − real) + mean max(0, 1 + fake) (arXiv:1802.05957, eq. 16)."""
    return ops.mean(ops.relu(1 - precise(real))) + ops.mean(ops.relu(1 + precise(fake)))


def relativistic_discriminator(real: Any, fake: Any) -> Any:
    """−mean log σ(real − fake), row by row (Jolicoeur-Martineau, 2018, arXiv:1807.00734, §4.1).

    With the rows exchanged it is the generator's loss.
    """
    return ops.mean(ops.softplus(precise(fake) - precise(real)))


def relativistic_average(discriminator: Callable[[Any, Any], Any], real: Any, fake: Any) -> Any:
    """A discriminator's loss of logits less the mean logit of the other side.

    With real and fake exchanged it is the generator's loss. Source: arXiv:1807.00734, section 4.2.
    """
    real, fake = precise(real), precise(fake)
    return discriminator(real - ops.mean(fake), fake - ops.mean(real))


def relativistic_average_discriminator(real: Any, fake: Any) -> Any:
    """RaSGAN: the cross-entropy of relativistic averages (arXiv:1807.00734, eq. 10, 11)."""
    return relativistic_average(standard_discriminator, real, fake)


def relativistic_hinge_discriminator(real: Any, fake: Any) -> Any:
    """RaHingeGAN: the hinge loss of relativistic averages (arXiv:1807.00734, appendix)."""
    return relativistic_average(hinge_discriminator, real, fake)


def relativistic_least_squares_discriminator(real: Any, fake: Any) -> Any:
    """RaLSGAN: mean (r − 1)² + mean (f + 1)² of relativistic averages (arXiv:1807.00734)."""
    return 2 * relativistic_average(
        lambda r, f: least_squares_discriminator(r, f, fake_label=-1.0), real, fake
    )


def pair_accuracy(real: Any, fake: Any) -> Any:
    """The share of pairs of a datum and a sample in which the datum has the higher logit.

    ½ where the discriminator cannot tell them apart, 1 where it always can.
    """
    return 0.5 + 0.5 * ops.mean(ops.sign(precise(real) - precise(fake)))


def diversity(samples: Any, data: Any) -> Any:
    """The variance of samples over a batch, mean over the features, as a share of the data's."""
    variance, of_data = (ops.mean(ops.var(precise(x), axis=0)) for x in (samples, data))
    return variance / ops.maximum(of_data, 1e-12)


def top(fake: Any, share: float = 1.0) -> Any:
    """The highest logits of a batch of samples, of which there is at least one.

    Source: Sinha et al., 2020, arXiv:2002.06224, where the share falls from 1 in training.

    Args:
        fake: `(batch, 1)`.
        share: How many of them.
    """
    if share == 1:
        return fake
    kept = max(1, round(share * fake.shape[0]))
    return ops.sort(fake, axis=0)[-kept:]


def falling(start: float, steps: int | None, step: Any) -> Any:
    """A number that falls linearly to 0 in so many steps; None for one that stays."""
    return start if steps is None else start * ops.maximum(1.0 - step / steps, 0.0)


def _probabilities(real: Any, fake: Any) -> dict[str, Any]:
    return {"real": ops.mean(ops.sigmoid(real)), "fake": ops.mean(ops.sigmoid(fake))}


def _scores(real: Any, fake: Any) -> dict[str, Any]:
    return {"real": ops.mean(real), "fake": ops.mean(fake)}


def _distance(real: Any, fake: Any) -> dict[str, Any]:
    return {"distance": -wasserstein_critic(real, fake)}


def feature_distance(real: Any, fake: Any) -> Any:
    """‖E f(data) − E f(samples)‖² (Salimans et al., 2016, arXiv:1606.03498, section 3.1).

    Args:
        real: The discriminator's features of data, `(batch, …)`.
        fake: Its features of samples.
    """
    means = (ops.mean(precise(features), axis=0) for features in (real, fake))
    return ops.sum(ops.square(next(means) - next(means)))


@dataclass(frozen=True)
class Game:
    """The losses of the two sides.

    Attributes:
        discriminator: `(real, fake)` → what the discriminator minimises.
        generator: `(fake)` → what the generator minimises; `(real, fake)` where the game compares.
        reading: `(real, fake)` → what the log shows of the logits.
        compares: Whether the generator's loss reads the logits of data as well.
        bias_cancels: Whether a number added to all logits changes nothing.
        decision: The logit between data and samples; None for the middle of both sides' means.
    """

    discriminator: Callable[[Any, Any], Any]
    generator: Callable[..., Any]
    reading: Callable[[Any, Any], dict[str, Any]] = _scores
    compares: bool = False
    bias_cancels: bool = False
    decision: float | None = 0.0


def _relativistic(discriminator: Callable[[Any, Any], Any]) -> Game:
    """The generator wants of its samples what the discriminator wants of data."""
    return Game(
        discriminator,
        lambda real, fake: discriminator(fake, real),
        _distance,
        compares=True,
        bias_cancels=True,
        decision=None,
    )


GAMES = {
    "non_saturating": Game(standard_discriminator, non_saturating_generator, _probabilities),
    "minimax": Game(standard_discriminator, minimax_generator, _probabilities),
    "hinge": Game(hinge_discriminator, wasserstein_generator),
    "least_squares": Game(least_squares_discriminator, least_squares_generator, decision=0.5),
    "wasserstein": Game(
        wasserstein_critic, wasserstein_generator, _distance, bias_cancels=True, decision=None
    ),
    "relativistic": _relativistic(relativistic_discriminator),
    "relativistic_average": _relativistic(relativistic_average_discriminator),
    "relativistic_hinge": _relativistic(relativistic_hinge_discriminator),
    "relativistic_least_squares": _relativistic(relativistic_least_squares_discriminator),
}
