"""Games in which a discriminator gives energies: low for data, high for samples."""

from typing import Any

from keras import ops

from zoo.precision import precise


def pulling_away(codes: Any) -> Any:
    """The mean squared cosine of the codes of different samples (arXiv:1609.03126, section 2.4).

    0 where they are orthogonal, 1 where all have one direction.

    Args:
        codes: `(batch, …)`.
    """
    flat = ops.reshape(precise(codes), (ops.shape(codes)[0], -1))
    unit = flat * ops.rsqrt(ops.sum(ops.square(flat), axis=1, keepdims=True) + 1e-12)
    cosines = ops.square(ops.matmul(unit, ops.transpose(unit)))
    count = precise(ops.shape(codes)[0])
    itself = ops.sum(ops.square(ops.sum(ops.square(unit), axis=1)))
    return (ops.sum(cosines) - itself) / ops.maximum(count * (count - 1), 1)


def equilibrium(real: Any, fake: Any, k: Any, *, ratio: float, rate: float) -> tuple[Any, Any]:
    """The next weight k of samples in the discriminator's loss, and the measure of convergence.

    k + rate·(ratio·real − fake), within 0 and 1, and real + |ratio·real − fake| (Berthelot et al.,
    2017, arXiv:1703.10717, section 3.4).

    Args:
        real: The energy of data, a scalar.
        fake: The energy of samples.
        k: The weight.
        ratio: γ, the energy of samples as a share of that of data in equilibrium.
        rate: λ, of the weight's change.
    """
    balance = ratio * real - fake
    return ops.clip(k + rate * balance, 0.0, 1.0), real + ops.absolute(balance)
