"""Control flow: branches, loops and scans, as those of ONNX."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops

from export.direct.call import Call
from export.direct.registry import Result, operation
from export.direct.tensor import Tensor


def _outputs(call: Call, tensors: list[Tensor]) -> Any:
    stored = [call.as_stored(tensor) for tensor in tensors]
    return stored if len(keras.tree.flatten(call.spec)) > 1 else stored[0]


@operation("Cond")
def cond(
    call: Call, pred: Any, true_fn: Callable[..., Any], false_fn: Callable[..., Any]
) -> Result:
    """If."""
    condition = call.tensor(pred, "bool")
    if condition.rank:
        condition = call.wrap(call.regrouped(condition, ()), (), "bool")
    return _outputs(call, call.choose(condition, true_fn, false_fn))


@operation("Switch")
def switch(call: Call, index: Any, branches: Any, *operands: Any) -> Result:
    """An If for each branch but the last; indices beyond the ends choose the ends."""
    number = call.tensor(index, "int32")

    def chosen(place: Any, first: int, *symbols: Any) -> Any:
        def own() -> Any:
            return branches[first](*symbols)

        if first == len(branches) - 1:
            return own()
        later = ops.less_equal(place, first)
        return ops.cond(later, own, lambda: chosen(place, first + 1, *symbols))

    given = [call.tensor(operand) for operand in operands]
    found = call.trace(lambda place, *symbols: chosen(place, 0, *symbols), number, *given)
    return _outputs(call, keras.tree.flatten(found))


@operation("Map", "VectorizedMap")
def mapped(call: Call, *args: Any) -> Result:
    """A Scan without states."""
    function = call.operation.function if call.name == "VectorizedMap" else args[0]
    structure = args[-1]
    sequences = [call.tensor(x) for x in keras.tree.flatten(structure)]

    def step(*items: Any) -> Any:
        return [], keras.tree.flatten(function(keras.tree.pack_sequence_as(structure, items)))

    _, outputs = call.scan(step, [], sequences, axis=0)
    return _outputs(call, outputs)


@operation("Scan")
def scan(call: Call, function: Callable[..., Any], init: Any, xs: Any = None) -> Result:
    """A Scan; a number of steps alone is a sequence of nothing."""
    states = [call.tensor(x) for x in keras.tree.flatten(init)]
    if xs is None:
        sequences = [call.tensor(np.zeros(call.operation.length, "int32"))]
    else:
        sequences = [call.tensor(x) for x in keras.tree.flatten(xs)]

    def step(*items: Any) -> Any:
        carry = keras.tree.pack_sequence_as(init, items[: len(states)])
        item = None
        if xs is not None:
            item = keras.tree.pack_sequence_as(xs, items[len(states) :])
        carry, output = function(carry, item)
        given = [y for y in keras.tree.flatten(output) if y is not None]
        return keras.tree.flatten(carry), given

    reverse = call.operation.reverse
    last, outputs = call.scan(step, states, sequences, axis=0, backwards=reverse)
    if reverse:
        outputs = [call.trace(lambda y: ops.flip(y, axis=0), y) for y in outputs]
    return [call.as_stored(tensor) for tensor in (*last, *outputs)]


@operation("WhileLoop")
def while_loop(call: Call, loop_vars: Any) -> Result:
    """A Loop for as long as its condition holds."""
    settings = call.operation
    states = [call.tensor(x) for x in keras.tree.flatten(loop_vars)]

    def packed(items: Any) -> Any:
        structured = keras.tree.pack_sequence_as(loop_vars, items)
        return structured if isinstance(loop_vars, (tuple, list)) else (structured,)

    last = call.loop(
        lambda _, *items: keras.tree.flatten(settings.body(*packed(items))),
        states,
        count=settings.maximum_iterations,
        condition=lambda *items: settings.cond(*packed(items)),
    )
    return _outputs(call, last)


@operation("ForiLoop")
def fori_loop(call: Call, init_val: Any) -> Result:
    """A Loop of a known number of steps."""
    settings = call.operation
    lower, upper = settings.lower, settings.upper

    def body(number: Any, *items: Any) -> Any:
        place = ops.cast(number, "int32") + lower
        given = keras.tree.pack_sequence_as(init_val, items)
        return keras.tree.flatten(settings.body_fun(place, given))

    states = [call.tensor(x) for x in keras.tree.flatten(init_val)]
    return _outputs(call, call.loop(body, states, count=upper - lower))
