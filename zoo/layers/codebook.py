"""Codebooks of vectors that learn by moving averages."""

import math
from typing import Any

import keras
from keras import initializers, ops

from zoo.layers.quantizer import Quantizer
from zoo.precision import precise, precise_dtype


@keras.saving.register_keras_serializable("genzoo")
class Codebook(Quantizer):
    """Vector-quantization codebook, updated by exponential moving averages.

    Calling it gives the indices of the nearest vectors: float `(…, dim)` → int32 `(…)`.

    Source: van den Oord et al., 2017, arXiv:1711.00937, appendix A.1.

    Args:
        size: How many vectors.
        dim: Their length.
        decay: Of the moving averages of counts and sums.
        epsilon: Laplace smoothing of the counts, in vectors.
        revive_below: A vector that data choose less often than this share of the mean is dead, and
            put where a random datum of the batch is; None for never.
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
        revive_below: float | None = None,
        codebook_initializer: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.size = size
        self.dim = dim
        self.decay = decay
        self.epsilon = epsilon
        self.revive_below = revive_below
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

    @property
    def table(self) -> Any:
        """The vectors `(size, dim)`."""
        return ops.convert_to_tensor(self.codebook)

    def call(self, vectors: Any) -> Any:
        """Indices of the nearest vectors, by Euclidean distance: `(…, dim)` → int32 `(…)`."""
        table = self.table
        flat = ops.reshape(precise(vectors), (-1, self.dim))
        # |v − c|² without |v|², which is the same for every c.
        distances = ops.sum(ops.square(table), axis=1) - 2 * ops.matmul(flat, ops.transpose(table))
        nearest = ops.cast(ops.argmin(distances, axis=-1), "int32")
        sizes = (-1, *vectors.shape[1:-1])
        return ops.reshape(nearest, ops.shape(vectors)[:-1] if None in sizes else sizes)

    def lookup(self, indices: Any) -> Any:
        """The vectors at some indices: int `(…)` → float32 `(…, dim)`."""
        return ops.take(self.table, indices, axis=0)

    def update(self, vectors: Any, indices: Any, order: Any = None) -> None:
        """Moves each vector towards the mean of the data that chose it, and revives dead ones.

        The averages start from zero and are corrected for it by their ratio, so the first update
        sets every chosen vector to the mean of its data.

        Args:
            vectors: Float `(…, dim)`.
            indices: The indices that `call` gave for them.
            order: Random numbers, one for each index: dead vectors are put where the data with the
                least of them are. None to revive none.
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
        if self.revive_below is not None and order is not None:
            counts, sums, moved = self._revived(counts, sums, moved, flat, order)
        self.counts.assign(counts)
        self.sums.assign(sums)
        self.codebook.assign(moved)

    def _revived(self, counts: Any, sums: Any, moved: Any, flat: Any, order: Any) -> Any:
        """Counts, sums and vectors, with data in the place of dead vectors.

        A revived vector counts as one that is used twice as often as a dead one: unused, it is dead
        again after log 2 / (1 − decay) updates.
        """
        least = self.revive_below * ops.mean(counts)
        dead = counts < least
        rows = ops.argsort(ops.reshape(order, (-1,)))
        turns = ops.arange(self.size, dtype="int32") % ops.cast(ops.shape(rows)[0], "int32")
        drawn = ops.take(flat, ops.take(rows, turns, axis=0), axis=0)
        counts = ops.where(dead, 2 * least, counts)
        sums = ops.where(dead[:, None], counts[:, None] * drawn, sums)
        return counts, sums, ops.where(dead[:, None], drawn, moved)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "size": self.size,
            "dim": self.dim,
            "decay": self.decay,
            "epsilon": self.epsilon,
            "revive_below": self.revive_below,
            "codebook_initializer": initializers.serialize(self.codebook_initializer),
        }


@keras.saving.register_keras_serializable("genzoo")
class CosineCodebook(Codebook):
    """A codebook of unit vectors, which data choose by their direction.

    Source: Yu et al., 2021, arXiv:2110.04627, section 3.2; here it learns by moving averages.
    """

    def call(self, vectors: Any) -> Any:
        """Indices of the vectors with the nearest direction."""
        return super().call(self.bounded(vectors))

    def bounded(self, vectors: Any) -> Any:
        """Vectors of length 1."""
        return _unit(precise(vectors))

    @property
    def table(self) -> Any:
        """The unit vectors `(size, dim)`."""
        return _unit(super().table)

    def update(self, vectors: Any, indices: Any, order: Any = None) -> None:
        """Moves each vector towards the mean direction of the data that chose it."""
        super().update(self.bounded(vectors), indices, order)
        self.codebook.assign(_unit(self.codebook.value))


def _unit(vectors: Any) -> Any:
    return vectors * ops.rsqrt(ops.sum(ops.square(vectors), axis=-1, keepdims=True) + 1e-12)
