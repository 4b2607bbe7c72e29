"""Data that cannot be used are refused in one line that says what was received."""

import numpy as np
import pytest

from zoo.data import as_data, load_data, validation
from zoo.errors import DataError

pytestmark = pytest.mark.once


def with_value(value, index, dtype=np.float32):
    array = np.zeros((3, 4, 5, 1), dtype)
    array[index] = value
    return array


X = np.zeros((3, 4), np.float32)

BAD = {
    "NaN": (with_value(np.nan, (1, 2, 3, 0)), r"nan in x at index \(1, 2, 3, 0\)"),
    "infinity": (with_value(-np.inf, (2, 0, 0, 0)), r"-inf in x at index \(2, 0, 0, 0\)"),
    "too large": (with_value(1e300, (0, 1, 1, 0), np.float64), r"1e\+300 in x at index \(0, 1, 1"),
    "no samples": (np.zeros((0, 8, 8, 1)), r"at least one value. Received: x of shape \(0, 8"),
    "no features": (np.zeros((5, 0)), r"x of shape \(5, 0\)"),
    "empty list": ([], r"x of shape \(0,\)"),
    "a number": (3.0, r"x of shape \(\)"),
    "one vector": (np.zeros(7), r"x of shape \(7,\)"),
    "video": (np.zeros((1, 2, 3, 4, 5)), r"x of shape \(1, 2, 3, 4, 5\)"),
    "ragged": ([[1.0, 2.0], [3.0]], "one shape. Received: x, list that makes no array"),
    "objects": (np.array([[None, 1]]), "dtype object. Accepted: bool, integers, floats"),
    "text": (np.array([["a"]]), "dtype <U1"),
    "complex": (np.zeros((2, 2), complex), "dtype complex128"),
    "dates": (np.zeros((2, 2), "datetime64[s]"), "dtype datetime64"),
    "channels first": (np.zeros((2, 3, 32, 32)), r"Channels come last.*\(2, 3, 32, 32\)"),
    "three values": ((X, X, X), "Data in a tuple are a pair. Received: 3 values"),
    "nothing": (None, "dtype object"),
    "fewer labels": ((X, [0, 1]), "Received: 3 samples in x and 2 labels"),
    "NaN label": ((X, [0.0, np.nan, 1.0]), r"Received: nan at \(1,\)"),
    "broken label": ((X, [0.0, 0.5, 1.0]), r"Labels are whole. Received: 0.5 at \(1,\)"),
    "no one-hot": ((X, [[0, 1], [1, 1], [1, 0]]), r"Received: \[1, 1\] at row 1"),
    "negative one-hot": ((X, [[0, 1], [2, -1], [1, 0]]), r"Received: \[2, -1\] at row 1"),
    "ragged labels": ((X, [[0], [1, 2], [3]]), "Labels have one shape. Received: ragged"),
    "maps of labels": ((X, np.zeros((3, 2, 2), int)), r"class labels. Received: shape \(3, 2, 2\)"),
    "complex labels": ((X, np.zeros(3, complex)), "dtype complex128"),
    "mixed labels": ((X, np.array(["a", 1, None], object)), "dtype object"),
    "empty labels": ((X, []), "3 samples in x and 0 labels"),
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("load", [as_data, load_data])
@pytest.mark.parametrize("name", BAD)
def test_bad_values_are_refused_in_one_line(load, name):
    values, message = BAD[name]
    with pytest.raises(DataError, match=message) as caught:
        load(values)
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value, ValueError)


def test_nan_is_found_across_chunks_of_a_memory_map(tmp_path, monkeypatch):
    monkeypatch.setattr(validation, "CHUNK_BYTES", 64)
    array = np.zeros((100, 4), np.float32)
    array[77, 2] = np.nan
    np.save(tmp_path / "x.npy", array)
    with pytest.raises(DataError, match=r"nan in x\.npy at index \(77, 2\)"):
        load_data(tmp_path / "x.npy")


def test_extent_is_the_same_in_any_chunks(monkeypatch):
    array = np.random.default_rng(0).normal(size=(50, 3))
    expected = (array.min(), array.max())
    for size in (1, 24, 100, 10**6):
        monkeypatch.setattr(validation, "CHUNK_BYTES", size)
        assert validation.find_extent(array) == expected


def test_nan_in_the_test_split_is_found_too():
    with pytest.raises(DataError, match=r"nan in x_test at index \(2, 1\)"):
        load_data(((X, None), (np.where(np.arange(12).reshape(3, 4) == 9, np.nan, X), None)))


def test_test_split_of_another_shape_is_refused():
    with pytest.raises(DataError, match=r"one shape. Received: \(4,\) and \(5,\)"):
        load_data(((X, None), (np.zeros((3, 5)), None)))


def test_test_values_outside_the_training_range_are_kept():
    _, test = load_data(((np.full((2, 2, 2), 0.5), None), (np.full((2, 2, 2), 1.5), None)))
    assert test.source_range == (0.0, 1.0)
    assert test.batch([0], (-1, 1))["data"].max() == 2.0


@pytest.mark.parametrize("source", ["digts", "fashion-mnist", "mnst"])
def test_unknown_name_suggests_the_nearest(source):
    nearest = {"digts": "digits", "fashion-mnist": "fashion_mnist", "mnst": "mnist"}[source]
    with pytest.raises(DataError, match=f"Did you mean '{nearest}'.*Accepted: digits, ring, grid"):
        load_data(source)


def test_missing_file_suggests_the_nearest(tmp_path):
    (tmp_path / "train.npz").touch()
    with pytest.raises(DataError, match=r"No such data.*trian\.npz.*Did you mean 'train\.npz'"):
        load_data(tmp_path / "trian.npz")


def test_file_of_another_kind_is_refused(tmp_path):
    (tmp_path / "x.xls").write_text("1,2")
    with pytest.raises(
        DataError, match=r"\.npz, \.npy, \.csv, \.txt or \.wav. Received: '.*x\.xls'"
    ):
        load_data(tmp_path / "x.xls")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": 0}, "size=0"),
        ({"size": (8, -1)}, r"size=\(8, -1\)"),
        ({"size": (1, 2, 3)}, r"size=\(1, 2, 3\)"),
        ({"size": 2.5}, "size=2.5"),
        ({"size": "big"}, "size='big'"),
        ({"channels": 2}, "channels=2"),
        ({"channels": 4}, "Received: 1 to 4"),
        ({"keys": {"x_train": "x"}}, r"keys is for \.npz files.*for digits"),
        ({"label": "a"}, r"label is for tables \(\.csv\). Received: label='a' for digits"),
        ({"tokens": "words"}, r"tokens is for text \(\.txt\). Received: tokens='words' for digits"),
        ({"unpaired": True}, r"two sources. Received: one. Accepted: target=… \(--target D\)"),
        ({"kind": "sounds"}, "Received: 'sounds'. Accepted: vectors, sequences, images"),
        ({"kind": "vectors"}, r"cannot be vectors. .*Accepted: \(count, features\)"),
        ({"source_range": (1, 0)}, r"finite and rising. Received: \(1, 0\)"),
        ({"source_range": (0, float("inf"))}, "finite and rising"),
    ],
)
def test_impossible_option_is_refused(options, message):
    with pytest.raises(DataError, match=message):
        load_data("digits", **options)


def test_image_options_are_refused_for_vectors():
    with pytest.raises(DataError, match="size and channels are for images"):
        load_data("ring", size=8)
