"""Reconstructions against numbers worked out by hand and a plain loop over windows."""

import math

import numpy as np
import pytest

from tests.tolerances import FORMULA
from zoo import metrics
from zoo.errors import DataError
from zoo.metrics.reconstruction import number_of_scales

pytestmark = pytest.mark.once

rng = np.random.default_rng(0)


def images(count=3, side=14, channels=2):
    return rng.random((count, side, side, channels))


def test_an_error_of_a_tenth_has_twenty_decibels():
    data = np.zeros((4, 2, 2, 1))
    FORMULA.check(metrics.mean_squared_error(data, data + 0.1), 0.01)
    FORMULA.check(metrics.peak_signal_to_noise_ratio(data, data + 0.1), 20.0)
    FORMULA.check(metrics.peak_signal_to_noise_ratio(data, data + 0.2, value_range=2.0), 20.0)


def test_signal_to_noise_is_a_mean_of_images_and_not_of_their_errors():
    data = np.zeros((2, 4))
    made = np.array([[0.1] * 4, [0.01] * 4])
    FORMULA.check(metrics.peak_signal_to_noise_ratio(data, made), (20.0 + 40.0) / 2)
    assert metrics.peak_signal_to_noise_ratio(data, data) == math.inf


def similarity_by_loops(x, y, size, value_range):
    """Wang et al., 2004, equations 13 to 17, one window after another."""
    offsets = np.arange(size) - (size - 1) / 2
    window = np.exp(-(offsets[:, None] ** 2 + offsets**2) / (2 * 1.5**2))
    window /= window.sum()
    c1, c2 = (0.01 * value_range) ** 2, (0.03 * value_range) ** 2
    found = []
    for image, other in zip(np.moveaxis(x, -1, 1), np.moveaxis(y, -1, 1), strict=True):
        for a, b in zip(image, other, strict=True):
            for i in range(a.shape[0] - size + 1):
                for j in range(a.shape[1] - size + 1):
                    p, q = a[i : i + size, j : j + size], b[i : i + size, j : j + size]
                    mp, mq = np.sum(window * p), np.sum(window * q)
                    vp, vq = np.sum(window * (p - mp) ** 2), np.sum(window * (q - mq) ** 2)
                    cov = np.sum(window * (p - mp) * (q - mq))
                    luminance = (2 * mp * mq + c1) / (mp**2 + mq**2 + c1)
                    found.append(luminance * (2 * cov + c2) / (vp + vq + c2))
    return np.mean(found)


@pytest.mark.parametrize(("side", "size"), [(14, 11), (12, 11), (11, 9), (8, 7), (4, 3)])
def test_similarity_is_that_of_every_window(side, size):
    x, y = images(side=side), images(side=side)
    for value_range in (1.0, 2.0):
        found = metrics.structural_similarity(x, 0.5 * x + 0.5 * y, value_range)
        FORMULA.check(found, similarity_by_loops(x, 0.5 * x + 0.5 * y, size, value_range))


def test_similarity_of_an_image_with_itself_is_one_and_with_its_negative_is_negative():
    x = images()
    FORMULA.check(metrics.structural_similarity(x, x), 1.0)
    assert metrics.structural_similarity(x, 1 - x) < -0.5


def test_similarity_of_even_grey_is_the_luminance_term():
    grey = np.full((1, 12, 12, 1), 0.25)
    expected = (2 * 0.25 * 0.75 + 1e-4) / (0.25**2 + 0.75**2 + 1e-4)
    FORMULA.check(metrics.structural_similarity(grey, grey + 0.5), expected)


def pattern(side, phase):
    i, j = np.mgrid[:side, :side] / side
    return (0.5 + 0.5 * np.sin(20 * i + phase) * np.cos(13 * j * (1 + i)))[None, ..., None]


@pytest.mark.parametrize(
    ("side", "scales", "expected"), [(44, 3, 0.8264302015), (176, 5, 0.8082259893)]
)
def test_multiscale_similarity_is_that_of_a_reference(side, scales, expected):
    """`tf.image.ssim_multiscale` of TensorFlow 2.21 in float32, its power factors scaled to 1."""
    assert number_of_scales(side) == scales
    found = metrics.multiscale_similarity(pattern(side, 0.0), pattern(side, 0.6))
    assert found == pytest.approx(expected, abs=2e-6)


def test_multiscale_similarity_of_even_grey_is_the_last_scales_luminance():
    """Structures are 1; of two scales the second one weighs .2856 of .0448 + .2856."""
    grey = np.full((1, 23, 25, 1), 0.25)
    luminance = (2 * 0.25 * 0.75 + 1e-4) / (0.25**2 + 0.75**2 + 1e-4)
    found = metrics.multiscale_similarity(grey, grey + 0.5)
    FORMULA.check(found, luminance ** (0.2856 / (0.2856 + 0.0448)))


def test_multiscale_similarity_of_a_negative_is_nothing_and_needs_a_window():
    x = images(side=24)
    FORMULA.check(metrics.multiscale_similarity(x, x), 1.0)
    assert metrics.multiscale_similarity(x, 1 - x) == 0
    with pytest.raises(DataError, match="11×11"):
        metrics.multiscale_similarity(x[:, :8], x[:, :8])


def test_cross_entropy_is_a_sum_over_the_features_and_no_less_than_the_floor():
    data = np.array([[1.0, 0.0, 0.5], [0.25, 1.0, 0.0]])
    made = np.array([[0.5, 0.25, 0.5], [0.5, 0.5, 0.5]])
    first = -(math.log(0.5) + math.log(0.75) + math.log(0.5))
    FORMULA.check(metrics.cross_entropy(data, made), (first - 3 * math.log(0.5)) / 2)
    quarter = -(0.25 * math.log(0.25) + 0.75 * math.log(0.75))
    FORMULA.check(metrics.entropy_floor(data), (math.log(2) + quarter) / 2)
    assert metrics.cross_entropy(data, data) == pytest.approx(metrics.entropy_floor(data), abs=1e-5)
    assert metrics.cross_entropy(data, made) > metrics.entropy_floor(data)
    assert metrics.entropy_floor(np.array([[1.0, 0.0]])) == 0.0


def test_a_saturated_pixel_that_is_wrong_costs_much_and_not_infinitely():
    assert metrics.cross_entropy(np.ones((1, 1)), np.zeros((1, 1))) == pytest.approx(
        7 * math.log(10)
    )
