"""Data are named fields: each in its own kind, hashed, row by row or in an order of its own."""

import json
from collections import Counter

import numpy as np
import pytest

from tests.tolerances import EXACT, FORMULA
from zoo.data import BatchOrder, Data, Field, as_data, facts, labelled, load_data, paired, unpaired
from zoo.errors import DataError

pytestmark = pytest.mark.once

IMAGES = np.arange(6 * 4 * 4, dtype=np.uint8).reshape(6, 4, 4, 1)


def numbered(count, offset=0.0, labels=None):
    return as_data((np.arange(float(count))[:, None] * 7 + offset, labels))


def test_each_kind_of_field_is_read_in_its_own_way():
    data = as_data(
        {
            "data": IMAGES,
            "labels": [0, 1, 0, 1, 0, 1],
            "target": np.full((6, 4, 4, 3), 255, np.uint8),
            "mask": np.ones((6, 4, 4, 1), bool),
            "tokens": np.arange(12).reshape(6, 2),
            "condition": np.full((6, 2), 0.25),
            "kind": ["a", "b", "a", "a", "b", "a"],
        }
    )
    kinds = {name: field.kind for name, field in data.fields.items()}
    assert kinds == {
        "data": "continuous",
        "labels": "index",
        "target": "continuous",
        "mask": "mask",
        "tokens": "index",
        "condition": "raw",
        "kind": "index",
    }
    batch = data.batch([5, 0], (-1, 1))
    assert list(batch) == list(kinds)
    dtypes = {name: str(array.dtype) for name, array in batch.items()}
    assert {n for n in dtypes if dtypes[n] == "int32"} == {"labels", "tokens", "kind"}
    assert {dtypes[n] for n in dtypes} == {"int32", "float32"}
    EXACT.check(batch["target"], np.ones((2, 4, 4, 3)))
    EXACT.check(batch["mask"], np.ones((2, 4, 4, 1)))
    EXACT.check(batch["condition"], np.full((2, 2), 0.25))
    assert batch["tokens"].tolist() == [[10, 11], [0, 1]]
    assert batch["kind"].tolist() == [0, 0]
    assert data.fields["tokens"].size == 12
    assert data.fields["kind"].names == ["a", "b"]
    assert data.shapes["target"] == (4, 4, 3)


def test_a_field_says_its_own_kind_and_range():
    depth = Field(np.full((6, 4, 4), 500, np.uint16), "continuous", (0.0, 1000.0))
    data = as_data({"data": IMAGES, "depth": depth})
    FORMULA.check(data.batch([0], (-1, 1))["depth"], np.zeros((1, 4, 4)))
    with pytest.raises(DataError, match="known kind. Received: 'picture'"):
        Field(IMAGES, "picture")


def test_labels_may_be_a_field():
    labels = Field(np.array([0, -1, 1, -1, 0, 1]), "index", names=["a", "b"], size=2, hidden=True)
    data = as_data({"data": IMAGES, "labels": labels})
    assert data.num_classes == 2
    assert data.batch([1, 2], None)["labels"].tolist() == [-1, 1]


def test_tokens_as_data_are_never_scaled():
    data = Data(Field(np.array([[0, 3], [2, 1]]), "index", size=4))
    for value_range in [(-1, 1), None]:
        batch = data.batch([1], value_range)["data"]
        assert batch.dtype == np.int32
        assert batch.tolist() == [[2, 1]]
    assert data.description["kind"] == "index"
    assert data.description["size"] == 4


def test_the_usual_two_keep_their_hash_and_others_have_their_own():
    plain = as_data((IMAGES, [0, 1, 0, 1, 0, 1]))
    data = paired(plain, target=255 - IMAGES)
    assert data.description["hash"] == plain.description["hash"]
    assert set(data.description) - set(plain.description) == {"fields"}
    described = json.loads(json.dumps(data.description))["fields"]["target"]
    assert described["hash"].startswith("sha256:")
    assert described["kind"] == "continuous"
    changed = 255 - IMAGES
    changed[5, 3, 3, 0] ^= 1
    other = paired(plain, target=changed).description["fields"]["target"]
    assert other["hash"] != described["hash"]


