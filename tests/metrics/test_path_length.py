"""Lengths of paths that are known: quarter circles, and straight lines through a linear map."""

import math

import numpy as np
import pytest

from tests.tolerances import FORMULA
from zoo import metrics

pytestmark = pytest.mark.once


def whole(latent):
    return latent


def test_a_quarter_circle_is_passed_at_a_constant_speed():
    """A chord of ε of it is 2·sin(επ/4) long, wherever it begins."""
    ends = np.tile([[1.0, 0.0]], (8, 1)), np.tile([[0.0, 1.0]], (8, 1))
    found = metrics.perceptual_path_length(whole, *ends, spherical=True)
    expected = (2 * math.sin(1e-3 * math.pi / 4) / 1e-3) ** 2
    assert found.value == pytest.approx(expected, rel=1e-9)
    assert found.value == pytest.approx((math.pi / 2) ** 2, rel=1e-6)
    assert found.standard_error == pytest.approx(0, abs=1e-9)


def test_arcs_reach_both_ends():
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(2, 5, 3, 2))
    seen = []
    metrics.perceptual_path_length(
        lambda latent: seen.append(latent) or latent, first, second, spherical=True, step=1.0
    )
    FORMULA.check(seen[0], first)
    FORMULA.check(seen[1], second)


def test_a_straight_path_through_a_linear_map_is_as_long_as_the_map_makes_it():
    matrix = np.array([[1.0, 2.0], [0.0, -1.0]])
    first, second = np.zeros((4, 2)), np.tile([[3.0, 1.0]], (4, 1))
    found = metrics.perceptual_path_length(
        lambda latent: latent @ matrix, first, second, spherical=False
    )
    assert found.value == pytest.approx(3.0**2 + 5.0**2, rel=1e-9)


def test_the_longest_and_the_shortest_hundredth_are_left_out():
    lengths = np.array([0.0, *[2.0] * 198, 1e6])
    second = lengths[:, None]
    found = metrics.perceptual_path_length(whole, 0 * second, second, spherical=False)
    assert found.value == pytest.approx(4.0)
