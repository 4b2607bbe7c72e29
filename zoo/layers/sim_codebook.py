"""A codebook that learns all its vectors at once."""

from typing import Any

import keras
from keras import initializers, ops

from zoo import losses
from zoo.layers.codebook import Codebook
from zoo.precision import precise_dtype


@keras.saving.register_keras_serializable("genzoo")
class SimCodebook(Codebook):
    """A fixed table times a learned matrix: every step moves every vector, none is left behind.

    The table is normal, of variance 1/dim, and the matrix starts as the identity. The term
    `codebook` pulls chosen vectors to their data.

    Source: SimVQ, Zhu et al., 2024, arXiv:2411.02038.

    Args:
        size: How many vectors.
        dim: Their length.
    """

    def __init__(self, size: int, dim: int, **options: Any) -> None:
        start = initializers.RandomNormal(stddev=dim**-0.5)
        super().__init__(size, dim, **{"codebook_initializer": start, **options})
        self.matrix = self.add_weight(
            shape=(dim, dim), initializer="identity", name="matrix", dtype=precise_dtype()
        )

    @property
    def table(self) -> Any:
        """The vectors `(size, dim)`."""
        return ops.matmul(*map(ops.convert_to_tensor, (self.codebook, self.matrix)))

    def penalties(self, bounded: Any, indices: Any, chosen: Any) -> dict[str, Any]:
        """Also `codebook`, the distance of the chosen vectors from the data."""
        codebook = losses.mean_squared_error(chosen, ops.stop_gradient(bounded))
        return {**super().penalties(bounded, indices, chosen), "codebook": codebook}

    def update(self, vectors: Any, indices: Any, order: Any = None) -> None:
        """Nothing: the matrix learns by its gradient."""
