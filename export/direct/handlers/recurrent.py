"""Recurrent layers: the fused ONNX operators, and any other cell step by step."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from export.direct.call import Call
from export.direct.call_context import kind_of
from export.direct.registry import layer
from export.direct.tensor import Stored, Tensor

# Keras activation → ONNX activation of a recurrent operator, with its alpha and beta.
ACTIVATIONS = {
    "tanh": ("Tanh", 0.0, 0.0),
    "sigmoid": ("Sigmoid", 0.0, 0.0),
    "relu": ("Relu", 0.0, 0.0),
    "softsign": ("Softsign", 0.0, 0.0),
    "softplus": ("Softplus", 0.0, 0.0),
    "linear": ("Affine", 1.0, 0.0),
    "hard_sigmoid": ("HardSigmoid", 1 / 6, 0.5),
}
# ONNX orders the gates of an LSTM input, output, forget, cell; Keras input, forget, cell, output.
LSTM_GATES = (0, 3, 1, 2)


@layer("LSTM", "GRU", "SimpleRNN")
def recurrent(call: Call, x: Tensor, initial_state: Any = None, mask: Any = None, **_: Any) -> Any:
    """LSTM, GRU or RNN over (time, batch, features); masks and odd activations go step by step."""
    settings = call.operation
    cell = settings.cell
    kind = kind_of(settings).__name__
    names = [cell.activation.__name__]
    if kind != "SimpleRNN":
        names.insert(0, cell.recurrent_activation.__name__)
    if kind == "LSTM":
        names.append(cell.activation.__name__)
    if settings.stateful:
        raise call.refuse("Build it with stateful=False and pass its state as an input.")
    if mask is not None or not all(name in ACTIVATIONS for name in names):
        return any_recurrent(call, x, initial_state, mask)
    operator, weights, attributes = KINDS[kind](call, cell)
    if settings.go_backwards:
        x = _reversed(call, x)
    states: list[Any] = [None, None]
    given = [initial_state] if isinstance(initial_state, Tensor) else initial_state or []
    for index, state in enumerate(given):
        states[index] = call.emit("Unsqueeze", call.tensor(state, "float32"), call.integers(0))
    triples = [ACTIVATIONS[name] for name in names]
    sequence, *last = call.emit(
        operator,
        call.stored(x, (1, 0, 2)),
        *weights,
        None,
        *(states if kind == "LSTM" else states[:1]),
        outputs=3 if kind == "LSTM" else 2,
        hidden_size=cell.units,
        activations=[name for name, _, _ in triples],
        activation_alpha=[alpha for _, alpha, _ in triples],
        activation_beta=[beta for _, _, beta in triples],
        **attributes,
    )
    batch, time = x.shape[0], x.shape[1]
    finals = [
        call.wrap(call.emit("Squeeze", h, call.integers(0)), (batch, cell.units), "float32")
        for h in (last if settings.return_state else last[:1])
    ]
    output = finals[0]
    if settings.return_sequences:
        squeezed = Stored(call.emit("Squeeze", sequence, call.integers(1)), (1, 0, 2))
        output = call.wrap(squeezed, (batch, time, cell.units), "float32")
    return [output, *finals] if settings.return_state else output


def _weight(call: Call, variable: Any) -> np.ndarray:
    array: np.ndarray = call.walker.lift(variable).array
    return array


def _gates(matrix: np.ndarray, order: tuple[int, ...]) -> np.ndarray:
    """Return (features, gates · units) as (1, gates · units, features), the gates reordered."""
    blocks = np.split(matrix, len(order), axis=-1)
    return np.concatenate([blocks[gate] for gate in order], axis=-1).T[None]


def _lstm(call: Call, cell: Any) -> Any:
    weights = [_gates(_weight(call, v), LSTM_GATES) for v in (cell.kernel, cell.recurrent_kernel)]
    bias = np.zeros(4 * cell.units, np.float32)
    if cell.use_bias:
        bias = _gates(_weight(call, cell.bias)[None], LSTM_GATES).ravel()
    return "LSTM", [*weights, np.concatenate([bias, 0 * bias])[None]], {}


def _gru(call: Call, cell: Any) -> Any:
    weights = [_weight(call, v).T[None] for v in (cell.kernel, cell.recurrent_kernel)]
    bias = np.zeros((2, 3 * cell.units), np.float32)
    if cell.use_bias and cell.reset_after:
        bias = _weight(call, cell.bias)
    elif cell.use_bias:
        bias[0] = _weight(call, cell.bias)
    after = int(cell.reset_after)
    return "GRU", [*weights, bias.reshape(1, -1)], {"linear_before_reset": after}


def _simple(call: Call, cell: Any) -> Any:
    weights = [_weight(call, v).T[None] for v in (cell.kernel, cell.recurrent_kernel)]
    bias = np.zeros(cell.units, np.float32)
    if cell.use_bias:
        bias = _weight(call, cell.bias)
    return "RNN", [*weights, np.concatenate([bias, 0 * bias])[None]], {}


KINDS = {"LSTM": _lstm, "GRU": _gru, "SimpleRNN": _simple}


def _reversed(call: Call, x: Tensor) -> Tensor:
    """Reverse the time axis."""
    result: Tensor = call.walker.trace(lambda s: ops.flip(s, axis=1), (x,), {}, shown="flip")
    return result


@layer("RNN", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D")
def any_recurrent(
    call: Call, x: Tensor, initial_state: Any = None, mask: Any = None, **_: Any
) -> Any:
    """A recurrent layer of any cell, or of several in turn, step by step."""
    name = kind_of(call.operation).__name__
    if x.shape[1] is None:
        raise call.refuse(
            "With a mask, or a cell or an activation that ONNX does not have, it is converted step "
            "by step. Give keras.Input the number of time steps.",
            what=f"{name} over an unknown number of time steps",
        )
    return call.walker.trace(
        unrolled,
        (call.operation, x),
        {"initial_state": initial_state, "mask": mask},
        shown=name,
    )


@layer("TimeDistributed")
def time_distributed(call: Call, x: Tensor, mask: Any = None, **_: Any) -> Any:
    """The layer on every step of an unknown number of steps, as if each were a sample."""
    if x.shape[1] is not None:
        return NotImplemented
    if mask is not None:
        raise call.refuse("Give keras.Input the number of time steps, or leave the mask out.")

    def on_samples(x: Any) -> Any:
        y = call.operation.layer(ops.reshape(x, (-1, *x.shape[2:])))
        return ops.reshape(y, (x.shape[0], -1, *y.shape[1:]))

    return call.walker.trace(on_samples, (x,), {}, shown="TimeDistributed")


def unrolled(layer: Any, x: Any, initial_state: Any = None, mask: Any = None) -> Any:
    """Call the cell for each step; a masked step keeps the state and repeats the output.

    The states have the structure that the cell wants: a list, of lists where cells are stacked.
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
