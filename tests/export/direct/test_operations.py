"""Every case that is declared beside a handler, through Keras and ONNX Runtime."""

import numpy as np
import pytest

import keras
from export.direct import convert, newest_opset
from export.direct.table import CASES, Array, Case
from tests.export.direct.agreement import arrays_of, assert_same, draw, run_onnx

NAMES = [f"{case.function}-{index}" for index, case in enumerate(CASES)]


def build(case: Case, rng: np.random.Generator):
    """The model of one call, its inputs, and what the call gives on them."""
    function = getattr(keras.ops, case.function)
    symbols, arrays = [], []

    def symbolic(value):
        if not isinstance(value, Array):
            return value
        name = f"x{len(symbols)}"
        shape = (None, *value.shape[1:]) if case.batched else value.shape
        symbols.append(keras.Input(batch_shape=shape, dtype=value.dtype, name=name))
        arrays.append(draw(value, rng))
        return symbols[-1]

    structure = keras.tree.map_structure(symbolic, (case.arguments, case.keywords))
    model = keras.Model(symbols, function(*structure[0], **structure[1]), name=case.function)
    drawn = iter(arrays)
    args, kwargs = keras.tree.map_structure(
        lambda value: (
            keras.ops.convert_to_tensor(next(drawn)) if isinstance(value, Array) else value
        ),
        (case.arguments, case.keywords),
    )
    inputs = {symbol.name: array for symbol, array in zip(symbols, arrays, strict=True)}
    return model, inputs, arrays_of(function(*args, **kwargs))


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_operation_agrees_with_keras(case):
    model, inputs, expected = build(case, np.random.default_rng(0))
    for opset in (None, 18, newest_opset()):
        assert_same(run_onnx(convert(model, opset=opset), inputs), expected, name=f"opset {opset}")
