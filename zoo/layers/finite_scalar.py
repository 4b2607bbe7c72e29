"""Indices without a codebook: numbers rounded to a few levels, or to their signs."""

import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from zoo.layers.quantizer import Quantizer
from zoo.precision import precise, precise_dtype


@keras.saving.register_keras_serializable("genzoo")
class FiniteScalar(Quantizer):
    """Each number of a vector is bounded and rounded to one of its levels, evenly from −1 to 1.

    The index counts through the levels, the first number fastest. Nothing is added to the loss.
    Of an even number of levels, one more is below 0 than above.

    Source: FSQ, Mentzer et al., 2023, arXiv:2309.15505, section 3.1.

    Args:
        levels: How many each number has.
    """

    def __init__(self, levels: Sequence[int], **options: Any) -> None:
        super().__init__(**options)
        self.levels = tuple(levels)
        self.size, self.dim = math.prod(self.levels), len(self.levels)
        self.basis = np.cumprod([1, *self.levels[:-1]]).astype("int32")
        self.built = True

    def call(self, vectors: Any) -> Any:
        """The indices of the nearest levels: `(…, dim)` → int32 `(…)`."""
        rounded = ops.round(self.bounded(vectors) * self.halves)
        return ops.sum(ops.cast(rounded + self.halves, "int32") * self.basis, axis=-1)

    def lookup(self, indices: Any) -> Any:
        """The levels at some indices: int `(…)` → float32 `(…, dim)`."""
        levels = np.array(self.levels, "int32")
        digits = ops.cast(indices, "int32")[..., None] // self.basis % levels
        return (precise(digits) - self.halves) / self.halves

    def bounded(self, vectors: Any) -> Any:
        """Numbers that round to every level at a tanh: from −1 to about 1."""
        levels = np.array(self.levels, precise_dtype())
        reach = (levels - 1) * (1 + 1e-3) / 2
        offset = np.where(levels % 2 == 0, 0.5, 0.0).astype(levels.dtype)
        shift = np.arctanh(offset / reach)
        return (ops.tanh(precise(vectors) + shift) * reach - offset) / self.halves

    @property
    def halves(self) -> np.ndarray:
        """How many levels are below 0."""
        return (np.array(self.levels) // 2).astype(precise_dtype())

    def penalties(self, bounded: Any, indices: Any, chosen: Any) -> dict[str, Any]:
        """None."""
        return {}

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "levels": self.levels}


@keras.saving.register_keras_serializable("genzoo")
class LookupFree(Quantizer):
    """The signs of a vector's numbers are the bits of its index.

    The term `entropy` is E H(code | vector) − H(E code): small where each vector is sure of its
    code and all codes are in use. The probability of a code is the softmax of −‖vector − code‖².

    Source: LFQ, Yu et al., 2023, arXiv:2310.05737, section 3.1.

    Args:
        size: How many indices: a power of two.
    """

    def __init__(self, size: int, **options: Any) -> None:
        super().__init__(**options)
        if size < 2 or size & (size - 1):
            raise ValueError(f"The signs of numbers make a power of two. Received: size={size}")
        self.size, self.dim = size, size.bit_length() - 1
        self.bits = (2 ** np.arange(self.dim)).astype("int32")
        self.built = True

    def call(self, vectors: Any) -> Any:
        """Indices of the signs: `(…, dim)` → int32 `(…)`."""
        return ops.sum(ops.cast(precise(vectors) > 0, "int32") * self.bits, axis=-1)

    def lookup(self, indices: Any) -> Any:
        """The signs at some indices: int `(…)` → −1 and 1 `(…, dim)`."""
        return precise(ops.cast(indices, "int32")[..., None] // self.bits % 2 * 2 - 1)

    def penalties(self, bounded: Any, indices: Any, chosen: Any) -> dict[str, Any]:
        """Also `entropy`."""
        codes = self.lookup(ops.arange(self.size, dtype="int32"))
        flat = ops.reshape(bounded, (-1, self.dim))
        log_shares = ops.log_softmax(2.0 * ops.matmul(flat, ops.transpose(codes)))
        shares = ops.exp(log_shares)
        each = -ops.mean(ops.sum(shares * log_shares, axis=-1))
        mean = ops.mean(shares, axis=0)
        everyone = -ops.sum(mean * ops.log(mean + 1e-10))
        return {**super().penalties(bounded, indices, chosen), "entropy": each - everyone}

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "size": self.size}