def test_validation_fields_share_the_range_and_names_of_the_training_fields():
    train = as_data({"data": IMAGES, "target": IMAGES * 2.0, "kind": list("abcabc")})
    test = as_data({"data": IMAGES[:1], "target": IMAGES[:1] + 3.0, "kind": ["c"]}, like=train)
    assert test.fields["target"].source_range == train.fields["target"].source_range
    assert test.batch([0], None)["kind"].tolist() == [2]
    with pytest.raises(DataError, match="known classes. Received: 'd'"):
        as_data({"data": IMAGES[:1], "kind": ["d"]}, like=train)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"target": IMAGES}, "hold 'data'. Received: 'target'"),
        ({"data": IMAGES, "mask": np.ones(5, bool)}, "6 samples and 5 values of 'mask'"),
        ({"data": IMAGES, "mask": np.array([None] * 6)}, "'mask' of shape .6,., dtype object"),
        ({"data": IMAGES, "mask": [[1], [1, 2]]}, "'mask', list that makes no array"),
        ({"data": IMAGES, "target": np.full((6, 4, 4, 1), np.nan)}, "nan in target at index"),
    ],
)
def test_bad_fields_are_named(fields, message):
    with pytest.raises(DataError, match=message):
        as_data(fields)


def test_partners_come_row_by_row():
    data = paired(numbered(6), target=numbered(6, 0.5, list("aabbcc")))
    batch = data.batch([4, 1], None)
    assert (batch["target"] - batch["data"]).ravel().tolist() == [0.5, 0.5]
    assert batch["target_labels"].tolist() == [2, 0]
    with pytest.raises(DataError, match="6 samples and 5 of 'target'.*unpaired"):
        paired(numbered(6), target=numbered(5))
    with pytest.raises(DataError, match="no 'target' yet"):
        paired(data, target=numbered(6))


def test_streams_have_any_length_and_an_order_of_their_own():
    data = unpaired(numbered(8), other=numbered(3, 0.5, [0, 1, 1]))
    plan = data.plan(4, seed=3)
    assert plan.steps_per_epoch == 2
    batches = [plan.batch(step, 0, None) for step in range(9)]
    assert all(len(batch["other"]) == len(batch["other_labels"]) == 4 for batch in batches)
    counts = Counter(np.concatenate([batch["other"] for batch in batches]).ravel().tolist())
    assert set(counts.values()) == {12}, "36 rows are 12 passes over 3"
    again = data.plan(4, seed=3)
    for step in (7, 0, 3):
        EXACT.check(again.batch(step, 0, None)["other"], batches[step]["other"])
    assert any((b["other"] != batches[0]["other"]).any() for b in batches[1:])


def test_two_streams_have_different_orders():
    data = unpaired(numbered(40), first=numbered(40), second=numbered(40))
    batch = data.plan(40, seed=0).batch(0, 0, None)
    orders = {tuple(batch[name].ravel()) for name in ("data", "first", "second")}
    assert len(orders) == 3


def test_streams_of_batches_without_a_plan_come_as_they_are():
    batch = unpaired(numbered(5), other=numbered(2, 0.5)).batch([0, 1, 2], None)
    assert batch["other"].ravel().tolist() == [0.5, 7.5, 0.5]


@pytest.mark.parametrize("repeats", [1, 3])
def test_a_plan_of_plain_data_is_the_batch_order(repeats):
    data = numbered(50)
    order, plan = BatchOrder(50, 8, 5, repeats), data.plan(8, 5, repeats)
    assert plan.steps_per_epoch == order.steps_per_epoch
    for step in (0, 3, 11):
        for repetition in range(repeats):
            expected = data.batch(order.indices(step, repetition), (0, 1))
            found = plan.batch(step, repetition, (0, 1))
            assert list(found) == list(expected)
            EXACT.check(found["data"], expected["data"])


def test_a_plan_has_64_rows_or_all_where_none_are_asked_for():
    assert numbered(100).plan().batch_size == 64
    assert numbered(10).plan().batch_size == 10


def test_data_may_have_an_order_of_their_own():
    class Backwards(Data):
        def order(self, batch_size, seed, batches_per_step=1):
            order = super().order(batch_size, seed, batches_per_step)
            order._permutation = lambda passed: np.arange(len(self))[::-1]
            return order

    data = Backwards(np.arange(4.0)[:, None])
    for same in (data, data.standardized(None), paired(data, target=data)):
        assert same.plan(2).batch(0)["data"].ravel().tolist() == [3, 2]


