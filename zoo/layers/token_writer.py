"""Writing tokens one after another, each with the ones before it in view."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from zoo.precision import precise, precise_dtype

BLANKS = 2
"""Inputs beside the vocabulary: before the first token, and in the place of a dropped one."""


@keras.saving.register_keras_serializable("genzoo")
class TokenWriter(keras.Layer):
    """The weights of a recurrent writer: embeddings, one LSTM cell, logits. float32.

    Every step reads the token before it and a latent. `cell` is that of a teacher-forced network as
    well, so that both have the same weights.

    Args:
        size: Of the vocabulary; `size` stands before the first token, `size + 1` for a dropped one.
        embedding_dim: Length of a token's vector.
        width: Units of the cell.
        latent_dim: Length of the latent.
        options: Keras's, of every layer.
    """

    def __init__(
        self, size: int, embedding_dim: int, width: int, latent_dim: int, **options: Any
    ) -> None:
        super().__init__(**{"dtype": precise_dtype(), **options})
        self.size, self.embedding_dim = size, embedding_dim
        self.width, self.latent_dim = width, latent_dim
        own = {"dtype": self.dtype_policy}
        self.embedding = layers.Embedding(size + BLANKS, embedding_dim, name="tokens", **own)
        self.cell = layers.LSTMCell(width, seed=0, name="cell", **own)
        self.head = layers.Dense(size, name="logits", **own)
        self.embedding.build((None,))
        self.cell.build((None, embedding_dim + latent_dim))
        self.head.build((None, width))
        self.built = True

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        names = ("size", "embedding_dim", "width", "latent_dim")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


def chosen_index(logits: Any, quantile: Any) -> Any:
    """The first index whose cumulated probability exceeds a quantile: int32 `(batch,)`.

    Args:
        logits: `(batch, size)`.
        quantile: `(batch, 1)`, in [0, 1).
    """
    passed = ops.cast(ops.cumsum(ops.softmax(logits), axis=-1) <= quantile, "int32")
    return ops.minimum(ops.sum(passed, axis=-1), logits.shape[-1] - 1)


@keras.saving.register_keras_serializable("genzoo")
class NextToken(keras.Layer):
    """One step of a writer that reads its own tokens: a cell of `keras.layers.RNN`.

    Each step reads a quantile `(batch, 1)` and gives the index of a token `(batch, 1)`, as a float:
    the first token whose cumulated probability exceeds the quantile; or, if `greedy`, the most
    likely one, whatever is read. The states are the LSTM's two, the index before, and the latent.

    Args:
        writer: The weights.
        greedy: Whether the most likely token is written.
        options: Keras's, of every layer.
    """

    output_size = 1

    def __init__(self, writer: TokenWriter, *, greedy: bool = False, **options: Any) -> None:
        super().__init__(**{"dtype": precise_dtype(), **options})
        self.writer = writer
        self.greedy = greedy
        self.state_size = [writer.width, writer.width, 1, writer.latent_dim]
        self.built = True

    def call(self, inputs: Any, states: Any, training: bool | None = None) -> Any:
        """The index of the next token, and the states behind it."""
        *memory, before, latent = states
        token = self.writer.embedding(ops.cast(before[:, 0], "int32"))
        seen = ops.concatenate([token, latent], axis=-1)
        hidden, memory = self.writer.cell(seen, memory)
        index = precise(self._chosen(self.writer.head(hidden), inputs))[:, None]
        return index, [*memory, index, latent]

    def _chosen(self, logits: Any, quantile: Any) -> Any:
        """Indices `(batch,)` of tokens."""
        if self.greedy:
            return ops.cast(ops.argmax(logits, axis=-1), "int32")
        return chosen_index(logits, quantile)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        writer = keras.saving.serialize_keras_object(self.writer)
        return {**super().get_config(), "writer": writer, "greedy": self.greedy}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> NextToken:
        """The cell that `get_config` described."""
        writer = keras.saving.deserialize_keras_object(config["writer"])
        return cls(**{**config, "writer": writer})
