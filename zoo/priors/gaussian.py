"""A Gaussian that is fitted to codes while they are learned."""

from typing import Any

import keras
from keras import ops

from zoo.precision import precise, precise_dtype
from zoo.priors.moments import gaussians, outer_sums


@keras.saving.register_keras_serializable("genzoo")
class Gaussian(keras.layers.Layer):
    """Standard normal noise → draws from N(mean, covariance): `(batch, dim)`, float32.

    Mean and covariance are those of the codes that `update` has seen, later batches weighing more;
    N(0, I) before the first.

    Args:
        decay: Weight of a batch over that of the next one.
    """

    def __init__(self, decay: float = 0.99, **options: Any) -> None:
        super().__init__(**options)
        self.decay = decay

    def build(self, input_shape: Any) -> None:
        """Adds the mean, the covariance's Cholesky factor, and the sums that they follow from."""
        dim = input_shape[-1]
        shapes = {"mean": (dim,), "factor": (dim, dim), "sums": (1, 1 + dim, 1 + dim)}
        options = {"trainable": False, "autocast": False, "dtype": precise_dtype()}
        for name, shape in shapes.items():
            start = "identity" if name == "factor" else "zeros"
            setattr(self, name, self.add_weight(shape, start, name=name, **options))

    def call(self, noise: Any) -> Any:
        """Mean + factor·noise."""
        mean, factor = map(ops.convert_to_tensor, (self.mean, self.factor))
        return mean + ops.matmul(precise(noise), ops.transpose(factor))

    def update(self, codes: Any) -> None:
        """Moves mean and covariance towards those of the codes `(batch, dim)`."""
        codes = ops.stop_gradient(precise(codes))
        sums = self.decay * self.sums.value + outer_sums(codes, ops.ones_like(codes[:, :1]))
        means, factors = gaussians(sums)
        self.sums.assign(sums)
        self.mean.assign(means[0])
        self.factor.assign(factors[0])

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "decay": self.decay}
