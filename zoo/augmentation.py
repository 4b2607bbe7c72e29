"""Random changes of data and samples before a discriminator sees them, which gradients pass.

Source of color, translation and cutout, and of their sizes: Zhao et al., 2020, arXiv:2006.10738,
and its published code; of `ada`, whose probability adapts itself, see `zoo.adaptive`. Each row's
draws are uniform on [0, 1): noise of the model, the same on every backend. Data are
`(batch, height, width, channels)` or `(batch, time, channels)`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from keras import ops

from zoo.adaptive import DRAWS, adaptive
from zoo.errors import ModelError, suggestion

SHIFT = 0.125
"""The largest translation, as a share of each side."""
CUT = 0.5
"""The side of what is cut out, as a share of the data's."""


def color(x: Any, draws: Any, scale: float = 1.0) -> Any:
    """Brightness, saturation and contrast, by three draws.

    Args:
        x: Data.
        draws: `(batch, 3)`.
        scale: Half the width of the data's range, which brightness is in units of.
    """
    brightness, saturation, contrast = _columns(draws, x)
    x = x + scale * (brightness - 0.5)
    gray = ops.mean(x, axis=-1, keepdims=True)
    x = (x - gray) * (2 * saturation) + gray
    mean = ops.mean(x, axis=tuple(range(1, len(x.shape))), keepdims=True)
    return (x - mean) * (contrast + 0.5) + mean


def translation(x: Any, draws: Any, scale: float = 1.0) -> Any:
    """Whole steps along each side, by one draw a side; what comes in is 0."""
    return _shifted(x, draws, edges=False)


def crop(x: Any, draws: Any, scale: float = 1.0) -> Any:
    """Whole steps along each side, by one draw a side; what comes in repeats the edge."""
    return _shifted(x, draws, edges=True)


def cutout(x: Any, draws: Any, scale: float = 1.0) -> Any:
    """A box of half the data's sides is set to 0; its centre is anywhere, by one draw a side."""
    inside: Any = 1.0
    for axis, size in enumerate(x.shape[1:-1]):
        side = int(size * CUT + 0.5)
        first = _whole(draws[:, axis : axis + 1], size + 1 - side % 2) - side // 2
        steps = ops.arange(size, dtype=draws.dtype)[None]
        within = ops.logical_and(steps >= first, steps < first + side)
        shape = [-1] + [size if other == axis else 1 for other in range(len(x.shape) - 2)] + [1]
        inside = inside * ops.reshape(ops.cast(within, x.dtype), shape)
    return x * (1 - inside)


def flip(x: Any, draws: Any, scale: float = 1.0) -> Any:
    """Mirrors the last side of every second row, by one draw."""
    (draw,) = _columns(draws, x)
    return ops.where(draw < 0.5, x, ops.flip(x, axis=len(x.shape) - 2))


def _columns(draws: Any, x: Any) -> list[Any]:
    """Each draw of every row, in the rank of x."""
    shape = (-1, *(1 for _ in x.shape[1:]))
    return [ops.cast(ops.reshape(draws[:, i], shape), x.dtype) for i in range(draws.shape[1])]


def _whole(draws: Any, count: int) -> Any:
    """Whole numbers below `count`, all equally likely."""
    return ops.floor(draws * count)


def _shifted(x: Any, draws: Any, *, edges: bool) -> Any:
    """Data moved along each side by up to `SHIFT` of it, as products with matrices of 0 and 1."""
    rank = len(x.shape) - 2
    for axis, size in enumerate(x.shape[1:-1]):
        most = int(size * SHIFT + 0.5)
        steps = ops.arange(size, dtype=draws.dtype)
        shift = _whole(draws[:, axis], 2 * most + 1) - most
        origin = steps[None, :, None] - shift[:, None, None]
        origin = ops.clip(origin, 0, size - 1) if edges else origin
        moved = ops.cast(ops.equal(origin, steps[None, None]), x.dtype)
        if axis == rank - 1:
            x = ops.matmul(moved if rank == 1 else moved[:, None], x)
        else:
            flat = ops.reshape(x, (-1, size, x.shape[2] * x.shape[3]))
            x = ops.reshape(ops.matmul(moved, flat), (-1, *x.shape[1:]))
    return x


@dataclass(frozen=True)
class Augmentation:
    """A change of data.

    Attributes:
        apply: `(data, draws, scale)` → data; an adaptive one also reads the range's centre and the
            probability.
        draws: How many numbers a row's change is drawn by, of the number of sides.
        adaptive: Whether it comes with a probability that training adapts.
    """

    apply: Callable[..., Any]
    draws: Callable[[int], int]
    adaptive: bool = False


AUGMENTATIONS = {
    "color": Augmentation(color, lambda sides: 3),
    "translation": Augmentation(translation, lambda sides: sides),
    "cutout": Augmentation(cutout, lambda sides: sides),
    "flip": Augmentation(flip, lambda sides: 1),
    "crop": Augmentation(crop, lambda sides: sides),
}
ADAPTIVE = {"ada": Augmentation(adaptive, lambda sides: DRAWS, adaptive=True)}
"""Of images alone."""
SETS = {"diffaugment": ("color", "translation", "cutout")}
"""Names of several."""


def chosen(names: str | Sequence[str] | None) -> list[Augmentation]:
    """The changes of some names, in order.

    Raises:
        ModelError: A name is unknown.
    """
    listed = (names,) if isinstance(names, str) else names or ()
    found = [own for name in listed for own in SETS.get(name, (name,))]
    for name in found:
        if name not in AUGMENTATIONS and name not in ADAPTIVE:
            known = (*SETS, *AUGMENTATIONS, *ADAPTIVE)
            raise ModelError(
                f"augmentation is one of {', '.join(known)}, or several. Received: {name!r}."
                f"{suggestion(name, known)}"
            )
    return [(AUGMENTATIONS | ADAPTIVE)[name] for name in found]


def is_adaptive(names: str | Sequence[str] | None) -> bool:
    """Whether one of the changes comes with a probability that training adapts."""
    return any(one.adaptive for one in chosen(names))


def number_of_draws(names: str | Sequence[str] | None, shape: Sequence[int]) -> int:
    """How many numbers a row's changes are drawn by."""
    return sum(one.draws(len(shape) - 1) for one in chosen(names))


def augment(
    names: str | Sequence[str] | None,
    x: Any,
    draws: Any,
    scale: float = 1.0,
    centre: float = 0.0,
    probability: Any = 1.0,
) -> Any:
    """Data changed by everything named, in order.

    Args:
        names: Rows of `AUGMENTATIONS`, `ADAPTIVE` or `SETS`.
        x: Data.
        draws: `(batch, number_of_draws)`.
        scale: Half the width of the data's range.
        centre: The middle of the range.
        probability: Of the adaptive ones' transformations.
    """
    first = 0
    for one in chosen(names):
        count = one.draws(len(x.shape) - 2)
        more = (centre, probability) if one.adaptive else ()
        x = one.apply(x, draws[:, first : first + count], scale, *more)
        first += count
    return x
