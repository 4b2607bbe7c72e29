"""Adaptive discriminator augmentation (Karras et al., 2020, arXiv:2006.06676).

The transformations of the paper's choice, "bgc": pixel blitting, geometry and colour, each with the
same probability; and the controller of the probability, by how far the discriminator overfits.

Departures: geometry is one bilinear resampling, without the paper's wavelet filter at twice the
resolution; what comes in is mirrored, as in the paper, however far away. Flips, rotations by 90°
and whole translations alone give pixels as they are.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from keras import ops

DRAWS = 28
"""Numbers that a row's transformations are drawn by: 18 of geometry, 10 of colour."""
SHIFT = 0.125
"""Of translations: the largest whole one, and the deviation of the others, as shares of a side."""
ZOOM = 0.2
"""Standard deviation of the binary logarithm of scales."""
BRIGHTNESS, CONTRAST, SATURATION = 0.2, 0.5, 1.0
"""Standard deviations: in half ranges of the data, and of binary logarithms."""
NEAREST = 1e-6
"""How near 0 or 1 a draw comes, of which a normal number is made."""
INTERVAL = 4
"""Batches from one change of the probability to the next."""

Affine = tuple[Any, Any, Any, Any, Any, Any]
"""(a, b, c, d, e, f), each `(batch,)`: (x, y) → (a·x + b·y + e, c·x + d·y + f)."""


def adaptive(x: Any, draws: Any, scale: Any, centre: float, probability: Any) -> Any:
    """Images after the transformations, each of which comes with the probability.

    Args:
        x: Images `(batch, height, width, channels)`.
        draws: Uniform on [0, 1): `(batch, DRAWS)`.
        scale: Half the width of the data's range.
        centre: The middle of the range.
        probability: Of each transformation: a scalar; 0 gives the images, bit for bit.
    """
    drawn = Drawn(draws, ops.convert_to_tensor(probability, dtype=draws.dtype))
    x = resampled(x, geometry(drawn, *x.shape[1:3]))
    return color(x, drawn, scale, centre)


class Drawn:
    """The draws of a batch, taken one after the other.

    Args:
        draws: `(batch, DRAWS)`.
        probability: Of each transformation.
    """

    def __init__(self, draws: Any, probability: Any) -> None:
        self.columns: Iterator[Any] = (draws[:, i] for i in range(draws.shape[1]))
        self.probability = probability

    def uniform(self) -> Any:
        """A number on [0, 1) for each row."""
        return next(self.columns)

    def normal(self) -> Any:
        """A standard normal number for each row."""
        inside = ops.clip(self.uniform(), NEAREST, 1 - NEAREST)
        return math.sqrt(2) * ops.erfinv(2 * inside - 1)

    def gated(self, values: Any, neutral: float, probability: Any = None) -> Any:
        """The values of the rows whose transformation comes, else what changes nothing."""
        likely = self.probability if probability is None else probability
        return ops.where(self.uniform() < likely, values, ops.full_like(values, neutral))


def geometry(drawn: Drawn, height: int, width: int) -> Affine:
    """From the pixels of what is made, counted from the centre, to those of the images."""
    one = 1.0
    flip = drawn.gated(1 - 2 * ops.floor(2 * drawn.uniform()), one)
    found = (flip, 0 * flip, 0 * flip, ops.ones_like(flip), 0 * flip, 0 * flip)
    quarter = drawn.gated(ops.floor(4 * drawn.uniform()), 0.0) * (math.pi / 2)
    # Rounded, so that pixels fall on pixels.
    found = _then(found, *_turn(ops.round(ops.cos(quarter)), ops.round(ops.sin(quarter))))
    sides = [(2 * drawn.uniform() - 1) * SHIFT for _ in range(2)]
    comes = drawn.gated(ops.ones_like(flip), 0.0)
    moves = [ops.round(s * size) * comes for s, size in zip(sides, (width, height), strict=True)]
    found = _then(found, one, 0.0, 0.0, one, -moves[0], -moves[1])
    zoom = drawn.gated(2 ** (ZOOM * drawn.normal()), one)
    found = _then(found, 1 / zoom, 0.0, 0.0, 1 / zoom)
    # Both rotations together come with the probability.
    rotating = 1 - ops.sqrt(ops.clip(1 - drawn.probability, 0.0, 1.0))
    found = _then(found, *_rotation(drawn, rotating))
    stretch = drawn.gated(2 ** (ZOOM * drawn.normal()), one)
    found = _then(found, 1 / stretch, 0.0, 0.0, stretch)
    found = _then(found, *_rotation(drawn, rotating))
    sides = [SHIFT * drawn.normal() for _ in range(2)]
    comes = drawn.gated(ops.ones_like(flip), 0.0)
    return _then(found, one, 0.0, 0.0, one, -sides[0] * width * comes, -sides[1] * height * comes)


