"""Matrix products; a Dense on channels-second storage is a convolution of size one."""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np
from keras import ops

from export.direct.call import Call
from export.direct.handlers.elementwise import WIDER_TYPES
from export.direct.registry import Result, array, case, decomposition, operation
from export.direct.tensor import Stored, channels_second

X = array(2, 3, 4)


@operation(
    "Matmul",
    cases=lambda: [
        case("matmul", X, array(2, 4, 5)),
        case("matmul", array(3, 4), np.ones((4, 5), "float32")),
        case("matmul", array(2, 3, 1), array(2, 1, 5)),
        case("matmul", array(2, 3, 4), np.ones((4,), "float32")),
        case("matmul", array(2, 3, 0), array(2, 0, 2)),
        case("matmul", array(2, 3, dtype="int32"), np.ones((3, 2), "int32")),
    ],
)
def matmul(call: Call, x: Any, y: Any) -> Stored:
    """Gemm for matrices, a convolution of size one for channels-second storage, else MatMul."""
    wide = WIDER_TYPES.get(call.dtype, call.dtype)
    bytes_ = [call.tensor(value) for value in (x, y)]
    if call.dtype == "int32" and all(t.dtype in ("int8", "uint8") for t in bytes_):
        return call.plain(call.emit("MatMulInteger", *bytes_))
    left, right = call.tensor(x, wide), call.tensor(y, wide)
    weight = right.array
    if weight is not None and weight.ndim == 2 and wide == "float32" and weight.size:
        if left.rank == 2:
            return call.plain(call.emit("Gemm", left, weight))
        if 3 <= left.rank <= 5 and left.order == channels_second(left.rank):
            kernel = weight.T.reshape(*weight.T.shape, *[1] * (left.rank - 2))
            return Stored(call.emit("Conv", left.value, kernel), left.order)
    product = call.plain(call.emit("MatMul", left, right))
    return product if wide == call.dtype else call.converted(product, call.dtype)


@decomposition(
    "Dot",
    "Inner",
    "Vdot",
    "Outer",
    "Tensordot",
    cases=lambda: [
        case("dot", X, np.ones((4, 2), "float32")),
        case("tensordot", X, np.ones((4, 2), "float32"), axes=1),
        case("inner", array(3, 4), array(2, 4), batched=False),
        case("vdot", array(3), array(3), batched=False),
        case("outer", array(3), array(4), batched=False),
    ],
)
def product(operation: Any, x: Any, y: Any) -> Any:
    """Products of tensors, as an einsum."""
    name = type(operation).__name__
    if name in ("Outer", "Vdot"):
        x, y = ops.reshape(x, (-1,)), ops.reshape(y, (-1,))
    left, right = len(x.shape), len(y.shape)
    if left == 0 or right == 0:
        return x * y
    if name == "Tensordot":
        axes = operation.axes
        if isinstance(axes, int):
            axes = (list(range(left - axes, left)), list(range(axes)))
        pairs = [[a] if isinstance(a, int) else list(a) for a in axes]
    elif name == "Outer":
        pairs = [[], []]
    elif name == "Dot" and right > 1:
        pairs = [[left - 1], [right - 2]]
    else:
        pairs = [[left - 1], [right - 1]]
    first, second = ([a % rank for a in p] for p, rank in zip(pairs, (left, right), strict=True))
    letters = "abcdefghijklmnopqrstuvwxyz"
    names_x = letters[:left]
    shared = dict(zip(second, first, strict=True))
    names_y = "".join(
        names_x[shared[a]] if a in shared else letters[left + a] for a in range(right)
    )
    result = [n for n in names_x + names_y if (n in names_x) != (n in names_y)]
    return ops.einsum(f"{names_x},{names_y}->{''.join(result)}", x, y)


@operation(
    "Einsum",
    cases=lambda: [
        case("einsum", "abc,cde->abde", X, np.ones((4, 2, 3), "float32")),
        case("einsum", "abcd,cde->abe", array(2, 3, 4, 5), np.ones((4, 5, 2), "float32")),
        case("einsum", "bi,ij->bj", array(2, 3), np.ones((3, 2), "float32")),
        case("einsum", "bij,bkj->bik", X, array(2, 5, 4)),
        case("einsum", "bij->bji", X),
        case("einsum", "bii->bi", array(2, 3, 3)),
        case("einsum", "...ij,jk->...ik", array(2, 3, 4), np.ones((4, 2), "float32")),
        case("einsum", "bij,bj", X, array(2, 4)),
        case("einsum", "aecd,abcd->acbe", array(2, 3, 4, 5), array(2, 6, 4, 5)),
        case("einsum", "acbe,aecd->abcd", array(2, 4, 6, 3), array(2, 3, 4, 5)),
        case("einsum", "bijk,bjkl->bil", array(2, 3, 4, 5), array(2, 4, 5, 6)),
        case("einsum", "bi,bj->bij", array(2, 3), array(2, 4)),
        case("einsum", "bii,bj->b", array(2, 3, 3), array(2, 4)),
        case("einsum", "...i,...ij->...j", X, array(2, 3, 4, 5)),
        case("einsum", "bij,bjk,bk->bi", X, array(2, 4, 5), array(2, 5)),
    ],
)
def einsum(call: Call, *operands: Any, **_: Any) -> Result:
    """Emits Einsum of one operand; of several, ONNX Runtime's ends the process at batch 0."""
    tensors = [call.tensor(value, call.dtype) for value in operands]
    if len(tensors) > 1:
        return NotImplemented
    equation = call.operation.subscripts.replace(" ", "")
    return call.plain(call.emit("Einsum", *tensors, equation=equation))


