"""Matrix products; a Dense on channels-second storage is a convolution of size one."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from export.direct.call import Call
from export.direct.handlers.elementwise import WIDER_TYPES
from export.direct.registry import Result, array, case, decomposition, operation
from export.direct.tensor import Stored, Tensor, channels_second

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
    ],
)
def einsum(call: Call, *operands: Any, **_: Any) -> Result:
    """Emits Einsum where it is not a plain matrix product with a constant."""
    tensors = [call.tensor(value, call.dtype) for value in operands]
    if _contraction(call.operation.subscripts, tensors) is not None:
        return NotImplemented
    equation = call.operation.subscripts.replace(" ", "")
    return call.plain(call.emit("Einsum", *tensors, equation=equation))


def _contraction(subscripts: str, operands: Any) -> tuple[str, str, str] | None:
    """Returns the terms of a product with a constant on the right, None for anything else."""
    subscripts = subscripts.replace(" ", "")
    if len(operands) != 2 or "->" not in subscripts or "." in subscripts:
        return None
    if isinstance(operands[1], Tensor) and operands[1].array is None:
        return None
    if isinstance(operands[1], keras.KerasTensor):
        return None
    terms, result = subscripts.split("->")
    left, right = terms.split(",")
    once = all(len(set(term)) == len(term) for term in (left, right, result))
    shared = set(left) & set(right)
    if not once or not shared or shared & set(result) or set(result) != set(left) ^ set(right):
        return None
    return left, right, result


@decomposition("Einsum")
def constant_contraction(operation: Any, x: Any, weight: Any) -> Any:
    """Transposes, reshapes and multiplies; the constant becomes a matrix at once."""
    left, right, result = _contraction(operation.subscripts, (x, weight)) or ("", "", "")
    weight = ops.convert_to_numpy(weight)
    shared = [n for n in left if n in right]
    rows = [n for n in left if n not in right]
    columns = [n for n in right if n not in left]
    sizes = {**dict(zip(left, x.shape, strict=True)), **dict(zip(right, weight.shape, strict=True))}
    depth = int(np.prod([sizes[n] for n in shared]))
    width = int(np.prod([sizes[n] for n in columns]))
    matrix = weight.transpose([right.index(n) for n in shared + columns]).reshape(depth, width)
    moved = ops.transpose(x, [left.index(n) for n in rows + shared])
    if len(shared) != 1:
        moved = ops.reshape(moved, [_size(sizes[n]) for n in rows] + [depth])
    y = ops.matmul(moved, matrix)
    if len(columns) != 1:
        y = ops.reshape(y, [_size(sizes[n]) for n in rows] + [sizes[n] for n in columns])
    return ops.transpose(y, [(rows + columns).index(n) for n in result])


def _size(size: int | None) -> int:
    return -1 if size is None else size
