"""Batches are scaled as asked; data know what they are."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tolerances import EXACT, FORMULA
from zoo.data import Data, as_data, fingerprint
from zoo.errors import DataError

pytestmark = pytest.mark.once

RANGES = [(0.0, 1.0), (-1.0, 1.0), (-0.5, 2.0)]
IMAGES = np.arange(2 * 4 * 4 * 3).reshape(2, 4, 4, 3)


@pytest.mark.parametrize("value_range", RANGES)
@pytest.mark.parametrize(
    ("dtype", "source_range"),
    [
        (np.uint8, (0, 255)),
        (np.uint16, (0, 1000)),
        (np.int32, (-7, 9)),
        (np.int64, (2**40, 2**40 + 10)),
        (np.float16, (0, 1)),
        (np.float32, (-1, 1)),
        (np.float64, (1e6, 1e6 + 1e-3)),
        (">f4", (0, 1)),
        (bool, (0, 1)),
    ],
)
def test_ends_of_the_source_range_become_ends_of_the_value_range(dtype, source_range, value_range):
    samples = np.array([source_range, source_range[::-1]]).astype(dtype)[..., None]
    data = Data(samples, source_range=source_range)
    scaled = data.batch([1, 0], value_range)["data"]
    assert scaled.dtype == np.float32
    FORMULA.check(scaled[..., 0], [value_range[::-1], value_range])


@given(st.integers(0, 255), st.integers(0, 255), st.sampled_from(RANGES))
def test_scaling_keeps_the_order_of_values(first, second, value_range):
    data = Data(np.array([[first], [second]], np.uint8), source_range=(0, 255))
    low, high = data.batch([0, 1], value_range)["data"][:, 0]
    assert (low < high) == (first < second)
    assert (low == high) == (first == second)


def test_bytes_are_scaled_to_the_exact_ends():
    data = as_data(np.array([[[0, 255]]], np.uint8))
    EXACT.check(data.batch([0], (-1, 1))["data"].ravel(), [-1, 1])
    EXACT.check(data.batch([0], (0, 1))["data"].ravel(), [0, 1])


def test_no_value_range_leaves_values_as_they_are():
    batch = as_data(IMAGES.astype(np.uint8)).batch([1], None)
    assert batch["data"].dtype == np.float32
    EXACT.check(batch["data"], IMAGES[1:])


def test_measurements_are_scaled_by_their_extent_when_a_range_is_asked_for():
    data = as_data(np.array([[-3.0, 0.0], [5.0, 1.0]]))
    assert data.source_range is None
    FORMULA.check(data.batch([0, 1], (0, 1))["data"], [[0, 0.375], [1, 0.5]])
    EXACT.check(data.batch([0, 1], None)["data"], [[-3, 0], [5, 1]])


def test_constant_data_are_scaled_to_the_low_end():
    data = as_data(np.full((2, 3), 7.0))
    EXACT.check(data.batch([0, 1], (-1, 1))["data"], np.full((2, 3), -1.0))


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        (np.array([[0, 255]], np.uint8), (0, 255)),
        (np.array([[0, 7]], np.uint8), (0, 255)),
        (np.array([[0, 1]], np.uint8), (0, 1)),
        (np.array([[True, False]]), (0, 1)),
        (np.array([[3, 40]]), (3, 40)),
        (np.array([[0.1, 0.9]]), (0, 1)),
        (np.array([[-0.1, 0.9]]), None),
        (np.array([[[-0.1, 0.9]]]), (-1, 1)),
        (np.array([[[-3.0, 0.9]]]), (-3, 0.9)),
    ],
)
def test_source_range_is_inferred_from_dtype_and_values(samples, expected):
    assert as_data(samples).source_range == expected


def test_batch_takes_samples_and_labels_in_the_order_of_the_indices():
    data = as_data((np.arange(6.0).reshape(6, 1), [0, 1, 2, 0, 1, 2]))
    batch = data.batch(np.array([4, 0, 4]), None)
    assert batch["data"].ravel().tolist() == [4, 0, 4]
    assert batch["labels"].tolist() == [1, 0, 1]
    assert batch["labels"].dtype == np.int32


def test_data_without_labels_give_batches_without_labels():
    assert list(as_data(IMAGES).batch([0], None)) == ["data"]


@given(st.lists(st.integers(0, 99), min_size=1, max_size=30))
def test_memory_mapped_batches_keep_the_order_asked_for(tmp_path_factory, indices):
    path = tmp_path_factory.getbasetemp() / "mapped.npy"
    if not path.exists():
        np.save(path, np.arange(100, dtype=np.float32)[:, None])
    data = as_data(np.load(path, mmap_mode="r"))
    assert isinstance(data.samples, np.memmap)
    batch = data.batch(indices, None)["data"]
    assert batch.ravel().tolist() == indices
    assert not isinstance(batch, np.memmap)


def test_batches_cover_every_sample_in_order():
    data = as_data(np.arange(7.0)[:, None])
    batches = [batch["data"].ravel().tolist() for batch in data.batches(3, None)]
    assert batches == [[0, 1, 2], [3, 4, 5], [6]]


def test_batch_does_not_change_the_samples():
    samples = np.array([[0.25, 0.5]], np.float32)
    data = as_data(samples)
    data.batch([0], (-1, 1))
    data.batch([0], None)["data"][:] = 9
    EXACT.check(samples, [[0.25, 0.5]])


def test_validation_data_share_the_range_and_classes_of_the_training_data():
    train = as_data((np.array([[[0.0, 8.0]], [[4.0, 2.0]]]), ["cat", "dog"]))
    validation = as_data((np.array([[[0.5, 16.0]]]), ["dog"]), like=train)
    assert validation.labels.tolist() == [1]
    assert validation.class_names == ["cat", "dog"]
    FORMULA.check(validation.batch([0], (0, 1))["data"].ravel(), [0.0625, 2.0])


def test_number_of_classes_says_that_labels_are_indices():
    data = as_data((np.zeros((2, 3)), [4, 2]), num_classes=5)
    assert data.labels.tolist() == [4, 2]
    assert data.num_classes == 5


def test_expected_shape_tells_sequences_from_images():
    values = np.zeros((2, 5, 3), np.float32)
    assert as_data(values).shape == (5, 3, 1)
    assert as_data(values, shape=(5, 3)).shape == (5, 3)
    assert as_data(values, shape=(5, 3, 1)).shape == (5, 3, 1)
    with pytest.raises(DataError, match=r"Received: x of shape \(2, 5, 3\).*\(count, 4, 3\)"):
        as_data(values, shape=(4, 3))
    with pytest.raises(DataError, match="expected|have the shape"):
        as_data(as_data(values), shape=(5,))


def test_data_are_returned_as_they_are():
    data = as_data(IMAGES)
    assert as_data(data) is data


def test_description_is_json_and_complete():
    data = as_data((IMAGES.astype(np.uint8), [1, 0]))
    description = json.loads(json.dumps(data.description))
    assert description.pop("hash").startswith("sha256:")
    assert description == {
        "source": "arrays",
        "count": 2,
        "shape": [4, 4, 3],
        "dtype": "uint8",
        "source_range": [0.0, 255.0],
        "class_names": ["0", "1"],
    }


def test_hash_changes_with_any_sample_label_shape_or_dtype():
    samples = np.zeros((4, 6), np.float32)
    changed = samples.copy()
    changed[3, 5] = 1e-30
    labels = np.array([0, 1, 0, 1], np.int32)
    variants = [
        (samples, None),
        (changed, None),
        (samples.reshape(4, 2, 3), None),
        (samples.view(np.int32), None),
        (samples, labels),
        (samples, 1 - labels),
    ]
    hashes = [fingerprint.fingerprint(*variant) for variant in variants]
    assert len(set(hashes)) == len(variants)
    assert hashes[0] == fingerprint.fingerprint(np.asfortranarray(samples), None)


def test_hash_of_large_data_says_that_it_is_sampled(monkeypatch):
    samples = np.zeros((1000, 8), np.uint8)
    monkeypatch.setattr(fingerprint, "FULL_BYTES", samples.nbytes - 1)
    monkeypatch.setattr(fingerprint, "BLOCK_BYTES", 32)
    monkeypatch.setattr(fingerprint, "BLOCKS", 10)
    before = fingerprint.fingerprint(samples, None)
    assert before.startswith("sha256-sampled:")
    for row in (0, 999):
        changed = samples.copy()
        changed[row, 0] = 1
        assert fingerprint.fingerprint(changed, None) != before
