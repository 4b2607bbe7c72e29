"""Recurrent layers: the fused ONNX operators, and any other cell step by step."""

from __future__ import annotations

import inspect
from typing import Any

import keras
import numpy as np
from keras import ops

from export.direct.call import Call
from export.direct.call_context import kind_of
from export.direct.handlers.layout import reversed_axes
from export.direct.registry import Result, layer, layer_decomposition
from export.direct.sizes import Size
from export.direct.tensor import Stored, Tensor, plain

# Keras activation → ONNX activation of a recurrent operator, with its alpha and beta.
FUSED_ACTIVATIONS = {
    "tanh": ("Tanh", 0.0, 0.0),
    "sigmoid": ("Sigmoid", 0.0, 0.0),
    "relu": ("Relu", 0.0, 0.0),
    "softsign": ("Softsign", 0.0, 0.0),
    "softplus": ("Softplus", 0.0, 0.0),
    "linear": ("Affine", 1.0, 0.0),
    "hard_sigmoid": ("HardSigmoid", 1 / 6, 0.5),
}
PARAMETRIZED = ("Affine", "HardSigmoid")
# More steps than these become a Scan, fewer as many copies of the cell.
MAX_UNROLLED_STEPS = 32
# ONNX orders the gates of an LSTM input, output, forget, cell; Keras input, forget, cell, output.
LSTM_GATES = (0, 3, 1, 2)


@layer("LSTM", "GRU", "SimpleRNN")
def recurrent(
    call: Call, x: Tensor, initial_state: Any = None, mask: Any = None, **_: Any
) -> Result:
    """Emits LSTM, GRU or RNN; masks and other activations are left to the decomposition."""
    settings = call.operation
    cell = settings.cell
    kind = kind_of(settings).__name__
    if settings.stateful:
        raise call.unsupported("Build it with stateful=False and pass its state as an input.")
    names = _activations(cell, kind)
    if mask is not None or not all(name in FUSED_ACTIVATIONS for name in names):
        return stepwise(call, x, initial_state, mask)
    operator, weights, attributes = FUSED_LAYERS[kind](call, cell)
    if settings.go_backwards:
        x = call.wrap(reversed_axes(call, x, [1]), x.shape, x.dtype)
    states: list[Any] = [None, None]
    given = [initial_state] if isinstance(initial_state, Tensor) else initial_state or []
    for index, state in enumerate(given):
        states[index] = call.emit("Unsqueeze", call.tensor(state, "float32"), call.integers(0))
    source = call.stored(x, (1, 0, 2))
    guarded = kind != "SimpleRNN" and call.is_dynamic(x.shape[0])
    if guarded:
        source, *states = _never_empty(call, x.shape[0], [source, *states])
    sequence, *last = call.emit(
        operator,
        source,
        *weights,
        None,
        *(states if kind == "LSTM" else states[:1]),
        outputs=3 if kind == "LSTM" else 2,
        hidden_size=cell.units,
        **_activation_attributes(names),
        **attributes,
    )
    if guarded:
        sequence, *last = (
            _first_samples(call, x.shape[0], value, axis)
            for value, axis in zip([sequence, *last], (2, 1, 1), strict=False)
        )
    finals = [
        Stored(call.emit("Squeeze", state, call.integers(0)), plain(2))
        for state in (last if settings.return_state else last[:1])
    ]
    output = finals[0]
    if settings.return_sequences:
        output = Stored(call.emit("Squeeze", sequence, call.integers(1)), (1, 0, 2))
    return [output, *finals] if settings.return_state else output


def _never_empty(call: Call, batch: Any, values: list[Any]) -> list[Any]:
    """Adds a sample to the second axis of an empty batch.

    ONNX Runtime's LSTM and GRU end the process at batch 0 (docs/upstream.md).
    """
    empty = call.emit("Cast", call.emit("Equal", call.size(batch), call.integers(0)), to=7)
    pads = call.emit("Concat", call.integers(0, 0, 0, 0), empty, call.integers(0), axis=0)
    return [None if value is None else call.emit("Pad", value, pads) for value in values]


