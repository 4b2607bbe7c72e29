"""The recorded graph of a Keras model or of a traced call.

The module of `direct` that touches what is private to Keras, beside `inference`: `_keras_history`
and the mask of a symbolic tensor, `_inbound_nodes` of an operation, `_flatten_layers` and
`_seed_generators` of a layer, and the backend that layers call. Checked on Keras 3.15.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from types import ModuleType
from typing import Any
from unittest import mock

import keras
from keras.src import backend
from keras.src.backend.common.variables import Variable
from keras.src.layers import layer as layer_module
from keras.src.layers.preprocessing.image_preprocessing.base_image_preprocessing_layer import (
    BaseImagePreprocessingLayer,
)
from keras.src.models.functional import Functional
from keras.src.ops.node import Node
from keras.src.ops.numpy import GetItem
from keras.src.utils.backend_utils import DynamicBackend

from export.direct.creation import constant_item, has_size, symbolic
from export.direct.inference import output_spec
from export.direct.sizes import Size
from export.signature import unique

ImagePreprocessing = BaseImagePreprocessingLayer


def producer(tensor: keras.KerasTensor) -> Any | None:
    """Returns the node that made a symbolic tensor, None for an input."""
    history = getattr(tensor, "_keras_history", None)
    if history is None or history.operation is None:
        return None
    node = history.operation._inbound_nodes[history.node_index]
    return None if node.is_input else node


def nodes_between(known: Collection[int], outputs: list[keras.KerasTensor]) -> list[Any]:
    """Returns the nodes that lead to `outputs` from tensors whose ids are `known`, in order."""
    ordered: list[Any] = []
    seen: set[int] = set()
    # Two visits per node, on an explicit stack: networks are deeper than Python's recursion limit.
    pending: list[tuple[Any, bool]] = [(tensor, False) for tensor in reversed(outputs)]
    while pending:
        item, expanded = pending.pop()
        if expanded:
            ordered.append(item)
            continue
        if id(item) in known:
            continue
        node = producer(item)
        if node is None or id(node) in seen:
            continue
        seen.add(id(node))
        pending.append((node, True))
        pending.extend((tensor, False) for tensor in reversed(node.input_tensors))
    return ordered


def is_graph(operation: Any) -> bool:
    """Whether an operation is a functional or sequential model with Keras's own `call`."""
    kinds = (Functional, keras.Sequential)
    return isinstance(operation, kinds) and type(operation).call in [kind.call for kind in kinds]


def is_operation(operation: Any) -> bool:
    """Whether an operation is one of `keras.ops`, and not a layer."""
    return not isinstance(operation, keras.Layer)


def is_part_of_keras(kind: type) -> bool:
    """Whether a class is Keras's own: handlers are looked up by name among these alone."""
    return kind.__module__.startswith("keras.")


def output_structure(model: Any) -> Any:
    """Returns the symbolic outputs of a model, in the structure its `call` returns them in."""
    if isinstance(model, Functional):
        return model.output
    return model.outputs[0] if len(model.outputs) == 1 else model.outputs


def output_names(model: Any) -> list[str]:
    """Returns the key of each output in a dictionary, else the name of the layer that makes it."""
    names = []
    for path, tensor in keras.tree.flatten_with_path(output_structure(model)):
        keys = [part for part in path if isinstance(part, str)]
        names.append("_".join(keys) if keys else tensor._keras_history.operation.name)
    return unique(names)


def layers_of(layer: Any) -> list[Any]:
    """Returns a layer and all layers inside it."""
    return list(layer._flatten_layers())


def has_seed(layer: Any) -> bool:
    """Whether a layer itself, not one inside it, keeps the seed of random numbers."""
    return bool(layer._seed_generators)


def set_mask(tensor: keras.KerasTensor, mask: Any) -> None:
    """Attaches a mask where layers such as attention and multiplication look for it."""
    backend.set_keras_mask(tensor, mask)


def mask_of(tensor: keras.KerasTensor) -> Any:
    """Returns the mask that a symbolic tensor carries, None where it has none."""
    mask = backend.get_keras_mask(tensor)
    return mask if isinstance(mask, keras.KerasTensor) else None


def layer_node(operation: Any, call_args: Any, call_kwargs: Any, outputs: Any) -> Any:
    """Records a call of a layer, of whose outputs some may be None."""
    tensors = [output for output in keras.tree.flatten(outputs) if output is not None]
    return Node(operation=operation, call_args=call_args, call_kwargs=call_kwargs, outputs=tensors)


def forget(nodes: list[Any]) -> None:
    """Removes the nodes that tracing added to long-lived layers."""
    for node in nodes:
        if isinstance(node.operation, keras.Layer) and node in node.operation._inbound_nodes:
            node.operation._inbound_nodes.remove(node)


class SymbolicNamespace:
    """A module of Keras's backend whose functions take symbolic tensors as well.

    Layers may call the backend directly, which `Layer.__call__` allows and replaying their `call`
    on symbolic tensors does not: such calls are redirected to the operation of the same name.
    """

    def __init__(self, module: Any) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:
        return redirected(getattr(self._module, name), name)


