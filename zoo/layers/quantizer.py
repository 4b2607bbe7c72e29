"""The base of quantizers: vectors to indices and back."""

from typing import Any

import keras
from keras import ops

from zoo import losses
from zoo.precision import precise


class Quantizer(keras.layers.Layer):
    """Vectors → indices below `size`, and back: float `(…, dim)` → int32 `(…)`.

    A subclass defines `call` and `lookup`, and what it differs in of the rest.

    Attributes:
        size: How many values an index has.
        dim: Length of the vectors.
    """

    size: int
    dim: int

    def call(self, vectors: Any) -> Any:
        """The indices of vectors."""
        raise NotImplementedError(f"{type(self).__name__} defines call().")

    def lookup(self, indices: Any) -> Any:
        """The vectors at some indices: int `(…)` → float32 `(…, dim)`."""
        raise NotImplementedError(f"{type(self).__name__} defines lookup().")

    def bounded(self, vectors: Any) -> Any:
        """Vectors as they are compared with those of the indices: themselves."""
        return precise(vectors)

    def pass_through(self, vectors: Any) -> tuple[Any, Any, dict[str, Any]]:
        """The vectors that a decoder reads in training, the indices, and the penalties.

        Gradients of what is read pass straight through to the vectors (Bengio et al., 2013,
        arXiv:1308.3432).
        """
        indices = self(ops.stop_gradient(vectors))
        chosen, bounded = self.lookup(indices), self.bounded(vectors)
        straight_through = bounded + ops.stop_gradient(chosen - bounded)
        return straight_through, indices, self.penalties(bounded, indices, chosen)

    def penalties(self, bounded: Any, indices: Any, chosen: Any) -> dict[str, Any]:
        """Terms by name: `commitment`, the distance of the vectors from those chosen."""
        return {"commitment": losses.mean_squared_error(bounded, ops.stop_gradient(chosen))}

    def update(self, vectors: Any, indices: Any, order: Any = None) -> None:
        """The updates of training beside the gradient; none here.

        Args:
            vectors: Float `(…, dim)`.
            indices: The indices that `call` gave for them.
            order: Random numbers, one for each index, by which vectors are drawn; or None.
        """


@keras.saving.register_keras_serializable("genzoo")
class Lookup(keras.layers.Layer):
    """The vectors of a quantizer at some indices: int `(…)` → float32 `(…, dim)`."""

    def __init__(self, codebook: Quantizer, **options: Any) -> None:
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
