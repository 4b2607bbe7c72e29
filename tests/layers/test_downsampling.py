"""Filters that make data small, against numbers worked out by hand, NumPy and Pillow."""

import numpy as np
import pytest
from PIL import Image

from tests.arrays import array, tensor
from tests.tolerances import FORMULA
from zoo.errors import ModelError
from zoo.layers import Downsample
from zoo.layers.downsampling import weights

KINDS = ("gaussian", "bicubic")


def drawn(*shape):
    return np.random.default_rng(0).uniform(-1, 1, shape).astype("float32")


def small(kind, factor, x):
    return array(Downsample(kind, factor)(tensor(x)))


def expected(kind, factor, x):
    """Sums of reflected data, one side after the other, in float64."""
    found = x.astype("float64")
    for axis in range(1, x.ndim - 1):
        reach = 4 * factor
        padding = [(reach, reach) if side == axis else (0, 0) for side in range(x.ndim)]
        padded = np.moveaxis(np.pad(found, padding, mode="symmetric"), axis, 0)
        first = reach - 3 * factor // 2
        blocks = range(-(-x.shape[axis] // factor))
        windows = (padded[first + factor * n :][: 4 * factor] for n in blocks)
        sums = [np.tensordot(weights(kind, factor), window, 1) for window in windows]
        found = np.moveaxis(np.stack(sums), 0, axis)
    return found


def test_bicubic_weights_of_half_are_those_of_the_stretched_cubic():
    """Of 1.5x³ − 2.5x² + 1 at ¼ and ¾, and −.5x³ + 2.5x² − 4x + 2 at 1¼ and 1¾, halved."""
    half = np.array([0.8671875, 0.2265625, -0.0703125, -0.0234375]) / 2
    FORMULA.check(weights("bicubic", 2), [*half[::-1], *half])


def test_gaussian_weights_have_their_spread():
    found = weights("gaussian", 4)
    distance = np.arange(16) - 7.5
    FORMULA.check(found / found[8], np.exp(-(distance**2 - 0.25) / (2 * 1.6**2)))
    FORMULA.check(found.sum(), 1.0)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("factor", "shape"), [(2, (8, 11, 2)), (4, (9, 5, 1)), (2, (1, 3, 1)), (2, (7, 3))], ids=str
)
def test_data_are_reflected_weighed_and_every_few_kept(kind, factor, shape):
    x = drawn(2, *shape)
    FORMULA.check(small(kind, factor, x), expected(kind, factor, x))


@pytest.mark.parametrize("factor", [2, 4])
def test_bicubic_is_that_of_pillow_where_no_border_is_near(factor):
    x = drawn(1, 40, 48, 1)
    size = (48 // factor, 40 // factor)
    pillow = np.asarray(Image.fromarray(x[0, ..., 0]).resize(size, Image.Resampling.BICUBIC))
    FORMULA.check(small("bicubic", factor, x)[0, 2:-2, 2:-2, 0], pillow[2:-2, 2:-2])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", [(8, 8, 1), (3, 5, 2), (1, 1, 1), (6, 1)], ids=str)
def test_a_constant_stays_so_to_its_border(kind, shape):
    found = small(kind, 4, np.full((1, *shape), 0.7, "float32"))
    FORMULA.check(found, np.full(found.shape, 0.7))


@pytest.mark.once
@pytest.mark.parametrize(("kind", "factor"), [("lanczos", 2), ("bicubic", 3), ("gaussian", 1)])
def test_other_filters_and_factors_are_rejected(kind, factor):
    with pytest.raises(ModelError, match=f"kind='{kind}', factor={factor}. Accepted: gaussian, bi"):
        Downsample(kind, factor)
