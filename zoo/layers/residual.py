"""Several indices for each vector, each of what the ones before it have left."""

from typing import Any

import keras
from keras import ops

from zoo import losses
from zoo.layers.codebook import Codebook
from zoo.layers.quantizer import Quantizer


@keras.saving.register_keras_serializable("genzoo")
class Residual(Quantizer):
    """Vectors as sums of a codebook's: float `(…, dim)` → int32 `(…, depth)`.

    Each index is that of the vector nearest to what is left. The term `commitment` adds up the
    distances of the vector from the sums of the first one, two, … of them.

    Source: Lee et al., 2022, arXiv:2203.01941, section 3.1.

    Args:
        codebook: The codebook of every index.
        depth: How many indices each vector has.
    """

    def __init__(self, codebook: Codebook, depth: int, **options: Any) -> None:
        super().__init__(**options)
        self.codebook = codebook
        self.depth = depth
        self.size, self.dim = codebook.size, codebook.dim
        self.built = True

    def call(self, vectors: Any) -> Any:
        """The indices, the coarsest first: `(…, dim)` → int32 `(…, depth)`."""
        indices = []
        for _ in range(self.depth):
            indices.append(self.codebook(vectors))
            vectors = vectors - self.codebook.lookup(indices[-1])
        return ops.stack(indices, axis=-1)

    def lookup(self, indices: Any) -> Any:
        """The sums of the vectors: int `(…, depth)` → float32 `(…, dim)`."""
        return ops.sum(self.codebook.lookup(indices), axis=-2)

    def penalties(self, bounded: Any, indices: Any, chosen: Any) -> dict[str, Any]:
        """The commitment to every partial sum."""
        partial = ops.stop_gradient(ops.cumsum(self.codebook.lookup(indices), axis=-2))
        commitment = losses.mean_squared_error(bounded[..., None, :], partial)
        return {"commitment": self.depth * commitment}

    def update(self, vectors: Any, indices: Any, order: Any = None) -> None:
        """Moves the codebook towards what chose it, at every depth."""
        chosen = self.codebook.lookup(indices)
        left = vectors[..., None, :] - (ops.cumsum(chosen, axis=-2) - chosen)
        self.codebook.update(left, indices, order)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        codebook = keras.saving.serialize_keras_object(self.codebook)
        return {**super().get_config(), "codebook": codebook, "depth": self.depth}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Residual":
        """A layer with the codebook of the configuration."""
        codebook = keras.saving.deserialize_keras_object(config["codebook"])
        return cls(**{**config, "codebook": codebook})
