"""How a trunk is built: the keywords that all families share, and the layers that they choose."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import keras
from keras import layers, ops

from zoo.errors import ModelError
from zoo.networks import blocks

BIAS_CANCELS = ("batch", "conditional", "instance")
"""Normalizations that subtract each channel's mean: a bias before them has no gradient."""


@dataclass(frozen=True)
class Style:
    """The options of a network.

    Attributes:
        width: Units or channels next to the data, which double away from it; or one number for each
            layer, from the data on.
        depth: How many layers, or halvings; by default the family's own choice.
        kernel: Size of the kernels.
        activation: After each layer: a Keras activation, `leaky_relu` (of the family's `slope`),
            `prelu` (a learned slope for each channel), or `maxout-K`.
        normalization: Before each activation: see `blocks.NORMALIZATIONS`; None for none.
        kernel_initializer: Of every layer.
        spectral: Whether each kernel is divided by its largest singular value, whatever the
            normalization; `normalization="spectral"` is this alone.
        head_bias: Whether the heads have biases.
        dropout: Share of a layer's outputs that are dropped in training. The masks are inputs of
            the network in training, and noise of the model; the deployed part has none.
        condition: The one-hot labels `(batch, classes)` that conditional normalization reads.
        trace: The record that a network's two forms, in training and deployed, share.
    """

    slope: ClassVar[float] = 0.2
    """Of `leaky_relu` below 0."""
    width: int | Sequence[int] = 32
    depth: int | None = None
    kernel: int = 4
    activation: str = "relu"
    normalization: str | None = None
    kernel_initializer: Any = "glorot_uniform"
    spectral: bool = False
    head_bias: bool = True
    dropout: float = 0.0
    condition: Any = None
    trace: Trace | None = None

    def __post_init__(self) -> None:
        widths = list(self.width) if isinstance(self.width, list | tuple) else [self.width]
        if not all(_is_whole(width, least=1) for width in widths):
            raise ModelError(
                f"width is a whole number from 1, or several. Received: {self.width!r}"
            )
        if not _is_whole(self.kernel, least=1):
            raise ModelError(f"kernel is a whole number from 1. Received: {self.kernel!r}")
        if self.depth is not None and not _is_whole(self.depth, least=0):
            raise ModelError(f"depth is a whole number from 0, or None. Received: {self.depth!r}")
        if not isinstance(self.width, int) and self.depth not in (None, len(widths)):
            raise ModelError(
                f"width names every layer: depth is their number. Received: width={self.width}, "
                f"depth={self.depth}. Accepted: depth={len(widths)}, or none."
            )
        if not isinstance(self.dropout, int | float) or not 0 <= self.dropout < 1:
            raise ModelError(f"dropout is a share from 0, below 1. Received: {self.dropout!r}")
        if not blocks.is_normalization(self.normalization):
            raise ModelError(
                f"normalization is one of {', '.join(blocks.NORMALIZATIONS)}, group-N or None. "
                f"Received: {self.normalization!r}"
            )
        blocks.check_activation(self.activation)
        try:
            keras.initializers.get(self.kernel_initializer)
        except (TypeError, ValueError):
            raise ModelError(
                "kernel_initializer is one of Keras's, such as 'he_normal'. "
                f"Received: {self.kernel_initializer!r}"
            ) from None

    @property
    def layer_count(self) -> int | None:
        """The depth that is asked for; None where the family chooses."""
        return self.depth if isinstance(self.width, int) else len(self.width)

    @property
    def halvings(self) -> int | None:
        """The halvings asked for where every map, the data's size first, has a width of its own."""
        return self.depth if isinstance(self.width, int) else len(self.width) - 1

    def widths(self, count: int, widest: int | None = None) -> list[int]:
        """The widths of so many layers, from the data on; they double up to `widest` times."""
        if not isinstance(self.width, int):
            return list(self.width)
        return [self.width * min(2**level, widest or 2**level) for level in range(count)]

    def dense(self, units: int, **options: Any) -> Any:
        """A fully connected layer."""
        return self._layer("dense", 0, units, **options)

    def convolution(
        self, rank: int, filters: int, kernel: int | None = None, **options: Any
    ) -> Any:
        """A convolution over sequences (rank 1) or images (rank 2)."""
        return self._layer("convolution", rank, filters, kernel or self.kernel, **options)

    def transposed(self, rank: int, filters: int, kernel: int | None = None, **options: Any) -> Any:
        """A transposed convolution over sequences (rank 1) or images (rank 2)."""
        return self._layer("transposed", rank, filters, kernel or self.kernel, **options)

    def _layer(
        self, kind: str, rank: int, units: int, *sizes: int, plain: bool = False, **options: Any
    ) -> Any:
        """A layer, with a bias unless what follows cancels it; a `plain` one ends a network."""
        make = blocks.layer(kind, rank, spectral=self.has_spectral_kernels)
        units = units if plain else units * self._pieces
        bias = plain or self.normalization not in BIAS_CANCELS
        chosen = {"use_bias": bias, "kernel_initializer": self.kernel_initializer} | options
        return self.kept(lambda: make(units, *sizes, **chosen))

    @property
    def has_spectral_kernels(self) -> bool:
        """Whether each kernel is divided by its largest singular value."""
        return self.spectral or self.normalization == "spectral"

    def kept(self, make: Callable[[], Any]) -> Any:
        """A layer with weights that `make` makes: the same one in both forms of a network."""
        return make() if self.trace is None else self.trace.layer(make)

    @property
    def _pieces(self) -> int:
        """How many units share one output: more than one for maxout."""
        return (
            int(self.activation.partition("-")[2]) if self.activation.startswith("maxout-") else 1
        )

    def finish(self, x: Any, *, normalized: bool = True) -> Any:
        """Normalization, activation and dropout."""
        if normalized:
            x = self.normalize(x)
        if self._pieces > 1:
            x = layers.Reshape((*x.shape[1:-1], x.shape[-1] // self._pieces, self._pieces))(x)
            x = ops.max(x, axis=-1)
        elif self.activation == "prelu":
            space = list(range(1, len(x.shape) - 1))
            x = self.kept(lambda: layers.PReLU(shared_axes=space or None))(x)
        else:
            x = blocks.activate(x, self.activation, self.slope)
        if self.dropout and self.trace is not None:
            x = self.trace.drop(x, self.dropout)
        return x

    def normalize(self, x: Any) -> Any:
        """Normalization alone."""
        layer = self.kept(lambda: blocks.normalization_layer(self.normalization, x.shape[-1]))
        if layer is None:
            return x
        if self.normalization == "conditional":
            if self.condition is None:
                raise ModelError("Conditional normalization reads labels. Received: no num_classes")
            return layer([x, self.condition])
        return layer(x)


def _is_whole(value: Any, *, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


class Trace:
    """The layers of a network and the masks that it reads in training.

    The trunk runs twice: at first the layers are made, with inputs for the masks; then the same
    layers make the form without masks, which is deployed.

    Args:
        name: Of the network, which the masks' names begin with.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.masks: dict[str, Any] = {}
        self._layers: list[Any] = []
        self._coming: Iterator[Any] | None = None

    def layer(self, make: Callable[[], Any]) -> Any:
        """The next layer."""
        if self._coming is not None:
            return next(self._coming)
        self._layers.append(make())
        return self._layers[-1]

    def drop(self, x: Any, rate: float) -> Any:
        """Multiplies by the next mask, scaled so that the mean stays; nothing where deployed."""
        if self._coming is not None:
            return x
        name = f"{self.name}_mask_{len(self.masks)}"
        self.masks[name] = keras.Input(x.shape[1:], name=name)
        return x * ops.cast(self.masks[name], x.dtype) / (1 - rate)

    def deploy(self) -> None:
        """Begins the form without masks."""
        self._coming = iter(self._layers)