def _first_samples(call: Call, batch: Any, value: Any, axis: int) -> Any:
    """Cuts an axis to the batch."""
    return call.emit("Slice", value, call.integers(0), call.size(batch), call.integers(axis))


def _activations(cell: Any, kind: str) -> list[str]:
    """Returns the names of a cell's activations, in the order of the ONNX operator."""
    own = cell.activation.__name__
    if kind == "SimpleRNN":
        return [own]
    names = [cell.recurrent_activation.__name__, own]
    return [*names, own] if kind == "LSTM" else names


def _activation_attributes(names: list[str]) -> dict[str, Any]:
    triples = [FUSED_ACTIVATIONS[name] for name in names]
    # ONNX Runtime reads the parameters of those activations alone that take some.
    return {
        "activations": [name for name, _, _ in triples],
        "activation_alpha": [a for name, a, _ in triples if name in PARAMETRIZED] or None,
        "activation_beta": [b for name, _, b in triples if name in PARAMETRIZED] or None,
    }


def _gates(matrix: np.ndarray, order: tuple[int, ...]) -> np.ndarray:
    """Returns (features, gates · units) as (1, gates · units, features), the gates reordered."""
    blocks = np.split(matrix, len(order), axis=-1)
    return np.concatenate([blocks[gate] for gate in order], axis=-1).T[None]


def _lstm(call: Call, cell: Any) -> Any:
    weights = [_gates(call.array(v), LSTM_GATES) for v in (cell.kernel, cell.recurrent_kernel)]
    bias = np.zeros(4 * cell.units, np.float32)
    if cell.use_bias:
        bias = _gates(call.array(cell.bias)[None], LSTM_GATES).ravel()
    return "LSTM", [*weights, np.concatenate([bias, 0 * bias])[None]], {}


def _gru(call: Call, cell: Any) -> Any:
    weights = [call.array(v).T[None] for v in (cell.kernel, cell.recurrent_kernel)]
    bias = np.zeros((2, 3 * cell.units), np.float32)
    if cell.use_bias and cell.reset_after:
        bias = call.array(cell.bias)
    elif cell.use_bias:
        bias[0] = call.array(cell.bias)
    after = int(cell.reset_after)
    return "GRU", [*weights, bias.reshape(1, -1)], {"linear_before_reset": after}


def _simple(call: Call, cell: Any) -> Any:
    weights = [call.array(v).T[None] for v in (cell.kernel, cell.recurrent_kernel)]
    bias = np.zeros(cell.units, np.float32)
    if cell.use_bias:
        bias = call.array(cell.bias)
    return "RNN", [*weights, np.concatenate([bias, 0 * bias])[None]], {}


FUSED_LAYERS = {"LSTM": _lstm, "GRU": _gru, "SimpleRNN": _simple}


