"""Unbounded vectors are brought to mean 0 and deviation 1, and back."""

import json

import numpy as np
import pytest

from tests.tolerances import EXACT, FORMULA
from zoo.data import Data, Field, Standardization, as_data, unpaired
from zoo.data import standardization as module
from zoo.errors import DataError

pytestmark = pytest.mark.once

VALUES = np.random.default_rng(0).normal([0, 1e4, -3], [1, 5, 1e-3], (500, 3))


def test_batches_are_standardized_where_there_is_no_value_range():
    data = as_data(VALUES)
    record = Standardization.fit(data)
    FORMULA.check(record.mean, VALUES.mean(axis=0))
    FORMULA.check(record.stddev, VALUES.std(axis=0))
    batch = data.standardized(record).batch(np.arange(500), None)["data"]
    assert batch.dtype == np.float32
    FORMULA.check(batch.mean(axis=0, dtype=np.float64), np.zeros(3))
    FORMULA.check(batch.std(axis=0, dtype=np.float64), np.ones(3))
    FORMULA.check(record.undo(batch), VALUES)
    scaled = data.standardized(record).batch([0], (0, 1))
    EXACT.check(scaled["data"], data.batch([0], (0, 1))["data"])
    EXACT.check(data.batch([0], None)["data"], VALUES[:1].astype(np.float32))


def test_the_pieces_of_the_data_make_no_difference(monkeypatch):
    whole = Standardization.fit(VALUES)
    monkeypatch.setattr(module, "ROWS", 7)
    pieces = Standardization.fit(as_data(VALUES.astype(np.float32)))
    FORMULA.check(pieces.mean, whole.mean)
    FORMULA.check(pieces.stddev, whole.stddev)


def test_constant_columns_and_one_row_are_moved_only():
    constant = Standardization.fit(np.array([[5.0, 1.0], [5.0, 3.0]]))
    assert constant.stddev.tolist() == [1, 1]
    EXACT.check(constant.apply([[5.0, 3.0]]), [[0, 1]])
    one = Standardization.fit(as_data(np.array([[-7.0, 2.0]])))
    assert one.stddev.tolist() == [1, 1]
    EXACT.check(one.apply([[-7.0, 2.0]]), [[0, 0]])
    EXACT.check(one.undo([[0.0, 0.0]]), [[-7, 2]])


def test_indicators_are_left_as_they_are():
    data = Data(Field(np.array([[1.0, 4.0], [0.0, 8.0], [0.0, 6.0]]), indicators=(0,)))
    record = Standardization.fit(data)
    EXACT.check(record.apply(data.samples)[:, 0], [1, 0, 0])
    assert record.mean[1] == 6


def test_sequences_have_one_mean_per_channel():
    record = Standardization.fit(np.stack([np.full((5, 2), 1.0), np.full((5, 2), 3.0)]))
    assert record.mean.tolist() == [2, 2]
    assert record.stddev.tolist() == [1, 1]


def test_streams_of_the_same_shape_are_standardized_alike():
    data = unpaired(as_data(VALUES), other=as_data(VALUES + 1.0), labels=as_data(VALUES[:, :2]))
    record = Standardization.fit(data)
    batch = data.standardized(record).plan(8).batch(0, 0, None)
    assert abs(batch["other"][:, 1]).max() < 10
    assert abs(batch["labels"][:, 1]).max() > 1000
    assert Standardization.fit(data.standardized(record)).to_config() == record.to_config()


def test_a_record_survives_json_to_the_bit():
    record = Standardization.fit(VALUES)
    again = Standardization.from_config(json.loads(json.dumps(record.to_config())))
    EXACT.check(again.mean, record.mean)
    EXACT.check(again.stddev, record.stddev)


@pytest.mark.parametrize(
    "config",
    [
        {},
        None,
        {"mean": [0.0], "stddev": [0.0]},
        {"mean": [0.0], "stddev": [1.0, 1.0]},
        {"mean": [float("nan")], "stddev": [1.0]},
        {"mean": "x", "stddev": [1.0]},
    ],
)
def test_a_broken_record_is_rejected(config):
    with pytest.raises(DataError, match="standardization"):
        Standardization.from_config(config)
