"""Arguments that Keras passes to a layer's `call` beside its inputs: inference mode, and masks."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import keras

from export.direct import keras_graph
from export.direct.keras_graph import ImagePreprocessing
from export.direct.tensor import Tensor

# Layers that in training compute with the statistics of the batch, or change their weights.
BATCH_DEPENDENT_LAYERS = (keras.layers.BatchNormalization, keras.layers.SpectralNormalization)


def training_effect(layer: Any, kwargs: Any) -> str | None:
    """Returns what `training=True` makes a layer do that no graph can, None if nothing.

    Keras is inconsistent there: such a model's `predict` ignores the argument, its call does not.
    """
    training = kwargs.get("training")
    if not isinstance(training, int) or not training:
        return None
    for part in keras_graph.layers_of(layer):
        rates = [getattr(part, name, None) for name in ("rate", "dropout", "recurrent_dropout")]
        given = [rate for rate in rates if rate is not None]
        if isinstance(part, ImagePreprocessing):
            continue  # training=True is the default of their `call`, and no request
        if keras_graph.has_seed(part) and (any(given) or not given):
            return f"{type(part).__name__} draws random numbers then."
        if isinstance(part, BATCH_DEPENDENT_LAYERS) and part.trainable:
            return f"{type(part).__name__} depends on the other samples of the batch then."
    return None


def kind_of(layer: Any) -> Any:
    """Returns the class whose `call` is what a layer computes in inference.

    That is its own class, or the one that it or a base of it names with `export_as`. A subclass
    that overrides `call` below such a base is of its own kind.
    """
    for kind in type(layer).__mro__:
        if "export_as" in vars(kind):
            return vars(kind)["export_as"]
        if "call" in vars(kind):
            break
    return type(layer)


def with_context(layer: Any, kind: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    """Adds the arguments that `Layer.__call__` fills in: inference mode, and masks of the inputs.

    Arguments that the layer takes beside those of the `kind` that it is exported as are dropped.
    """
    parameters = inspect.signature(kind.call.__get__(layer)).parameters
    names = [n for n, p in parameters.items() if p.kind is not p.VAR_KEYWORD]
    kwargs = dict(kwargs)
    if kind is not type(layer) and len(names) == len(parameters):
        kwargs = {name: value for name, value in kwargs.items() if name in names}
    kwargs.pop("training", None)  # also given to layers that have no such argument
    if "training" in names:
        kwargs["training"] = False
    given = {**dict(zip(names, args, strict=False)), **kwargs}
    tensors = {n: v for n, v in given.items() if n in names and _has_tensor(v)}
    if len(tensors) == 1 and "mask" in names and given.get("mask") is None:
        masks = keras.tree.map_structure(_mask, next(iter(tensors.values())))
        if any(mask is not None for mask in keras.tree.flatten(masks)):
            kwargs["mask"] = masks
    elif len(tensors) > 1:
        for name, value in tensors.items():
            masked = f"{name}_mask"
            if masked in names and given.get(masked) is None and isinstance(value, Tensor):
                kwargs[masked] = value.mask
    return args, kwargs


def with_masks(trace: Callable[..., Any], layer: Any, args: Any, kwargs: Any, result: Any) -> Any:
    """Attaches the mask that the layer computes for its output."""
    first = args[0] if args else next(iter(kwargs.values()), None)
    flat_results = keras.tree.flatten(result)
    if flat_results and all(_mask(tensor) is not None for tensor in flat_results):
        return result  # set in `call` itself
    masks = kwargs.get("mask")
    if masks is None:
        masks = keras.tree.map_structure(_mask, first)
    any_mask = any(mask is not None for mask in keras.tree.flatten(masks))
    overridden = type(layer).compute_mask is not keras.Layer.compute_mask
    if not layer.supports_masking or not (any_mask or overridden):
        return result
    computed = trace(layer.compute_mask, (first, masks), {}, name="compute_mask")
    flat = keras.tree.flatten(computed)
    tensors = keras.tree.flatten(result)
    if len(flat) != len(tensors):
        return result
    masked = [
        Tensor(t.value, t.shape, t.dtype, t.order, mask)
        for t, mask in zip(tensors, flat, strict=True)
    ]
    return keras.tree.pack_sequence_as(result, masked)


def _mask(value: Any) -> Any:
    return value.mask if isinstance(value, Tensor) else None


def _has_tensor(value: Any) -> bool:
    return any(isinstance(leaf, Tensor) for leaf in keras.tree.flatten(value))
