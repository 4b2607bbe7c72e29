"""Sources that give batches in an order of their own are read as data are, forwards."""

import json
import warnings

import numpy as np
import pytest

from tests.tolerances import EXACT, FORMULA
from zoo.data import Standardization, Stream, as_data, facts
from zoo.errors import DataError

pytestmark = pytest.mark.once


def batches(count, rows, width=2, dtype=np.float32):
    """Batches of numbered rows."""
    total = np.arange(count * rows, dtype=dtype)[:, None].repeat(width, 1)
    return [total[start : start + rows] for start in range(0, len(total), rows)]


def rows_of(plan, steps, value_range=None):
    found = [plan.batch(step, 0, value_range)["data"][:, 0] for step in range(steps)]
    return [row.tolist() for row in found]


def test_rows_are_regrouped_and_read_on_across_passes():
    stream = Stream(lambda: iter(batches(2, 3)), steps_per_epoch=2)
    plan = stream.plan(4)
    assert plan.steps_per_epoch == 2
    assert rows_of(plan, 3) == [[0, 1, 2, 3], [4, 5, 0, 1], [2, 3, 4, 5]]
    assert stream.plan().batch_size == 3


def test_large_batches_are_cut():
    stream = Stream(lambda: iter(batches(1, 5)), steps_per_epoch=2)
    assert rows_of(stream.plan(2), 3) == [[0, 1], [2, 3], [4, 0]]
    found = [batch["data"][:, 0].tolist() for batch in stream.batches(2, None)]
    assert found == [[0, 1], [2, 3], [4]]
    found = [batch["data"][:, 0].tolist() for batch in stream.batches(None, None)]
    assert found == [[0, 1, 2, 3, 4]]


def test_a_pass_is_complete_after_the_first_batch_was_looked_at():
    for source in (lambda: iter(batches(3, 2)), iter(batches(3, 2))):
        stream = Stream(source, steps_per_epoch=3)
        assert stream.first(1, None)["data"].tolist() == [[0, 0]]
        assert rows_of(stream.plan(), 3) == [[0, 1], [2, 3], [4, 5]]


def test_types_say_how_values_are_read():
    def source():
        yield {
            "data": np.array([[0, 255]], np.uint8),
            "mask": np.array([[True]]),
            "tokens": np.array([[3, 4]], np.int64),
            "target": np.array([[0.5]]),
        }

    stream = Stream(source, steps_per_epoch=1)
    batch = stream.plan(1).batch(0, 0, (-1, 1))
    FORMULA.check(batch["data"], [[-1, 1]])
    assert batch["tokens"].dtype == np.int32
    assert {str(batch[name].dtype) for name in ("data", "mask", "target")} == {"float32"}
    EXACT.check(batch["target"], [[0.5]])
    assert stream.shapes == {"data": (2,), "mask": (1,), "tokens": (2,), "target": (1,)}
    assert stream.source_range == (0, 255)


def test_labels_are_indices_or_one_hot():
    x = batches(1, 2)[0]
    for y in (np.array([2, 0]), np.array([[2], [0]]), np.eye(3)[[2, 0]], np.array(["c", "a"])):
        stream = Stream(lambda y=y: iter([(x, y)]), steps_per_epoch=1, class_names=["a", "b", "c"])
        assert stream.plan().batch(0)["labels"].tolist() == [2, 0]
        assert stream.num_classes == 3
    stream = Stream(lambda: iter([(x, [1, 3])]), steps_per_epoch=1, num_classes=4)
    assert stream.plan().batch(0)["labels"].dtype == np.int32
    unknown = Stream(lambda: iter([(x, np.array([7, 3], np.uint8))]), steps_per_epoch=1)
    assert unknown.plan().batch(0)["labels"].tolist() == [7, 3]
    with pytest.raises(DataError, match="Received: 3 at index 1. Accepted: 0 to 1"):
        Stream(lambda: iter([(x, [1, 3])]), num_classes=2)


def test_the_data_themselves_are_no_target():
    x = batches(1, 2)[0]
    assert list(Stream(iter([(x, x)])).fields) == ["data"]
    assert list(Stream(iter([(x, x + 1)])).fields) == ["data", "target"]
    assert list(Stream(iter([(x, None)])).fields) == ["data"]
    assert list(Stream(iter([({"data": x}, {"mask": x > 0})])).fields) == ["data", "mask"]


def test_a_channel_axis_is_added_and_channels_come_last():
    images = np.zeros((2, 4, 4), np.float32)
    assert Stream(iter([images]), shape=(4, 4, 1)).shape == (4, 4, 1)
    first = np.zeros((2, 3, 4, 5), np.float32)
    with pytest.raises(DataError, match=r"channels come last: x.permute\(0, 2, 3, 1\)"):
        Stream(iter([first]), shape=(4, 5, 3))
    with pytest.raises(DataError, match=r"Received: shape \(2, 4, 4\). Accepted: \(count, 5, 5\)"):
        Stream(iter([images]), shape=(5, 5))


