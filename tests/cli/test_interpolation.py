"""Walks start and end at their points; on the sphere they keep their distance from the origin."""

import numpy as np
import pytest

from tests.tolerances import FORMULA
from zoo.cli.interpolate import linear, spherical
from zoo.cli.reconstruct import interleaved

pytestmark = pytest.mark.once
STEPS = np.linspace(0, 1, 5)


@pytest.mark.parametrize("walk", [linear, spherical])
def test_walks_begin_and_end_at_their_points(walk):
    rng = np.random.default_rng(0)
    start, end = rng.normal(size=(2, 6, 4))
    points = walk(start, end, STEPS)
    assert points.shape == (6, 5, 4)
    FORMULA.check(points[:, 0], start)
    FORMULA.check(points[:, -1], end)


def test_a_quarter_circle_is_walked_evenly():
    points = spherical(np.array([[2.0, 0.0]]), np.array([[0.0, 2.0]]), STEPS)
    angles = STEPS * np.pi / 2
    FORMULA.check(points[0], 2 * np.stack([np.cos(angles), np.sin(angles)], axis=1))


@pytest.mark.parametrize("end", [[3.0, 0.0], [-1.0, 0.0], [0.0, 0.0]])
def test_points_in_line_with_the_origin_are_walked_linearly(end):
    start, end = np.array([[1.0, 0.0]]), np.array([end])
    points = spherical(start, end, STEPS)
    FORMULA.check(points, linear(start, end, STEPS))


def test_maps_are_walked_linearly_value_by_value():
    points = linear(np.zeros((2, 3, 3, 1)), np.ones((2, 3, 3, 1)), STEPS)
    FORMULA.check(points[:, 1], np.full((2, 3, 3, 1), 0.25))


def test_rows_alternate():
    upper = np.arange(5)[:, None]
    assert interleaved([upper, -upper], 2).ravel().tolist() == [0, 1, 0, -1, 2, 3, -2, -3]
    assert interleaved([upper, -upper], 8).ravel().tolist() == [0, 1, 2, 3, 4, 0, -1, -2, -3, -4]
