"""A Gaussian that is fitted to codes while they are learned."""

from typing import Any

import keras
from keras import ops

from zoo.precision import precise, precise_dtype

JITTER = 1e-4
"""Share of the mean variance that is added to each, so that the factor exists."""


@keras.saving.register_keras_serializable("genzoo")
class Gaussian(keras.layers.Layer):
    """Standard normal noise → draws from N(mean, covariance): `(batch, dim)`, float32.

    Mean and covariance are moving averages over the codes that `update` sees, corrected for their
    start at zero; N(0, I) before the first.

    Args:
        decay: Of the moving averages.
    """

    def __init__(self, decay: float = 0.99, **options: Any) -> None:
        super().__init__(**options)
        self.decay = decay

    def build(self, input_shape: Any) -> None:
        """Adds the mean, the covariance's Cholesky factor, and the averages that they are of."""
        dim = input_shape[-1]
        shapes = {"mean": (dim,), "factor": (dim, dim), "sums": (dim,), "products": (dim, dim)}
        options = {"trainable": False, "autocast": False, "dtype": precise_dtype()}
        for name, shape in {**shapes, "count": ()}.items():
            start = "identity" if name == "factor" else "zeros"
            setattr(self, name, self.add_weight(shape, start, name=name, **options))

    def call(self, noise: Any) -> Any:
        """Mean + factor·noise."""
        mean, factor = map(ops.convert_to_tensor, (self.mean, self.factor))
        return mean + ops.matmul(precise(noise), ops.transpose(factor))

    def update(self, codes: Any) -> None:
        """Moves mean and covariance towards those of the codes `(batch, dim)`."""
        codes = ops.stop_gradient(precise(codes))
        rows = precise(ops.shape(codes)[0])
        moments = {
            "count": ops.ones_like(self.count.value),
            "sums": ops.mean(codes, axis=0),
            "products": ops.matmul(ops.transpose(codes), codes) / rows,
        }
        averages = {}
        for name, value in moments.items():
            variable = getattr(self, name)
            averages[name] = self.decay * variable.value + (1 - self.decay) * value
            variable.assign(averages[name])
        mean = averages["sums"] / averages["count"]
        covariance = averages["products"] / averages["count"] - mean[:, None] * mean[None]
        identity = ops.eye(mean.shape[0], dtype=precise_dtype())
        jitter = JITTER * ops.mean(ops.diagonal(covariance)) + keras.config.epsilon()
        self.mean.assign(mean)
        self.factor.assign(ops.cholesky(covariance + jitter * identity))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "decay": self.decay}
