"""Recurrent layers: the fused ONNX operators, and any other cell step by step."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from export.direct.call import Call
from export.direct.call_context import kind_of
from export.direct.handlers.layout import reversed_axes
from export.direct.registry import Result, layer, layer_decomposition
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
        return require_known_steps(call, x)
    operator, weights, attributes = FUSED_LAYERS[kind](call, cell)
    if settings.go_backwards:
        x = call.wrap(reversed_axes(call, x, [1]), x.shape, x.dtype)
    states: list[Any] = [None, None]
    given = [initial_state] if isinstance(initial_state, Tensor) else initial_state or []
    for index, state in enumerate(given):
        states[index] = call.emit("Unsqueeze", call.tensor(state, "float32"), call.integers(0))
    sequence, *last = call.emit(
        operator,
        call.stored(x, (1, 0, 2)),
        *weights,
        None,
        *(states if kind == "LSTM" else states[:1]),
        outputs=3 if kind == "LSTM" else 2,
        hidden_size=cell.units,
        **_activation_attributes(names),
        **attributes,
    )
    finals = [
        Stored(call.emit("Squeeze", state, call.integers(0)), plain(2))
        for state in (last if settings.return_state else last[:1])
    ]
    output = finals[0]
    if settings.return_sequences:
        output = Stored(call.emit("Squeeze", sequence, call.integers(1)), (1, 0, 2))
    return [output, *finals] if settings.return_state else output


def _activations(cell: Any, kind: str) -> list[str]:
    """Returns the names of a cell's activations, in the order of the ONNX operator."""
    own = cell.activation.__name__
    if kind == "SimpleRNN":
        return [own]
    names = [cell.recurrent_activation.__name__, own]
    return [*names, own] if kind == "LSTM" else names


def _activation_attributes(names: list[str]) -> dict[str, Any]:
    triples = [FUSED_ACTIVATIONS[name] for name in names]
    return {
        "activations": [name for name, _, _ in triples],
        "activation_alpha": [alpha for _, alpha, _ in triples],
        "activation_beta": [beta for _, _, beta in triples],
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
def require_known_steps(call: Call, x: Tensor, *_: Any, **__: Any) -> Result:
    """Rejects an unknown number of steps, which the decomposition cannot unroll."""
    if x.shape[1] is None:
        raise call.unsupported(
            "With a mask, or a cell or an activation that ONNX does not have, it is converted step "
            "by step. Give keras.Input the number of time steps.",
            what=f"{kind_of(call.operation).__name__} over an unknown number of time steps",
        )
    return NotImplemented


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


@layer("TimeDistributed")
def check_time_distributed(call: Call, x: Tensor, mask: Any = None, **_: Any) -> Result:
    """Rejects a mask over an unknown number of steps."""
    if x.shape[1] is None and mask is not None:
        raise call.unsupported("Give keras.Input the number of time steps, or leave the mask out.")
    return NotImplemented


@layer_decomposition("TimeDistributed")
def time_distributed(layer: Any, x: Any, mask: Any = None, training: bool = False) -> Any:
    """The layer on every step; each of an unknown number of steps is a sample."""
    if x.shape[1] is not None:
        return layer.call(x, training=training, mask=mask)
    y = layer.layer(ops.reshape(x, (-1, *x.shape[2:])))
    return ops.reshape(y, (x.shape[0], -1, *y.shape[1:]))
