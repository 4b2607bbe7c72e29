"""Networks: functional Keras models from a dictionary to a dictionary of named tensors.

A family is a module with its `Options` and some of three trunks: `down(x, style)` from data to
features or a map, `up(x, shape, style)` from a latent to data, and `across(x, shape, style)` from
data to other data. Inputs, labels, heads, features,
names and the output activation are added here, once for all families.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any
from weakref import WeakKeyDictionary

import keras
from keras import layers, ops

from zoo.errors import ModelError, suggestion
from zoo.networks import (
    attention,
    biggan,
    blocks,
    conv,
    conv_pool,
    cyclegan,
    fastgan,
    mlp,
    patch,
    r3gan,
    resnet,
    spectrum,
    srresnet,
    stargan,
    stylegan2,
    unet,
    vq,
)
from zoo.networks.own import call_own
from zoo.networks.style import Style, Trace
from zoo.precision import precise_dtype

FAMILIES: dict[str, ModuleType] = {
    "mlp": mlp,
    "conv": conv,
    "resnet": resnet,
    "biggan": biggan,
    "r3gan": r3gan,
    "stylegan2": stylegan2,
    "fastgan": fastgan,
    "conv_pool": conv_pool,
    "vq": vq,
    "patch": patch,
    "unet": unet,
    "cyclegan": cyclegan,
    "stargan": stargan,
    "srresnet": srresnet,
    "attention": attention,
    "spectrum": spectrum,
}

__all__ = [
    "FAMILIES",
    "Style",
    "activated",
    "apply",
    "decoder",
    "encoder",
    "family",
    "family_options",
    "masks",
    "rewired",
]

IN_TRAINING: WeakKeyDictionary[keras.Model, keras.Model] = WeakKeyDictionary()
"""Networks with dropout → the same layers with masks, which training calls."""

Shape = tuple[int, ...]
Tensors = dict[str, Any]


def family(name: str | None, shape: Sequence[int]) -> ModuleType:
    """The family of a name; by default `mlp` for vectors and `conv` for all else.

    Raises:
        ModelError: The name is unknown, or the family cannot make networks of that shape.
    """
    name = name or ("mlp" if len(shape) == 1 else "conv")
    if name not in FAMILIES:
        raise ModelError(
            f"network is one of {', '.join(FAMILIES)}. Received: {name!r}."
            f"{suggestion(name, FAMILIES)}"
        )
    if len(shape) == 1 and not FAMILIES[name].FLAT:
        raise ModelError(f"Vectors {tuple(shape)} need the network 'mlp'. Received: {name!r}")
    if len(shape) - 1 not in getattr(FAMILIES[name], "RANKS", (len(shape) - 1,)):
        raise ModelError(f"The network {name!r} is for sounds. Received: data {tuple(shape)}.")
    return FAMILIES[name]


def family_options(name: str) -> dict[str, Any]:
    """The options of a family that users set, with its defaults; `Style` says what each means.

    Args:
        name: A row of `FAMILIES`.
    """
    fields = dataclasses.fields(FAMILIES[name].Options)
    return {f.name: f.default for f in fields if f.name not in ("condition", "trace")}


def encoder(
    network: str | None,
    reads: Mapping[str, Shape],
    heads: Mapping[str, int | None],
    /,
    *,
    features: bool = False,
    **options: Any,
) -> keras.Model:
    """A network from data to linear outputs in float32, one for each head.

    Args:
        network: A row of `FAMILIES`; by default `mlp` for vectors, `conv` for all else.
        reads: Input name → shape of one sample.
        heads: Output name → units (channels of a map); None for what the trunk itself makes.
        features: Whether the trunk's own output is an output too.
        options: `num_classes`, `own`, `name`, and the family's `Options`.

    Raises:
        ModelError: An option is unknown, or does not fit the shapes.
    """
    if any(units is not None and units < 1 for units in heads.values()):
        raise ModelError(f"Every output has at least 1 unit. Received: {dict(heads)}")

    def trunk(x: Any, found: ModuleType, style: Style) -> Tensors:
        x = way(found, "down")(x, style)
        outputs = {name: _head(x, name, units, found, style) for name, units in heads.items()}
        return outputs | ({"features": x} if features else {})

    makes: dict[str, Shape | None] = {n: None if u is None else (u,) for n, u in heads.items()}
    if features:
        makes["features"] = None
    return _network(network, reads, makes, trunk, **options)


def decoder(
    network: str | None,
    reads: Mapping[str, Shape],
    makes: Mapping[str, Shape],
    /,
    *,
    down: bool = False,
    **options: Any,
) -> keras.Model:
    """A network from a latent to the logits of data; with `down=True`, from data to other data.

    Args:
        network: A row of `FAMILIES`; by default `mlp` for vectors, `conv` for all else.
        reads: Input name → shape of one sample.
        makes: Name and shape of the output.
        down: Whether what is read is data, which the family's `down` reads first.
        options: `num_classes`, `own`, `name`, and the family's `Options`.

    Raises:
        ModelError: An option is unknown, or does not fit the shapes.
    """
    ((name, shape),) = makes.items()

    def trunk(x: Any, found: ModuleType, style: Style) -> Tensors:
        if down and hasattr(found, "across"):
            return {name: found.across(x, tuple(shape), style)}
        x = way(found, "down")(x, style) if down else x
        return {name: way(found, "up")(x, tuple(shape), style)}

    return _network(network, reads, makes, trunk, **options)


def way(found: ModuleType, name: str) -> Callable[..., Any]:
    """A trunk of a family.

    Args:
        found: The family.
        name: `down` or `up`.

    Raises:
        ModelError: The family has none.
    """
    if not hasattr(found, name):
        networks = [row for row, module in FAMILIES.items() if hasattr(module, name)]
        family_name = next(row for row, module in FAMILIES.items() if module is found)
        raise ModelError(
            f"This network is one of {', '.join(networks)}. Received: {family_name!r}."
        )
    return getattr(found, name)


def activated(
    logits: keras.Model, activation: str, value_range: Sequence[float] | None = None
) -> keras.Model:
    """A network with its output activation, in float32; the layers are those of the logits.

    Args:
        logits: A network that ends without an activation.
        activation: A Keras activation, or `clip`: linear, cut to `value_range`.
        value_range: The bounds of `clip`; None for no bounds.
    """
    return rewired(logits, lambda network: _activated(network, activation, value_range))


def rewired(network: keras.Model, wire: Callable[[keras.Model], keras.Model]) -> keras.Model:
    """A network made out of another, and the same of its form in training where it has one.

    Args:
        network: The other.
        wire: Makes it; called for each form.
    """
    made = wire(network)
    if network in IN_TRAINING:
        IN_TRAINING[made] = wire(IN_TRAINING[network])
    return made


def masks(network: keras.Model) -> dict[str, Shape]:
    """The masks that a network reads in training: name → shape."""
    training = IN_TRAINING.get(network, network)
    return {
        name: tuple(tensor.shape[1:])
        for name, tensor in training.input.items()
        if name not in network.input
    }


def _activated(
    logits: keras.Model, activation: str, value_range: Sequence[float] | None
) -> keras.Model:
    outputs = {}
    for name, tensor in logits.output.items():
        clips = activation == "clip"
        kind = "linear" if clips else activation
        x = layers.Activation(kind, dtype=precise_dtype(), name=f"{name}_output")(tensor)
        outputs[name] = ops.clip(x, *value_range) if clips and value_range else x
    return keras.Model(logits.input, outputs, name=logits.name.removesuffix("_logits"))


def apply(network: keras.Model, values: Mapping[str, Any], training: bool = False) -> Tensors:
    """Calls a network with those of the values that it reads; in training with its masks."""
    if training:
        network = IN_TRAINING.get(network, network)
    return network({name: values[name] for name in network.input}, training=training)


def _head(x: Any, name: str, units: int | None, found: ModuleType, style: Style) -> Any:
    """One linear float32 output: of a map with as many channels, else of a vector."""
    if units is None:
        return layers.Activation("linear", dtype=precise_dtype(), name=name)(x)
    options = {"plain": True, "use_bias": style.head_bias, "dtype": precise_dtype(), "name": name}
    if found.MAPS:
        kernel = getattr(found, "HEAD", 1)
        return style.convolution(len(x.shape) - 2, units, kernel, padding="same", **options)(x)
    return style.dense(units, **options)(x)


def _network(
    network: str | None,
    reads: Mapping[str, Shape],
    makes: Mapping[str, Shape | None],
    trunk: Callable[[Any, ModuleType, Style], Tensors],
    /,
    *,
    num_classes: int | None = None,
    own: keras.Model | None = None,
    name: str = "network",
    **options: Any,
) -> keras.Model:
    inputs = {port: keras.Input(tuple(shape), name=port) for port, shape in reads.items()}
    if num_classes is not None:
        inputs["labels"] = keras.Input((), dtype="int32", name="labels")
    if own is not None:
        return keras.Model(inputs, call_own(own, inputs, makes, name), name=name)
    ranked = [tuple(shape) for shape in (*reads.values(), *makes.values()) if shape is not None]
    found = family(network, max(ranked, key=len))
    style = _style(found, name, options)
    x, condition = _joined(inputs, num_classes, found, style.normalization)
    style = dataclasses.replace(style, condition=condition)
    if not style.dropout:
        return keras.Model(inputs, trunk(x, found, style), name=name)
    trace = Trace(name.removesuffix("_logits"))
    style = dataclasses.replace(style, trace=trace)
    outputs = trunk(x, found, style)
    training = keras.Model({**inputs, **trace.masks}, outputs, name=f"{name}_in_training")
    trace.deploy()
    deployed = keras.Model(inputs, trunk(x, found, style), name=name)
    IN_TRAINING[deployed] = training
    return deployed


def _style(found: ModuleType, name: str, options: Mapping[str, Any]) -> Style:
    """The family's options."""
    accepted = [
        f.name for f in dataclasses.fields(found.Options) if f.name not in ("condition", "trace")
    ]
    for option in options:
        if option not in accepted:
            raise ModelError(
                f"The network {name} has no option {option!r}.{suggestion(option, accepted)} "
                f"Accepted: {', '.join(accepted)}."
            )
    return found.Options(**options)


def _joined(
    inputs: Tensors, num_classes: int | None, found: ModuleType, normalization: str | None
) -> tuple[Any, Any]:
    """The inputs as one tensor, and the one-hot labels where normalization reads them."""
    tensors = [tensor for name, tensor in inputs.items() if name != "labels"]
    if found.FLAT:
        tensors = [layers.Flatten()(x) if len(x.shape) > 2 else x for x in tensors]
    x = tensors[0] if len(tensors) == 1 else layers.Concatenate()(tensors)
    if num_classes is None:
        return x, None
    one_hot = ops.one_hot(inputs["labels"], num_classes)
    if normalization == "conditional":
        return x, one_hot
    return blocks.with_planes(x, one_hot), None