def test_few_labels_are_kept_of_each_class_alike():
    digits, _ = load_data("digits")
    hidden = digits.hide_labels(keep=25, seed=1)
    kept = hidden.labels[hidden.labels >= 0]
    assert sorted(np.bincount(kept).tolist()) == [2] * 5 + [3] * 5
    rows = np.flatnonzero(hidden.labels >= 0)
    EXACT.check(hidden.labels[rows], digits.labels[rows])
    assert hidden.fields["labels"].hidden
    assert not digits.fields["labels"].hidden
    assert hidden.num_classes == 10
    assert hidden.batch([0], None)["labels"].dtype == np.int32
    EXACT.check(digits.hide_labels(25, seed=1).labels, hidden.labels)
    assert (digits.hide_labels(25, seed=2).labels != hidden.labels).any()
    assert hidden.description["hash"] != digits.description["hash"]


def test_labelled_rows_are_a_stream_beside_all():
    digits, _ = load_data("digits")
    data = labelled(digits, keep=20)
    few = data.streams["labelled"]
    assert len(few) == 20
    assert few.labels.min() >= 0
    assert len(data) == len(digits)
    batch = data.plan(32).batch(0, 0, (0, 1))
    assert set(batch) == {"data", "labels", "labelled", "labelled_labels"}
    assert batch["labelled"].shape == (32, 8, 8, 1)


@pytest.mark.parametrize("keep", [0, -1, 7])
def test_an_impossible_number_of_labels_is_rejected(keep):
    with pytest.raises(DataError, match=rf"keep={keep}. Accepted: 1 to 6"):
        numbered(6, labels=list("aabbcc")).hide_labels(keep)


def test_labels_that_are_not_there_cannot_be_hidden():
    with pytest.raises(DataError, match="without labels"):
        numbered(6).hide_labels(1)


def test_a_validation_split_is_the_end_of_every_field():
    data = unpaired(paired(numbered(10), target=numbered(10, 0.5)), other=numbered(4))
    train, test = data.split(0.25)
    assert (len(train), len(test)) == (8, 2)
    assert test.batch([0], None)["target"].tolist() == [[8 * 7 + 0.5]]
    assert (len(train.streams["other"]), len(test.streams["other"])) == (3, 1)
    assert train.extent == test.extent == data.extent
    for fraction in (0, 1, -0.5, 0.01):
        with pytest.raises(DataError, match=f"Received: {fraction} of 10 rows"):
            numbered(10).split(fraction)


def test_a_name_stands_for_one_field():
    with pytest.raises(DataError, match="name of its own. Received: target twice"):
        unpaired(paired(numbered(4), target=numbered(4)), target=numbered(3))


def test_facts_are_what_the_data_decide():
    digits, _ = load_data("digits")
    found = facts(digits)
    pixels = digits.samples / 16.0
    assert found == {
        "shape": (8, 8, 1),
        "num_classes": 10,
        "value_range": (0.0, 1.0),
        "count": 1500,
        "variance": pytest.approx(pixels.var(), rel=1e-5),
        "vocabulary_size": None,
        "sample_rate": None,
        "reads": {},
    }
    assert facts(digits, (-1.0, 1.0))["variance"] == pytest.approx(4 * pixels.var(), rel=1e-5)
    ring, _ = load_data("ring")
    assert facts(ring, (-1.0, 1.0))["value_range"] is None
    tokens = facts(Data(Field(np.array([[0, 3]]), "index", size=5)))
    assert (tokens["vocabulary_size"], tokens["value_range"]) == (5, None)
    assert tokens["variance"] is None
    assert facts(paired(digits, target=digits.samples))["reads"] == {"target": (8, 8, 1)}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"source_range": (1, 0)}, r"source_range is \(low, high\), finite and rising.*\(1, 0\)"),
        ({"source_range": (0, np.inf)}, "source_range is"),
        ({"source_range": 255}, "source_range is .*Received: 255"),
        ({"extent": (np.nan, 1)}, "extent is"),
        ({"kind": "index", "size": 0}, "size of a field is at least 1. Received: size=0"),
    ],
)
def test_what_a_field_cannot_hold_is_named(options, message):
    with pytest.raises(DataError, match=message):
        Field(np.zeros((2, 3)), **options)