@layer("RNN", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D")
def stepwise(
    call: Call, x: Tensor, initial_state: Any = None, mask: Any = None, **_: Any
) -> Result:
    """A Scan over the steps where they are many or unknown; a few are unrolled."""
    layer = call.operation
    steps = x.shape[1]
    if not call.is_dynamic(steps) and (steps or 0) <= MAX_UNROLLED_STEPS:
        return NotImplemented
    structure: list[Any] = []

    def initial(x: Any, *given: Any) -> list[Any]:
        structure.append(layer.get_initial_state(batch_size=x.shape[0]))
        return [ops.convert_to_tensor(state) for state in given or keras.tree.flatten(structure[0])]

    given = [] if initial_state is None else keras.tree.flatten(initial_state)
    given = [call.tensor(state) for state in given]
    states = call.trace(initial, x, *given)
    keeps_output = mask is not None and not layer.zero_output_for_mask

    def step(*values: Any) -> tuple[list[Any], list[Any]]:
        before = list(values[: len(states)])
        item, *rest = values[len(states) + keeps_output :]
        output, new = layer.cell.call(item, keras.tree.pack_sequence_as(structure[0], before))
        new = keras.tree.flatten(new)
        if mask is not None:
            keep = ops.reshape(rest[0], (-1, *[1] * (len(output.shape) - 1)))
            last = values[len(states)] if keeps_output else ops.zeros_like(output)
            output = ops.where(keep, output, last)
            new = [ops.where(keep, a, b) for a, b in zip(new, before, strict=True)]
        return [*new, output] if keeps_output else new, [output]

    carried = list(states)
    if keeps_output:
        carried.append(_first_output(call, layer, x, states, structure[0]))
    sequences = [x] if mask is None else [x, call.tensor(mask, "bool")]
    last, (outputs,) = call.scan(step, carried, sequences, backwards=layer.go_backwards)
    finals = last[: len(states)]
    result = call.as_stored(outputs)
    if not layer.return_sequences:
        result = call.as_stored(last[-1]) if keeps_output else _last_step(call, outputs)
    return [result, *map(call.as_stored, finals)] if layer.return_state else result


def _first_output(call: Call, layer: Any, x: Tensor, states: list[Tensor], structure: Any) -> Any:
    """Zeros of the shape of a step's output, which a masked first step repeats."""

    def zeros(x: Any, *states: Any) -> Any:
        shape = layer.cell.output_size if hasattr(layer.cell, "output_size") else None
        if isinstance(shape, int):
            return ops.zeros((x.shape[0], shape))
        output, _ = layer.cell.call(x[:, 0], keras.tree.pack_sequence_as(structure, list(states)))
        return ops.zeros_like(output)

    return call.trace(zeros, x, *states)


def _last_step(call: Call, outputs: Tensor) -> Stored:
    """The last of the outputs, whose steps are the first stored axis."""
    value = call.emit("Gather", call.value(outputs), call.scalar(-1, "int64"), axis=0)
    return Stored(value, plain(outputs.rank - 1))


@layer_decomposition("RNN", "LSTM", "GRU", "SimpleRNN", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D")
def unrolled(layer: Any, x: Any, initial_state: Any = None, mask: Any = None, **_: Any) -> Any:
    """The cell, called for each step; a masked step keeps the state and repeats the output.

    The states have the structure that the cell has: a list, of lists where cells are stacked.
    """
    structure = layer.get_initial_state(batch_size=x.shape[0])
    states = keras.tree.flatten(structure if initial_state is None else initial_state)
    steps = range(x.shape[1])
    outputs: list[Any] = []
    for step in reversed(steps) if layer.go_backwards else steps:
        structured = keras.tree.pack_sequence_as(structure, states)
        output, new = layer.cell.call(x[:, step], structured)
        new = keras.tree.flatten(new)
        if mask is not None:
            keep = ops.reshape(mask[:, step], (-1, *[1] * (len(output.shape) - 1)))
            before = outputs[-1] if outputs else ops.zeros_like(output)
            if layer.zero_output_for_mask:
                before = ops.zeros_like(output)
            output = ops.where(keep, output, before)
            new = [ops.where(keep, a, b) for a, b in zip(new, states, strict=True)]
        outputs.append(output)
        states = new
    result = ops.stack(outputs, axis=1) if layer.return_sequences else outputs[-1]
    return [result, *states] if layer.return_state else result


@layer_decomposition("TimeDistributed")
def time_distributed(layer: Any, x: Any, mask: Any = None, training: bool = False) -> Any:
    """The layer on every step, as a sample each; with a mask of its own, step by step."""
    batch, steps = x.shape[:2]
    if mask is not None and "mask" in inspect.signature(layer.layer.call).parameters:
        if isinstance(steps, Size):
            raise NotImplementedError("the number of time steps, or no mask")
        return layer.call(x, training=training, mask=mask)
    y = layer.layer(ops.reshape(x, (-1, *x.shape[2:])))
    return ops.reshape(y, (batch, steps, *y.shape[1:]))
