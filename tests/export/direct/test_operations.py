"""Every case that is declared beside a handler, through Keras and ONNX Runtime."""

from operator import attrgetter

import keras
import numpy as np
import pytest

from export.direct import convert, newest_opset, registry
from export.direct.registry import Array, Case
from tests.export.direct.agreement import arrays_of, assert_same, draw, run_onnx

# ONNX has bitwise operators, and extremes in ScatterND, since opset 18.
OLDEST = {"bitwise_and": 18, "bitwise_or": 18, "bitwise_not": 18, "scatter_update": 18}


def batch_of(case: Case) -> int | None:
    """The first dimension of a case's arguments, None where it is not a batch."""
    leaves = keras.tree.flatten((case.arguments, case.keywords))
    arrays = [leaf for leaf in leaves if isinstance(leaf, Array)]
    return arrays[0].shape[0] if case.batched else None


def grouped() -> dict[str, list[Case]]:
    """Cases of one function and batch size: they share a model, and so an ONNX Runtime session."""
    groups: dict[str, list[Case]] = {}
    for case in registry.cases():
        groups.setdefault(f"{case.function}-{batch_of(case)}", []).append(case)
    return groups


def recorded(cases: list[Case]) -> tuple[keras.Model, dict[str, np.ndarray], list[np.ndarray]]:
    """A model that makes the calls of all cases, its inputs, and what Keras computes on them."""
    rng = np.random.default_rng(0)
    symbols, inputs, outputs, expected = [], {}, [], []

    def symbol(value):
        if not isinstance(value, Array):
            return value
        name = f"x{len(symbols)}"
        shape = (None, *value.shape[1:]) if case.batched else value.shape
        symbols.append(keras.Input(batch_shape=shape, dtype=value.dtype, name=name))
        inputs[name] = draw(value, rng)
        return symbols[-1]

    def eager(value):
        if isinstance(value, keras.KerasTensor):
            return keras.ops.convert_to_tensor(inputs[value.name])
        return value

    for case in cases:
        function = attrgetter(case.function)(keras.ops)
        arguments = keras.tree.map_structure(symbol, (case.arguments, case.keywords))
        outputs.append(function(*arguments[0], **arguments[1]))
        values = keras.tree.map_structure(eager, arguments)
        expected.extend(arrays_of(function(*values[0], **values[1])))
    return keras.Model(symbols, keras.tree.flatten(outputs)), inputs, expected


@pytest.mark.filterwarnings("ignore:Using torch.cross")
@pytest.mark.filterwarnings("ignore:__array_wrap__ must accept")  # by Keras on PyTorch
@pytest.mark.parametrize("cases", [pytest.param(c, id=name) for name, c in grouped().items()])
def test_operation_agrees_with_keras(cases):
    model, inputs, expected = recorded(cases)
    for opset in (None, OLDEST.get(cases[0].function, 17), newest_opset()):
        assert_same(run_onnx(convert(model, opset=opset), inputs), expected, name=f"opset {opset}")
