"""Labels of any form become the same int32 indices in every split."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import zoo
from zoo.data.labels import index_labels
from zoo.errors import DataError

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    "labels",
    [
        [5, 2, 9, 2],
        np.array([5, 2, 9, 2], np.uint8),
        np.array([5.0, 2.0, 9.0, 2.0]),
        np.array([[5], [2], [9], [2]]),
    ],
)
def test_classes_are_those_that_occur_in_order(labels):
    (indices,), names = index_labels([labels])
    assert indices.tolist() == [1, 0, 2, 0]
    assert indices.dtype == np.int32
    assert names == ["2", "5", "9"]


@pytest.mark.parametrize("dtype", [int, float, bool, np.uint8])
def test_one_hot_rows_keep_their_columns(dtype):
    (indices,), names = index_labels([np.eye(4, dtype=dtype)[[2, 0, 2]]])
    assert indices.tolist() == [2, 0, 2]
    assert indices.dtype == np.int32
    assert names == ["0", "1", "2", "3"]


@pytest.mark.parametrize(
    "labels", [["dog", "cat"], np.array([b"dog", b"cat"]), np.array(["dog", "cat"], object)]
)
def test_strings_are_classes_by_name(labels):
    (indices,), names = index_labels([labels])
    assert indices.tolist() == [1, 0]
    assert names == ["cat", "dog"]


@given(st.lists(st.integers(-5, 50), min_size=1), st.lists(st.integers(-5, 50), min_size=1))
def test_names_of_indices_are_the_labels_in_both_splits(train, test):
    splits, names = index_labels([train, test])
    for labels, indices in zip((train, test), splits, strict=True):
        assert [int(names[index]) for index in indices] == labels
    assert sorted(set(train) | set(test)) == [int(name) for name in names]


def test_splits_without_labels_stay_so():
    assert index_labels([None, None]) == ([None, None], None)
    (train, test), names = index_labels([[0, 1], None])
    assert train.tolist() == [0, 1]
    assert test is None
    assert names == ["0", "1"]


@pytest.mark.parametrize(
    ("labels", "names", "expected"),
    [
        (["b"], ["a", "b"], [1]),
        ([3, 1], ["1", "3"], [1, 0]),
        ([1, 0], ["cat", "dog"], [1, 0]),
        ([[0, 1]], ["cat", "dog"], [1]),
    ],
)
def test_known_classes_are_found_by_name_or_index(labels, names, expected):
    (indices,), found = index_labels([labels], class_names=names)
    assert indices.tolist() == expected
    assert found == names


@pytest.mark.parametrize(
    ("columns", "options", "message"),
    [
        ([["dgo"]], {"class_names": ["cat", "dog"]}, "'dgo'. Did you mean 'dog'.*cat, dog"),
        ([[7]], {"class_names": ["1", "3"]}, "Received: '7'"),
        ([[2]], {"class_names": ["cat", "dog"]}, "Received: 2 at index 0. Accepted: 0 to 1"),
        ([[0, -1]], {"num_classes": 3}, "Received: -1 at index 1. Accepted: 0 to 2"),
        ([[0, 3]], {"num_classes": 3}, "Received: 3 at index 1"),
        ([np.eye(4)], {"num_classes": 3}, "Received: 4 columns. Accepted: 3."),
        ([np.eye(4)[:2]], {"num_classes": 3}, "Received: 4 columns. Accepted: 3."),
        ([[0, 1], ["a", "b"]], {}, "labels of one form"),
        ([np.eye(3), np.eye(4)], {}, "labels of one form"),
        ([[0, 1], np.eye(2)], {}, "labels of one form"),
    ],
)
def test_labels_outside_the_classes_are_refused(columns, options, message):
    with pytest.raises(DataError, match=message):
        index_labels(columns, **options)


def test_many_classes_are_not_all_listed():
    with pytest.raises(DataError) as caught:
        index_labels([["x"]], class_names=[f"class{index}" for index in range(1000)])
    assert len(str(caught.value)) < 400


def test_labels_become_those_of_other_names():
    data = zoo.load_data((np.zeros((3, 2), "float32"), np.array([5, 3, 5])))[0].hide_labels(2)
    hidden = np.flatnonzero(data.labels < 0)
    found = data.in_classes(["1", "3", "5"])
    assert found.class_names == ["1", "3", "5"] and found.num_classes == 3
    expected = np.array([2, 1, 2])
    expected[hidden] = -1
    np.testing.assert_array_equal(found.labels, expected)
    with pytest.raises(DataError, match="known classes"):
        data.in_classes(["1", "3"])
