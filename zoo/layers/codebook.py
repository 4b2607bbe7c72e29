"""Codebooks of vectors, and reading from them."""

import math
from typing import Any

import keras
from keras import initializers, ops

from zoo.precision import precise, precise_dtype


@keras.saving.register_keras_serializable("genzoo")
class Codebook(keras.layers.Layer):
    """A table of vectors that data choose the nearest of; it learns by moving averages.

    Calling it gives the indices of the nearest vectors: float `(…, dim)` → int32 `(…)`.

    Source: van den Oord et al., 2017, arXiv:1711.00937, appendix A.1.

    Args:
        size: How many vectors.
        dim: Their length.
        decay: Of the moving averages of counts and sums.
        epsilon: Laplace smoothing of the counts, in vectors.
        codebook_initializer: Draws the first vectors; by default uniform in ±√(3/dim), as the
            authors' code does (Sonnet, `sonnet/src/nets/vqvae.py`).
    """

    def __init__(
        self,
        size: int,
        dim: int,
        *,
        decay: float = 0.99,
        epsilon: float = 1e-5,
        codebook_initializer: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.size = size
        self.dim = dim
        self.decay = decay
        self.epsilon = epsilon
        limit = math.sqrt(3 / dim)
        uniform = initializers.RandomUniform(-limit, limit)
        self.codebook_initializer = initializers.get(codebook_initializer or uniform)
        self.codebook = self.add_weight(
            shape=(size, dim),
            initializer=self.codebook_initializer,
            trainable=False,
            name="codebook",
            dtype=precise_dtype(),
        )
        self.counts = self.add_weight(
            shape=(size,),
            initializer="zeros",
            trainable=False,
            name="counts",
            dtype=precise_dtype(),
        )
        self.sums = self.add_weight(
            shape=(size, dim),
            initializer="zeros",
            trainable=False,
            name="sums",
            dtype=precise_dtype(),
        )
        self.built = True

    def call(self, vectors: Any) -> Any:
        """Indices of the nearest vectors, by Euclidean distance: `(…, dim)` → int32 `(…)`."""
        table = ops.convert_to_tensor(self.codebook)
        flat = ops.reshape(precise(vectors), (-1, self.dim))
        # |v − c|² without |v|², which is the same for every c.
        distances = ops.sum(ops.square(table), axis=1) - 2 * ops.matmul(flat, ops.transpose(table))
        nearest = ops.cast(ops.argmin(distances, axis=-1), "int32")
        return ops.reshape(nearest, (-1, *vectors.shape[1:-1]))

    def lookup(self, indices: Any) -> Any:
        """The vectors at some indices: int `(…)` → float32 `(…, dim)`."""
        return ops.take(ops.convert_to_tensor(self.codebook), indices, axis=0)

    def update(self, vectors: Any, indices: Any) -> None:
        """Moves each vector towards the mean of the data that chose it.

        The averages start from zero and are corrected for it by their ratio, so the first update
        sets every chosen vector to the mean of its data.

        Args:
            vectors: Float `(…, dim)`.
            indices: What `call` gave for them.
        """
        flat = ops.stop_gradient(ops.reshape(precise(vectors), (-1, self.dim)))
        chosen = ops.one_hot(ops.reshape(indices, (-1,)), self.size, dtype=precise_dtype())
        counts = self.decay * self.counts.value + (1 - self.decay) * ops.sum(chosen, axis=0)
        batch_sums = ops.matmul(ops.transpose(chosen), flat)
        sums = self.decay * self.sums.value + (1 - self.decay) * batch_sums
        total = ops.sum(counts)
        smoothed = (counts + self.epsilon) / (total + self.size * self.epsilon) * total
        # A vector that no datum has chosen keeps its place.
        moved = ops.where(counts[:, None] > 0, sums / smoothed[:, None], self.codebook.value)
        self.counts.assign(counts)
        self.sums.assign(sums)
        self.codebook.assign(moved)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "size": self.size,
            "dim": self.dim,
            "decay": self.decay,
            "epsilon": self.epsilon,
            "codebook_initializer": initializers.serialize(self.codebook_initializer),
        }


@keras.saving.register_keras_serializable("genzoo")
class Lookup(keras.layers.Layer):
    """The vectors of a codebook at some indices: int `(…)` → float32 `(…, dim)`."""

    def __init__(self, codebook: Codebook, **options: Any) -> None:
        super().__init__(**options)
        self.codebook = codebook
        self.built = True

    @property
    def index_range(self) -> int:
        """How many values the indices take; the exporter reads it."""
        return self.codebook.size

    def call(self, indices: Any) -> Any:
        """Looks the indices up."""
        return self.codebook.lookup(indices)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments; a network that is loaded by itself has its own codebook."""
        codebook = keras.saving.serialize_keras_object(self.codebook)
        return {**super().get_config(), "codebook": codebook}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Lookup":
        """A layer that reads from the codebook of the configuration."""
        codebook = keras.saving.deserialize_keras_object(config["codebook"])
        return cls(**{**config, "codebook": codebook})
