"""Walks a Keras graph from its inputs to its outputs and hands each operation to its handler."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import onnx_ir as ir

from export.direct import keras_graph
from export.direct.call import Call
from export.direct.call_context import kind_of, training_effect, with_context, with_masks
from export.direct.graph import Graph
from export.direct.registry import LAYERS, OPERATIONS, REFUSALS, REWRITES
from export.direct.tensor import Stored, Tensor, constant, float32, plain
from export.errors import ExportError, UnsupportedOperation

# What a layer raises when its `call` cannot be replayed on symbolic tensors.
TRACING_ERRORS = (AttributeError, NotImplementedError, RuntimeError, TypeError, ValueError)


class Walker:
    """Converts operations one by one; layers without a handler are traced into operations.

    Known tensors are looked up by the identity of their symbolic Keras tensor.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.path: list[str] = []
        self.alive: list[keras.KerasTensor] = []

    @property
    def layer(self) -> str:
        return "/".join(self.path) or self.graph.scope

    def run(self, outputs: Any, known: dict[int, Tensor], *, traced: bool = False) -> Any:
        """Return the tensors for a structure of symbolic `outputs`, given the `known` ones.

        What was `traced` for the export alone is taken off the layers again.
        """
        symbols = [x for x in keras.tree.flatten(outputs) if isinstance(x, keras.KerasTensor)]
        nodes = keras_graph.nodes_between(known, symbols)
        for node in nodes:
            args, kwargs = keras.tree.map_structure(
                lambda x: known[id(x)] if isinstance(x, keras.KerasTensor) else x,
                (node.arguments.args, node.arguments.kwargs),
            )
            results = self.convert(node.operation, args, kwargs)
            for symbol, result in zip(node.outputs, keras.tree.flatten(results), strict=True):
                known[id(symbol)] = result
        if traced:
            keras_graph.forget(nodes)
        return keras.tree.map_structure(
            lambda x: known[id(x)] if isinstance(x, keras.KerasTensor) else self.lift(x), outputs
        )

    def convert(self, operation: Any, args: Any, kwargs: Any) -> Any:
        """Return the tensors that one call of a layer or operation results in."""
        if keras_graph.is_operation(operation):
            return self.convert_operation(operation, args, kwargs)
        self.path.append(operation.name)
        outer, self.graph.scope = self.graph.scope, self.layer
        try:
            effect = training_effect(operation, kwargs)
            if effect is not None:
                advice = f"{effect} Call it without `training`, or with training=False."
                name = f"{type(operation).__name__} called with training=True"
                raise UnsupportedOperation(self.layer, name, advice)
            if keras_graph.is_graph(operation):
                return self.convert_graph(operation, args, kwargs)
            return self.convert_layer(operation, args, kwargs)
        finally:
            self.path.pop()
            self.graph.scope = outer

    def convert_graph(self, model: Any, args: Any, kwargs: Any) -> Any:
        """Walk a nested functional or sequential model."""
        given = args[0] if args else kwargs["inputs"]
        if isinstance(given, dict) and not isinstance(model.inputs, dict):
            by_name = {symbol.name: symbol for symbol in model.inputs}
            if set(by_name) <= set(given):
                given = [given[symbol.name] for symbol in model.inputs]
        known = {}
        for symbol, tensor in zip(model.inputs, keras.tree.flatten(given), strict=True):
            call = Call(self, model, args, kwargs)
            cast = call.cast(self.lift(tensor), symbol.dtype)
            known[id(symbol)] = Tensor(cast.value, cast.shape, cast.dtype, cast.order, tensor.mask)
        outputs = keras_graph.output_structure(model)
        return self.run(outputs, known)

    def convert_operation(self, operation: Any, args: Any, kwargs: Any) -> Any:
        """Convert an operation of `keras.ops` by its handler or its rewrite."""
        name = type(operation).__name__
        if not keras_graph.is_part_of_keras(type(operation)):
            return self.trace(operation.call, args, kwargs, shown=name)
        result: Any = NotImplemented
        if name in OPERATIONS:
            result = self.handled(OPERATIONS[name], operation, args, kwargs)
        if result is NotImplemented and name in REWRITES:
            result = self.trace(REWRITES[name], (operation, *args), kwargs, shown=name)
        if result is NotImplemented:
            advice = REFUSALS.get(name, "Write it in other keras.ops, or use another route.")
            raise UnsupportedOperation(self.layer, f"keras.ops operation {name}", advice)
        return result

    def convert_layer(self, layer: Any, args: Any, kwargs: Any) -> Any:
        """Convert a layer by the handler of its very class, else by tracing its `call`.

        A class whose `call` computes in inference what a Keras layer's does says so:
        `export_as = <that layer>`.
        """
        kind = kind_of(layer)
        call = kind.call.__get__(layer)
        args, kwargs = with_context(layer, kind, args, kwargs)
        result: Any = NotImplemented
        if keras_graph.is_part_of_keras(kind) and kind.__name__ in LAYERS:
            result = self.handled(LAYERS[kind.__name__], layer, args, kwargs)
        if result is NotImplemented:
            result = self.trace(call, args, kwargs, shown=type(layer).__name__)
        return with_masks(self.trace, layer, args, kwargs, result)

    def handled(self, handler: Any, operation: Any, args: Any, kwargs: Any) -> Any:
        """Call a handler and give its values the shapes and dtypes that Keras infers."""
        lifted_args, lifted_kwargs = keras.tree.map_structure(self.lifted, (args, kwargs))
        call = Call(self, operation, args, kwargs)
        try:
            result = handler(call, *lifted_args, **lifted_kwargs)
        except NotImplementedError as error:
            raise call.refuse(f"It needs {error}. Give the size in keras.Input.") from error
        if result is NotImplemented:
            return result
        if isinstance(result, (Tensor, Stored, ir.Value, np.ndarray)):
            return self._finished(result, call.spec) if not isinstance(result, Tensor) else result
        if all(isinstance(value, Tensor) for value in result):
            return result
        specs = keras.tree.flatten(call.spec)
        finished = [
            value if isinstance(value, Tensor) else self._finished(value, spec)
            for value, spec in zip(result, specs, strict=True)
        ]
        return keras.tree.pack_sequence_as(call.spec, finished)

    def _finished(self, value: Stored | ir.Value | np.ndarray, spec: Any) -> Tensor:
        if isinstance(value, np.ndarray):
            return constant(value.astype(float32(spec.dtype)))
        stored, order = value if isinstance(value, Stored) else (value, plain(len(spec.shape)))
        if stored.shape is None:
            stored.shape = self.graph.annotation(tuple(spec.shape[axis] for axis in order))
        return Tensor(stored, tuple(spec.shape), float32(spec.dtype), order)

    def trace(self, function: Any, args: Any, kwargs: Any, *, shown: str) -> Any:
        """Replay a function of symbolic tensors and convert what it records."""
        known: dict[int, Tensor] = {}
        symbols = self.symbols((args, kwargs), known)
        try:
            with keras_graph.replay() as changes:
                outputs = function(*symbols[0], **symbols[1])
        except ExportError:
            raise
        except TRACING_ERRORS as error:
            advice = (
                "Its `call` could not be replayed on symbolic tensors: write it in keras.ops, give "
                f"every size it reads in keras.Input, or use another route. Keras says: {error}"
            )
            raise UnsupportedOperation(self.layer, shown, advice) from error
        if changes():
            advice = (
                "It draws random numbers or changes its state in inference. Make the noise an "
                "input of the model, or guard it with `training`."
            )
            raise UnsupportedOperation(self.layer, shown, advice)
        return self.run(outputs, known, traced=True)

    def symbols(self, structure: Any, known: dict[int, Tensor] | None = None) -> Any:
        """Replace each tensor by a fresh symbolic one with its mask; constants by their arrays."""
        known = {} if known is None else known
        made: dict[int, keras.KerasTensor] = {}

        def symbol(value: Any) -> Any:
            if not isinstance(value, Tensor):
                return value
            if value.array is not None:
                return value.array
            if id(value) not in made:
                made[id(value)] = keras.KerasTensor(value.shape, value.dtype)
                known[id(made[id(value)])] = value
                keras_graph.set_mask(made[id(value)], symbol(value.mask))
            return made[id(value)]

        result = keras.tree.map_structure(symbol, structure)
        # The symbols must outlive the walk: they are known by their identity.
        self.alive.extend(made.values())
        return result

    def lifted(self, value: Any) -> Any:
        """Return arrays and variables as constant tensors, everything else as it is."""
        if isinstance(value, (keras.Variable, np.ndarray)) or keras.ops.is_tensor(value):
            return self.lift(value)
        return value

    def lift(self, value: Any) -> Any:
        """Return a constant tensor for an array, a variable or a number."""
        if value is None or isinstance(value, Tensor):
            return value
        array = np.asarray(keras.ops.convert_to_numpy(value))
        if isinstance(value, keras.Variable) and not np.all(np.isfinite(array.astype("float32"))):
            raise ExportError(
                f"Weights must be finite. Received: NaN or infinity in {value.path!r}. "
                "Accepted: a model trained without divergence."
            )
        if array.dtype.name == "float64":
            array = array.astype(np.float32)
        if isinstance(value, keras.Variable):
            return constant(array)
        return self._with_batch(constant(array))

    def _with_batch(self, tensor: Tensor) -> Tensor:
        """Undo the tracing batch in a constant made with it, such as `zeros((batch, 3))`.

        A number that is a multiple of the tracing batch is that multiple of the batch.
        """
        number = tensor.value
        if number.ndim == 0 and number.dtype != bool and number and number % self.graph.batch == 0:
            size = self.graph.emit("Squeeze", self.graph.size(int(number)), np.array([0], np.int64))
            return Call(self, None, (), {}).cast(Tensor(size, (), "int64", ()), tensor.dtype)
        axes = [
            axis for axis, size in enumerate(tensor.shape) if size and self.graph.is_dynamic(size)
        ]
        if not axes:
            return tensor
        array = tensor.value
        for axis in axes:
            first = array.take([0], axis)
            if not np.array_equal(np.broadcast_to(first, array.shape), array):
                raise UnsupportedOperation(
                    self.layer,
                    "a constant that differs from sample to sample of the batch",
                    "Make it an input of the model.",
                )
            array = first
        value = self.graph.emit("Expand", array, self.graph.sizes(tensor.shape))
        return Tensor(value, tensor.shape, tensor.dtype, plain(tensor.rank))