def color(x: Any, drawn: Drawn, scale: Any, centre: float) -> Any:
    """Brightness, contrast, luma flip; of three channels also hue and saturation."""

    def wide(values: Any) -> Any:
        return ops.cast(ops.reshape(values, (-1, 1, 1, 1)), x.dtype)

    x = x + scale * wide(drawn.gated(BRIGHTNESS * drawn.normal(), 0.0))
    contrast = wide(drawn.gated(2 ** (CONTRAST * drawn.normal()), 1.0))
    x = x * contrast + centre * (1 - contrast)
    flip = wide(drawn.gated(ops.floor(2 * drawn.uniform()), 0.0))
    x = x - 2 * flip * (ops.mean(x, axis=-1, keepdims=True) - centre)
    if x.shape[-1] != 3:
        return x
    angle = drawn.gated((2 * drawn.uniform() - 1) * math.pi, 0.0)
    cosine, sine = wide(ops.cos(angle)), wide(ops.sin(angle))
    # A rotation about the grey axis v: Rodrigues' formula with v × x.
    across = (ops.roll(x, 1, axis=-1) - ops.roll(x, -1, axis=-1)) / math.sqrt(3)
    grey = ops.mean(x, axis=-1, keepdims=True)
    x = x * cosine + across * sine + grey * (1 - cosine)
    saturation = wide(drawn.gated(2 ** (SATURATION * drawn.normal()), 1.0))
    return x * saturation + grey * (1 - saturation)


def resampled(x: Any, affine: Affine) -> Any:
    """Images at other places, bilinear between pixels, mirrored at the edges.

    Args:
        x: `(batch, height, width, channels)`.
        affine: From places of the result to places of the images, from the centre.
    """
    height, width, channels = x.shape[1:]
    a, b, c, d, e, f = (ops.reshape(part, (-1, 1, 1)) for part in affine)
    middle_x, middle_y = (width - 1) / 2, (height - 1) / 2
    right = (ops.arange(width, dtype=a.dtype) - middle_x)[None, None, :]
    down = (ops.arange(height, dtype=a.dtype) - middle_y)[None, :, None]
    left, beside = _mirrored(a * right + b * down + e + middle_x, width)
    top, below = _mirrored(c * right + d * down + f + middle_y, height)
    rows = ops.shape(x)[0]
    first = ops.reshape(ops.arange(rows, dtype="int32") * (height * width), (-1, 1, 1))
    flat = ops.reshape(x, (-1, channels))

    def pixels(row: Any, column: Any) -> Any:
        places = ops.reshape(first + row * width + column, (-1,))
        return ops.reshape(ops.take(flat, places, axis=0), (-1, height, width, channels))

    beside, below = (ops.cast(part, x.dtype)[..., None] for part in (beside, below))
    next_column = ops.minimum(left + 1, width - 1)
    next_row = ops.minimum(top + 1, height - 1)
    upper = pixels(top, left) * (1 - beside) + pixels(top, next_column) * beside
    lower = pixels(next_row, left) * (1 - beside) + pixels(next_row, next_column) * beside
    return upper * (1 - below) + lower * below


def next_probability(
    probability: Any, overfitting: Any, rows: Any, target: float, images: float
) -> Any:
    """The probability after `INTERVAL` batches: higher where the discriminator overfits.

    Args:
        probability: Of now.
        overfitting: E[sign(D(data))] of the batches, r_t in the paper.
        rows: Of a batch.
        target: What `overfitting` should be.
        images: In how many the probability goes from 0 to 1.
    """
    step = ops.sign(overfitting - target) * (rows * INTERVAL / images)
    return ops.clip(probability + step, 0.0, 1.0)


def _then(first: Affine, a: Any, b: Any, c: Any, d: Any, e: Any = 0.0, f: Any = 0.0) -> Affine:
    """The product of two maps: the second one's result is what the first one reads."""
    a1, b1, c1, d1, e1, f1 = first
    return (
        a1 * a + b1 * c,
        a1 * b + b1 * d,
        c1 * a + d1 * c,
        c1 * b + d1 * d,
        a1 * e + b1 * f + e1,
        c1 * e + d1 * f + f1,
    )


def _turn(cosine: Any, sine: Any) -> tuple[Any, Any, Any, Any]:
    return cosine, -sine, sine, cosine


def _rotation(drawn: Drawn, probability: Any) -> tuple[Any, Any, Any, Any]:
    angle = drawn.gated((2 * drawn.uniform() - 1) * math.pi, 0.0, probability)
    return _turn(ops.cos(angle), ops.sin(angle))


def _mirrored(places: Any, size: int) -> tuple[Any, Any]:
    """The pixel before each place, whole, and how far the place is behind it."""
    if size == 1:
        return ops.cast(ops.zeros_like(places), "int32"), ops.zeros_like(places)
    period = 2.0 * (size - 1)
    inside = places - ops.floor(places / period) * period
    inside = ops.minimum(inside, period - inside)
    before = ops.clip(ops.floor(inside), 0, size - 2)
    return ops.cast(before, "int32"), inside - before