@decomposition("Einsum")
def contraction(operation: Any, *operands: Any) -> Any:
    """Matrix products of two operands at a time, transposed and reshaped around them."""
    *terms, result = _explicit(operation.subscripts, [len(x.shape) for x in operands])
    pairs = list(zip(terms, operands, strict=True))
    while len(pairs) > 1:
        (left, x), (right, y), *rest = pairs
        later = set(result).union(*(term for term, _ in rest))
        kept = "".join(dict.fromkeys(n for n in left + right if n in later))
        pairs = [(kept, _product(left, x, right, y, kept)), *rest]
    term, product = pairs[0]
    return _arranged(term, product, result)


def _explicit(subscripts: str, ranks: list[int]) -> list[str]:
    """The terms of the operands and of the result, each axis a letter of its own."""
    given, arrow, result = subscripts.replace(" ", "").partition("->")
    terms = given.split(",")
    free = [n for n in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" if n not in subscripts]
    wide = [rank - len(term) + 3 for term, rank in zip(terms, ranks, strict=True) if "." in term]
    names = "".join(free[: max(wide, default=0)])
    for place, (term, rank) in enumerate(zip(terms, ranks, strict=True)):
        count = rank - len(term) + 3
        terms[place] = term.replace("...", names[len(names) - count :] if count else "")
    if not arrow:
        letters = "".join(term.replace("...", "") for term in given.split(","))
        result = "..." + "".join(n for n in sorted(set(letters)) if letters.count(n) == 1)
    return [*terms, result.replace("...", names)]


def _product(left: str, x: Any, right: str, y: Any, result: str) -> Any:
    """The product of two operands, summed over the letters that the result lacks."""
    left, x = _reduced(left, x, set(right) | set(result))
    right, y = _reduced(right, y, set(left) | set(result))
    batch = [n for n in left if n in right and n in result]
    shared = [n for n in left if n in right and n not in result]
    rows, columns = [n for n in left if n not in right], [n for n in right if n not in left]
    sizes = dict(zip(right, y.shape, strict=True)) | dict(zip(left, x.shape, strict=True))
    first = _grouped(left, x, (batch, [rows, shared]) if batch else (rows, [shared]), sizes)
    second = _grouped(right, y, (batch, [shared, columns]), sizes)
    product = ops.matmul(first, second)
    if len(columns) != 1 or (batch and len(rows) != 1):
        product = ops.reshape(product, [sizes[n] for n in batch + rows + columns])
    return _arranged("".join(batch + rows + columns), product, result)


def _grouped(
    term: str, x: Any, axes: tuple[list[str], list[list[str]]], sizes: dict[str, Any]
) -> Any:
    """An operand with some axes as they are and groups of others merged; constants at once."""
    alone, groups = axes
    constant = not isinstance(x, keras.KerasTensor)
    functions: Any = np if constant else ops
    order = [term.index(n) for n in alone + [n for group in groups for n in group]]
    x = functions.transpose(ops.convert_to_numpy(x) if constant else x, order)
    if all(len(group) == 1 for group in groups):
        return x
    merged = [math.prod(sizes[n] for n in group) for group in groups]
    return functions.reshape(x, [*[sizes[n] for n in alone], *merged])


def _reduced(term: str, x: Any, kept: set[str]) -> tuple[str, Any]:
    """An operand without repeated letters, and summed over those that nothing else has."""
    once = "".join(dict.fromkeys(term))
    found = "".join(n for n in once if n in kept)
    if once != term:
        return found, ops.einsum(f"{term}->{found}", x)
    if found != term:
        return found, ops.sum(x, axis=tuple(a for a, n in enumerate(term) if n not in kept))
    return term, x


def _arranged(term: str, x: Any, result: str) -> Any:
    """The axes in the order of the result."""
    return x if term == result else ops.transpose(x, [term.index(n) for n in result])