@pytest.mark.parametrize(
    ("elements", "message"),
    [
        ([], "at least one batch. Received: generator, empty"),
        ([(1, 2, 3)], "Received: 3 values.*sample weights"),
        ([{"x": 1}], "holds 'data'. Received: 'x'"),
        ([np.array(3.0)], "A batch has rows"),
        ([[[1.0], [1.0, 2.0]]], "'data', list that makes none"),
        ([np.array([["a"]])], "real numbers. Received: <U1"),
        ([(np.zeros((2, 3)), np.zeros(4, int))], r"2 samples and 'labels' of shape \(4,\)"),
    ],
)
def test_bad_elements_are_named(elements, message):
    with pytest.raises(DataError, match=message):
        Stream(iter(elements), steps_per_epoch=1)


@pytest.mark.parametrize("source", [[1, 2], np.zeros(3), None, "digits"])
def test_what_gives_no_batches_is_no_stream(source):
    with pytest.raises(DataError, match="gives batches. Received: .*Accepted: tf.data.Dataset"):
        Stream(source)


def test_an_unknown_length_needs_the_steps_of_an_epoch():
    with pytest.raises(DataError, match="function of unknown length. Accepted: steps_per_epoch=N"):
        Stream(lambda: iter(batches(1, 2))).plan()


def test_a_generator_that_ends_is_named_with_its_step():
    plan = Stream(iter(batches(2, 2)), steps_per_epoch=5).plan()
    rows_of(plan, 2)
    with pytest.raises(DataError, match="generator ended at step 2.*function"):
        plan.batch(2)


def test_an_endless_generator_is_evaluated_for_an_epoch():
    def source():
        while True:
            yield np.ones((2, 2), np.float32)

    assert len(list(Stream(source, steps_per_epoch=3).batches(2, None))) == 3


def test_resuming_in_the_middle_of_an_epoch_is_warned_of():
    def plan():
        return Stream(lambda: iter(batches(4, 2)), steps_per_epoch=4).plan()

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plan().resume(8)
        plan().batch(6)  # a later fit goes on, and is not resumed
    resumed = plan()
    with pytest.warns(UserWarning, match="cannot resume in the middle of an epoch: at step 6"):
        resumed.resume(6)
    assert resumed.batch(6)["data"][:, 0].tolist() == [0, 1]


def test_a_stream_is_read_forwards():
    plan = Stream(lambda: iter(batches(4, 2)), steps_per_epoch=4).plan()
    plan.batch(1 * 4)
    plan.batch(6)
    with pytest.raises(DataError, match="read forwards. Received: step 6 of function again"):
        plan.batch(6)


def test_floats_outside_the_model_range_are_rejected():
    source = lambda: iter([np.full((2, 2), 255.0)])  # noqa: E731
    message = "Received: 255 to 255. Accepted: such floats, or bytes"
    with pytest.raises(DataError, match=message):
        Stream(source, steps_per_epoch=1).plan().batch(0, 0, (0.0, 1.0))
    with pytest.raises(DataError, match=message):
        next(Stream(source, steps_per_epoch=1).batches(2, (0.0, 1.0)))
    resized = np.array([[-0.05, 1.05]])
    Stream(iter([resized]), steps_per_epoch=1).plan().batch(0, 0, (0.0, 1.0))
    with pytest.raises(DataError, match="nan in a batch"):
        Stream(iter([np.full((2, 2), np.nan)]), steps_per_epoch=1).plan().batch(0)


def test_a_stream_cannot_be_split():
    with pytest.raises(DataError, match="0.1 of a generator. Accepted: validation_data"):
        Stream(iter(batches(1, 2))).split(0.1)


def test_a_stream_is_described_without_a_hash():
    stream = Stream(iter(batches(1, 2)))
    described = json.loads(json.dumps(stream.description))
    assert described == {
        "source": "stream: generator",
        "count": None,
        "shape": [2],
        "dtype": "float32",
        "source_range": None,
        "class_names": None,
        "hash": None,
    }
    assert facts(stream)["count"] is None
    assert facts(stream)["shape"] == (2,)


def test_unbounded_streams_are_standardized():
    def source():
        return iter(batches(5, 4))

    record = Standardization.fit(Stream(source))
    assert record.mean.tolist() == [9.5, 9.5]
    stream = Stream(source, steps_per_epoch=5).standardized(record)
    found = np.concatenate([batch["data"] for batch in stream.batches(7, None)])
    FORMULA.check(found.mean(axis=0), [0, 0])


def test_arrays_beside_a_stream_share_its_range():
    stream = Stream(iter([np.array([[-1.0, 1.0]])]))
    held_out = as_data(np.array([[0.0, 1.0]]), like=stream)
    EXACT.check(held_out.batch([0], (-1, 1))["data"], [[0, 1]])
    images = Stream(iter([np.array([[0, 255]], np.uint8)]))
    held_out = as_data(np.array([[0, 51]], np.uint8), like=images)
    FORMULA.check(held_out.batch([0], (0, 1))["data"], [[0, 0.2]])
