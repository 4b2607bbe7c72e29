"""Samples of every shape can be saved as a picture."""

import os
import stat

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.tolerances import EXACT
from zoo.errors import DataError, TargetError
from zoo.plotting.drawing import round_limits
from zoo.plotting.grid import draw_grid, save_grid, to_uint8

pytestmark = pytest.mark.once

EVERY_BYTE = np.arange(256, dtype=np.uint8)


@pytest.mark.parametrize("value_range", [(0.0, 1.0), (-1.0, 1.0), (-3.5, 12.0)])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_bytes_survive_being_scaled_and_back(value_range, dtype):
    low, high = value_range
    scaled = (EVERY_BYTE / 255 * (high - low) + low).astype(dtype)
    EXACT.check(to_uint8(scaled, value_range), EVERY_BYTE)


@given(st.lists(st.floats(width=32), min_size=1), st.sampled_from([(0, 1), (-1, 1), None]))
def test_any_float_becomes_a_byte_without_a_warning(values, value_range):
    levels = to_uint8(np.array(values, np.float32), value_range)
    assert levels.dtype == np.uint8


def test_values_are_clipped_and_rounded():
    values = np.array([-9.0, 0.0, 0.4 / 255, 0.6 / 255, 1.0, 9.0, np.nan, np.inf])
    assert to_uint8(values, (0, 1)).tolist() == [0, 0, 0, 1, 255, 255, 0, 255]


def test_bytes_stay_as_they_are():
    assert to_uint8(EVERY_BYTE, (-1, 1)) is EVERY_BYTE


def test_without_a_range_values_fill_their_own():
    assert to_uint8(np.array([-2.0, 0.5, 3.0]), None).tolist() == [0, 128, 255]
    assert to_uint8(np.array([4.0, 4.0]), None).tolist() == [0, 0]


def test_images_lie_row_by_row_with_thin_lines_between():
    images = np.stack([np.full((2, 3, 1), level, np.uint8) for level in (10, 20, 30)])
    expected = np.full((6, 8), 128)
    expected[:2, :3], expected[:2, 5:], expected[4:, :3] = 10, 20, 30
    EXACT.check(draw_grid(images, value_range=None, columns=2, scale=1)[..., 0], expected)


@pytest.mark.parametrize(
    ("shape", "columns", "scale", "expected"),
    [
        ((64, 8, 8, 1), None, None, (526, 526, 1)),
        ((10, 28, 28, 1), 10, None, (56, 578, 1)),
        ((3, 64, 64, 3), None, None, (130, 130, 3)),
        ((1, 200, 100, 3), None, None, (200, 100, 3)),
        ((2, 8, 8, 1), 5, 3, (24, 50, 1)),
        ((7, 64), None, 1, (28, 28, 1)),
        ((4, 3 * 32 * 32), None, 1, (66, 66, 3)),
        ((5, 2), None, None, (512, 512, 3)),
        ((4, 98), None, None, (194, 386, 3)),
        ((4, 3), None, None, (194, 386, 3)),
        ((4, 1), None, None, (194, 386, 3)),
        ((2, 50, 7), 1, None, (194, 192, 3)),
    ],
)
@pytest.mark.parametrize("value_range", [None, (0.0, 1.0), (-1.0, 1.0)])
def test_every_shape_has_a_picture(shape, columns, scale, expected, value_range):
    samples = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    samples.flat[0] = np.nan
    sheet = draw_grid(samples, value_range=value_range, columns=columns, scale=scale)
    assert sheet.shape == expected
    assert sheet.dtype == np.uint8
    assert sheet.std() > 0


def test_points_are_drawn_where_they_are():
    sheet = draw_grid(np.array([[1.0, 1.0], [9.0, 9.0], [np.inf, 0.0]]), value_range=(-1.0, 1.0))
    blue = np.argwhere(sheet[..., 2].astype(int) - sheet[..., 0] > 30)
    assert (abs(blue - [16, 495]) <= 1).all()


def test_curves_rise_where_their_values_rise():
    sheet = draw_grid(np.linspace(0, 1, 50)[None, :, None], value_range=(0.0, 1.0))
    heights = [int(np.argmin(sheet[:, column, 0])) for column in (10, 90, 180)]
    assert heights == sorted(heights, reverse=True)
    assert heights[0] - heights[2] > 70


@pytest.mark.parametrize(
    ("values", "expected"),
    [([0.99, -1.0], 1), ([1.02], 1.5), ([-4.1], 5), ([0.07], 0.1), ([0.0], 1), ([], 1)],
)
def test_limits_are_round_and_symmetric(values, expected):
    assert round_limits(np.array(values)) == pytest.approx((-expected, expected))


@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (3, "RGB")])
def test_png_holds_what_was_drawn(tmp_path, channels, mode):
    images = np.random.default_rng(0).random((4, 8, 8, channels))
    path = save_grid(images, tmp_path / "new" / "a.png", value_range=(0, 1))
    with Image.open(path) as picture:
        assert picture.mode == mode
        drawn = np.asarray(picture).reshape(picture.height, picture.width, channels)
    EXACT.check(drawn, draw_grid(images, value_range=(0, 1)))
    assert os.listdir(path.parent) == ["a.png"]


@pytest.mark.parametrize(
    ("samples", "options", "message"),
    [
        (np.zeros((0, 8, 8, 1)), {}, r"Received: shape \(0, 8, 8, 1\)"),
        (np.zeros(8), {}, r"Received: shape \(8,\)"),
        (np.zeros((2, 8, 8, 4)), {}, "Received: 4 channels. Accepted: 1 or 3"),
        (np.zeros((2, 8, 8, 2)), {}, "Received: 2 channels"),
        (np.zeros((2, 8), complex), {}, "dtype complex128"),
        (np.zeros((2, 8, 8, 1)), {"columns": 0}, "columns is at least 1. Received: 0"),
        (np.zeros((2, 8, 8, 1)), {"scale": -1}, "scale is at least 1. Received: -1"),
    ],
)
def test_what_cannot_be_drawn_is_refused_and_leaves_no_file(tmp_path, samples, options, message):
    with pytest.raises(DataError, match=message):
        save_grid(samples, tmp_path / "a.png", value_range=None, **options)
    assert os.listdir(tmp_path) == []


def test_other_formats_are_refused(tmp_path):
    with pytest.raises(DataError, match=r"PNG files. Received: '.*a\.jpg'"):
        save_grid(np.zeros((1, 8, 8, 1)), tmp_path / "a.jpg", value_range=None)


def test_target_that_cannot_be_written_is_one_clear_line(tmp_path):
    (tmp_path / "file").touch(mode=stat.S_IRUSR)
    with pytest.raises(TargetError, match=r"Cannot write .*a\.png: "):
        save_grid(np.zeros((1, 8, 8, 1)), tmp_path / "file" / "a.png", value_range=None)