def redirected(function: Any, name: str) -> Any:
    """Returns a function that calls `keras.ops.<name>` on symbols, `function` on other tensors."""
    if isinstance(function, ModuleType):
        return SymbolicNamespace(function)
    operation = next((vars(m)[name] for m in (keras.ops, keras.ops.image) if name in vars(m)), None)
    if name == "custom_gradient":
        return lambda function: lambda *args, **kwargs: function(*args, **kwargs)[0]
    if not callable(function) or operation is None:
        return function

    def dispatch(*args: Any, **kwargs: Any) -> Any:
        leaves = keras.tree.flatten((args, kwargs))
        if any(isinstance(leaf, keras.KerasTensor) for leaf in leaves):
            return operation(*args, **kwargs)
        if has_size(args, kwargs):
            return symbolic(operation, name, args, kwargs)
        return function(*args, **kwargs)

    return dispatch


@contextmanager
def unknown_sizes() -> Iterator[None]:
    """Lets symbolic tensors have unknown sizes, and shape inference keep them."""
    standardize, item = backend.standardize_shape, Variable.__getitem__

    def shape(given: Any) -> tuple[Any, ...]:
        given = tuple(given) if isinstance(given, (tuple, list)) else given
        plain = standardize(given)
        return tuple(
            size if isinstance(size, Size) else number
            for size, number in zip(given, plain, strict=True)
        )

    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        outputs = output_spec(self, args, kwargs)
        Node(operation=self, call_args=args, call_kwargs=kwargs, outputs=outputs)
        return outputs

    def call_layer(self: Any, *args: Any, **kwargs: Any) -> Any:
        return output_spec(self, args, kwargs)

    def part(variable: Any, key: Any) -> Any:
        keys = key if isinstance(key, tuple) else (key,)
        return constant_item(variable, key) if has_size(keys, {}) else item(variable, key)

    with ExitStack() as stack:
        for owner, name, function in (
            (backend, "standardize_shape", shape),
            (keras.Operation, "symbolic_call", call),
            (keras.Layer, "symbolic_call", call_layer),
            (Variable, "__getitem__", part),
            (layer_module, "Node", layer_node),
        ):
            stack.enter_context(mock.patch.object(owner, name, function))
        yield


def _item(tensor: keras.KerasTensor, key: Any) -> Any:
    """Part of a symbolic tensor, whose key may hold None for a new axis."""
    keys = list(key) if isinstance(key, tuple) else [key]
    kept = tuple(part for part in keys if part is not None)
    part = GetItem().symbolic_call(tensor, kept) if kept else tensor
    if len(kept) == len(keys):
        return part
    dots = next((place for place, part_key in enumerate(keys) if part_key is Ellipsis), None)
    if dots is not None:
        keys[dots : dots + 1] = [slice(None)] * (len(tensor.shape) - len(kept) + 1)
    axis = 0
    for part_key in keys:
        if part_key is None:
            part = keras.ops.expand_dims(part, axis)
        axis += not isinstance(part_key, int)
    return part


def _items(tensor: keras.KerasTensor) -> Iterator[Any]:
    """The rows of a symbolic tensor of a known number of them."""
    rows = tensor.shape[0]
    if rows is None or isinstance(rows, Size):
        raise NotImplementedError("the number of rows that a loop takes")
    return (_item(tensor, row) for row in range(rows))


def _equal(tensor: keras.KerasTensor, other: Any) -> Any:
    """Where a symbolic tensor equals another, as of the backends' own: not whether it is it."""
    if isinstance(other, (keras.KerasTensor, bool, int, float)) or keras.ops.is_tensor(other):
        return keras.ops.equal(tensor, other)
    return NotImplemented


@contextmanager
def replay() -> Iterator[Callable[[], bool]]:
    """Lets layers run on symbolic tensors, without changing a variable.

    Yields a function that returns whether a variable (a seed, a statistic) would have changed.
    """
    with ExitStack() as stack:
        for name in ("numpy", "nn", "math", "image", "linalg", "core"):
            namespace = SymbolicNamespace(getattr(backend, name))
            stack.enter_context(mock.patch.object(backend, name, namespace))
        for name in ("cast", "convert_to_tensor", "shape"):
            patched = redirected(getattr(backend, name), name)
            stack.enter_context(mock.patch.object(backend, name, patched))
        stack.enter_context(unknown_sizes())
        chosen = DynamicBackend.__getattr__
        stack.enter_context(
            mock.patch.object(
                DynamicBackend,
                "__getattr__",
                lambda self, name: redirected(chosen(self, name), name),
            )
        )
        own = {"__getitem__": _item, "__iter__": _items, "__eq__": _equal}
        for name, function in own.items():
            stack.enter_context(mock.patch.object(keras.KerasTensor, name, function))
        for module in (keras.ops, keras.ops.numpy):  # a rank is known, and no symbol
            stack.enter_context(mock.patch.object(module, "ndim", lambda x: len(x.shape)))
        if "__jax_array__" in vars(keras.KerasTensor):
            # JAX arrays look for it in `array * symbol`, where Python's `__rmul__` suffices.
            kept = vars(keras.KerasTensor)["__jax_array__"]
            del keras.KerasTensor.__jax_array__
            stack.callback(setattr, keras.KerasTensor, "__jax_array__", kept)
        scope = stack.enter_context(keras.StatelessScope())
        yield lambda: bool(scope.state_mapping)
