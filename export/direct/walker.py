"""Conversion of a Keras graph, operation by operation, from its inputs to its outputs."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable
from functools import partial
from typing import Any

import keras
import onnx_ir as ir

from export.direct import keras_graph, registry, sizes
from export.direct.call import Call
from export.direct.call_context import kind_of, training_effect, with_context, with_masks
from export.direct.constants import lift, lift_arrays
from export.direct.creation import created
from export.direct.graph import Graph
from export.direct.recording import Symbols, record
from export.direct.tensor import Stored, Tensor, float32
from export.errors import UnsupportedOperation


class Walker:
    """Converts operations one by one; layers without a handler are traced into operations.

    Known tensors are looked up by the identity of their symbolic Keras tensor.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._around: list[Any] = []  # what is known where functions are traced

    def run(self, outputs: Any, known: dict[int, Tensor]) -> Any:
        """Returns the tensors for a structure of symbolic `outputs`, given the `known` ones."""
        return self._convert_nodes(
            keras_graph.nodes_between(known, _symbols_in(outputs)), outputs, known
        )

    def _convert_nodes(self, nodes: list[Any], outputs: Any, known: Any) -> Any:
        self._around.append(known)
        try:
            return self._converted(nodes, outputs, known)
        finally:
            self._around.pop()

    def _converted(self, nodes: list[Any], outputs: Any, known: Any) -> Any:
        def tensor(symbol: Any) -> Any:
            if isinstance(symbol, keras.KerasTensor):
                if id(symbol) not in known:
                    known[id(symbol)] = created(self.graph, symbol)
                return known[id(symbol)]
            return symbol

        for node in nodes:
            args, kwargs = keras.tree.map_structure(
                tensor, (node.arguments.args, node.arguments.kwargs)
            )
            results = self.convert(node.operation, args, kwargs)
            found = keras.tree.flatten(results)
            if len(found) != len(node.outputs):  # a None is no output, unless one was inferred
                found = [result for result in found if result is not None]
            for symbol, result in zip(node.outputs, found, strict=True):
                if result is None:
                    continue
                known[id(symbol)] = result
                held = isinstance(result, Tensor) and isinstance(result.value, ir.Value)
                # Layers of others may infer other shapes than they make.
                if held and len(symbol.shape) == result.rank:
                    sizes.bind(symbol.shape, result.value, result.order)
        return keras.tree.map_structure(lambda x: lift(self.graph, tensor(x)), outputs)

    def trace(self, function: Callable[..., Any], args: Any, kwargs: Any, *, name: str) -> Any:
        """Records a function on symbolic tensors and converts the operations recorded."""
        symbols = Symbols()
        args, kwargs = symbols.replace((args, kwargs))
        outputs = record(function, args, kwargs, layer=self.graph.scope, operation=name)
        masks = [keras_graph.mask_of(symbol) for symbol in _symbols_in(outputs)]
        # Functions of control flow read what is known around them.
        known = ChainMap(symbols.known, *self._around[-1:])
        nodes = keras_graph.nodes_between(known, _symbols_in([outputs, masks]))
        results, set_masks = self._convert_nodes(nodes, [outputs, masks], known)
        keras_graph.forget(nodes)
        if any(mask is not None for mask in set_masks):
            return _with_set_masks(results, set_masks)
        return results

    def convert(self, operation: Any, args: Any, kwargs: Any) -> Any:
        """Returns the tensors that one call of a layer or operation results in."""
        if keras_graph.is_operation(operation):
            return self.convert_operation(operation, args, kwargs)
        with self.graph.inside(operation.name):
            self._check_inference(operation, kwargs)
            if keras_graph.is_graph(operation):
                return self.convert_graph(operation, args, kwargs)
            return self.convert_layer(operation, args, kwargs)

    def _check_inference(self, layer: Any, kwargs: Any) -> None:
        effect = training_effect(layer, kwargs)
        if effect is not None:
            advice = f"{effect} Call it without `training`, or with training=False."
            name = f"{type(layer).__name__} called with training=True"
            raise UnsupportedOperation(self.graph.scope, name, advice)

    def convert_graph(self, model: Any, args: Any, kwargs: Any) -> Any:
        """Converts a nested functional or sequential model."""
        given = args[0] if args else kwargs["inputs"]
        if isinstance(given, dict) and not isinstance(model.inputs, dict):
            by_name = {symbol.name: symbol for symbol in model.inputs}
            if set(by_name) <= set(given):
                given = [given[symbol.name] for symbol in model.inputs]
        known = {}
        for symbol, tensor in zip(model.inputs, keras.tree.flatten(given), strict=True):
            cast = self.graph.cast(lift(self.graph, tensor), symbol.dtype)
            known[id(symbol)] = Tensor(cast.value, cast.shape, cast.dtype, cast.order, tensor.mask)
        return self.run(keras_graph.output_structure(model), known)

    def convert_operation(self, operation: Any, args: Any, kwargs: Any) -> Any:
        """Converts an operation of `keras.ops` by its handler or its decomposition."""
        name = type(operation).__name__
        if not keras_graph.is_part_of_keras(type(operation)):
            return self.trace(operation.call, args, kwargs, name=name)
        result: Any = NotImplemented
        if name in registry.OPERATIONS:
            result = self.handled(registry.OPERATIONS[name], operation, args, kwargs)
        if result is NotImplemented and name in registry.DECOMPOSITIONS:
            function = partial(registry.DECOMPOSITIONS[name], operation)
            result = self.trace(function, args, kwargs, name=name)
        if result is NotImplemented:
            default = "Write it in other keras.ops, or use another route."
            advice = registry.UNSUPPORTED.get(name, default)
            raise UnsupportedOperation(self.graph.scope, f"keras.ops operation {name}", advice)
        return result

    def convert_layer(self, layer: Any, args: Any, kwargs: Any) -> Any:
        """Converts a layer by the handler or decomposition of its class, else by its `call`.

        A class whose `call` computes in inference what a Keras layer's does declares it:
        `export_as = <that layer>`.
        """
        kind = kind_of(layer)
        name = kind.__name__ if keras_graph.is_part_of_keras(kind) else ""
        quantized = getattr(layer, "quantization_mode", None) is not None
        args, kwargs = with_context(layer, kind, args, kwargs)
        result: Any = NotImplemented
        if name in registry.LAYERS and not quantized:
            result = self.handled(registry.LAYERS[name], layer, args, kwargs)
        if result is NotImplemented:
            function = layer.quantized_call if quantized else kind.call.__get__(layer)
            if name in registry.LAYER_DECOMPOSITIONS and not quantized:
                function = partial(registry.LAYER_DECOMPOSITIONS[name], layer)
            result = self.trace(function, args, kwargs, name=type(layer).__name__)
        return with_masks(self.trace, layer, args, kwargs, result)

    def handled(self, handler: registry.Handler, operation: Any, args: Any, kwargs: Any) -> Any:
        """Calls a handler and gives its values the shapes and dtypes that Keras infers."""
        lifted_args, lifted_kwargs = keras.tree.map_structure(
            partial(lift_arrays, self.graph), (args, kwargs)
        )
        call = Call(self, operation, args, kwargs)
        try:
            result = handler(call, *lifted_args, **lifted_kwargs)
        except NotImplementedError as error:
            raise call.unsupported(f"It needs {error}. Give the size in keras.Input.") from error
        if result is NotImplemented:
            return result
        values = [result] if isinstance(result, Stored) else result
        specs = keras.tree.flatten(call.spec)
        tensors = [self._finished(v, spec) for v, spec in zip(values, specs, strict=True)]
        return keras.tree.pack_sequence_as(call.spec, tensors)

    def _finished(self, stored: Stored, spec: Any) -> Tensor:
        value, order = stored
        sizes.bind(spec.shape, value, order)
        if value.shape is None:
            value.shape = self.graph.annotation(tuple(spec.shape[axis] for axis in order))
        return Tensor(value, tuple(spec.shape), float32(spec.dtype), order)


def _with_set_masks(results: Any, masks: list[Any]) -> Any:
    """Attaches the masks that a `call` set on its outputs itself."""
    given = iter(masks)

    def masked(tensor: Any) -> Any:
        if not isinstance(tensor, Tensor):
            return tensor
        mask = next(given, None)
        if mask is None:
            return tensor
        return Tensor(tensor.value, tensor.shape, tensor.dtype, tensor.order, mask)

    return keras.tree.map_structure(masked, results)


def _symbols_in(structure: Any) -> list[keras.KerasTensor]:
    return [x for x in keras.tree.flatten(structure) if isinstance(x, keras.KerasTensor)]
