"""The batch order is a function of the step's number."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoo.data import BatchOrder
from zoo.errors import DataError

pytestmark = pytest.mark.once

counts = st.integers(1, 60)
seeds = st.integers(0, 2**32)


@given(counts, st.integers(1, 60), seeds, st.integers(0, 5))
def test_every_sample_comes_at_most_once_in_a_pass(count, batch_size, seed, epoch):
    order = BatchOrder(count, min(batch_size, count), seed)
    steps = range(epoch * order.steps_per_epoch, (epoch + 1) * order.steps_per_epoch)
    seen = np.concatenate([order.indices(step) for step in steps])
    assert len(np.unique(seen)) == len(seen) == count - count % order.batch_size
    assert seen.min() >= 0
    assert seen.max() < count


@given(st.integers(1, 12), st.integers(1, 6), seeds)
def test_every_sample_comes_once_per_pass_when_steps_read_several_batches(passes, repeats, seed):
    order = BatchOrder(12, 3, seed, batches_per_step=repeats)
    batches = [order.indices(step, r) for step in range(4 * passes) for r in range(repeats)]
    for start in range(0, len(batches), 4):
        assert sorted(np.concatenate(batches[start : start + 4])) == list(range(12))


@given(counts, seeds, st.lists(st.integers(0, 500), min_size=1, max_size=20))
def test_any_step_can_be_asked_for_in_any_order(count, seed, steps):
    walked = BatchOrder(count, 1 + count // 3, seed)
    expected = [walked.indices(step) for step in range(max(steps) + 1)]
    resumed = BatchOrder(count, 1 + count // 3, seed)
    for step in steps:
        np.testing.assert_array_equal(resumed.indices(step), expected[step])


def test_order_is_pinned():
    assert BatchOrder(10, 4, seed=7).indices(5).tolist() == [2, 7, 8, 5]  # Old runs resume.


def test_passes_and_seeds_differ():
    order = BatchOrder(1000, 1000, seed=0)
    assert not np.array_equal(order.indices(0), order.indices(1))
    assert not np.array_equal(order.indices(0), BatchOrder(1000, 1000, seed=1).indices(0))


def test_leftovers_of_one_pass_come_in_another():
    order = BatchOrder(10, 4, seed=0)
    seen = np.concatenate([order.indices(step) for step in range(20)])
    assert set(seen) == set(range(10))


@pytest.mark.parametrize(
    ("count", "batch_size", "batches_per_step", "expected"),
    [(1500, 128, 1, 11), (1500, 128, 5, 2), (100, 100, 1, 1), (100, 60, 5, 1)],
)
def test_an_epoch_is_one_pass_in_whole_steps(count, batch_size, batches_per_step, expected):
    order = BatchOrder(count, batch_size, 0, batches_per_step)
    assert order.steps_per_epoch == expected


@pytest.mark.parametrize("batch_size", [0, -1, 101])
def test_impossible_batch_size_is_refused(batch_size):
    with pytest.raises(DataError, match=rf"Received: batch_size={batch_size} .*Accepted: 1 to 100"):
        BatchOrder(100, batch_size, 0)


def test_a_repetition_outside_the_step_is_refused():
    with pytest.raises(IndexError, match="repetition=2"):
        BatchOrder(100, 10, 0, batches_per_step=2).indices(0, 2)
    with pytest.raises(DataError, match="batches_per_step=0"):
        BatchOrder(100, 10, 0, batches_per_step=0)
