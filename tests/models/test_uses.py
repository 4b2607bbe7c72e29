"""Uses: chains of parts, resolved, run and described without any of the parts."""

import json

import numpy as np
import pytest

from tests import tiny
from tests.tolerances import EXACT
from zoo.errors import ModelError, UseError
from zoo.noise import in_turn, normal, uniform
from zoo.uses import Step, Use, complete_inputs, run, run_in_batches

PORTS = {"encoder": ["data", "labels"], "decoder": ["latent"], "between": ["first", "second"]}
ROUND_TRIP = Use(
    [Step("encoder"), Step("decoder", {"latent": "encoder/code"})],
    {"reconstruction": "decoder/data", "code": "encoder/code"},
)
TWICE = Use(
    [
        Step("encoder"),
        Step("encoder", {"data": "other"}, name="again"),
        Step("between", {"first": "encoder/code", "second": "again/code"}),
    ],
    {"code": "between/code"},
)


def call(part, inputs):
    """Parts of whole numbers, so that a mistake in the wiring shows."""
    match part:
        case "encoder":
            return {"code": 10 * inputs["data"] + inputs["labels"]}
        case "decoder":
            return {"data": inputs["latent"] + 1000}
        case "between":
            return {"code": inputs["first"] - inputs["second"]}


def test_resolving_writes_every_read_out():
    use = ROUND_TRIP.resolved(PORTS)
    reads = [dict(step.reads) for step in use.steps]
    assert reads == [{"data": "data", "labels": "labels"}, {"latent": "encoder/code"}]
    assert use.resolved(PORTS) == use


def test_inputs_are_what_the_chain_reads_and_does_not_make():
    assert ROUND_TRIP.resolved(PORTS).inputs == ["data", "labels"]
    assert TWICE.resolved(PORTS).inputs == ["data", "labels", "other"]
    assert ROUND_TRIP.parts == ["encoder", "decoder"]
    assert TWICE.parts == ["encoder", "between"]


def test_draws_of_what_is_not_read_are_left_out():
    draws = {"latent": normal(2), "labels": in_turn(3)}
    use = Use([Step("decoder")], {"data": "decoder/data"}, draws)
    assert list(use.resolved(PORTS).draws) == ["latent"]


def test_running_follows_the_chain():
    data, labels = np.array([1, 2, 3]), np.array([4, 5, 6])
    found = run(ROUND_TRIP.resolved(PORTS), call, {"data": data, "labels": labels})
    EXACT.check(found["code"], [14, 25, 36])
    EXACT.check(found["reconstruction"], [1014, 1025, 1036])
    assert list(found) == ["reconstruction", "code"]


def test_a_part_that_comes_twice_reads_each_time_its_own_values():
    inputs = {"data": np.array([1]), "other": np.array([7]), "labels": np.array([2])}
    found = run(TWICE.resolved(PORTS), call, inputs)
    EXACT.check(found["code"], [(10 + 2) - (70 + 2)])


@pytest.mark.parametrize("batch_size", [1, 2, 3, 7, 100])
def test_batches_make_no_difference(batch_size):
    inputs = {"data": np.arange(7), "labels": np.arange(7) % 3}
    use = ROUND_TRIP.resolved(PORTS)
    sizes = []

    def counted(part, given):
        sizes.append(len(next(iter(given.values()))))
        return call(part, given)

    found = run_in_batches(use, counted, inputs, batch_size)
    for name, array in run(use, call, inputs).items():
        EXACT.check(found[name], array)
    assert max(sizes) <= batch_size and sum(sizes) == 2 * 7


def test_readers_are_the_ports_of_a_value():
    use = TWICE.resolved(PORTS)
    assert list(use.readers("labels")) == [("encoder", "labels")] * 2
    assert list(use.readers("encoder/code")) == [("between", "first")]


def test_a_use_is_described_in_json_and_read_back():
    draws = {"data": uniform(2, low=-1.0), "labels": in_turn(3)}
    use = Use(TWICE.steps, TWICE.gives, draws).resolved(PORTS)
    config = json.loads(json.dumps(use.to_config()))
    again = Use.from_config(config)
    assert again == use and again.inputs == use.inputs and again.to_config() == use.to_config()


SAMPLE = Use(
    [Step("decoder")], {"data": "decoder/data"}, {"latent": normal(2), "labels": in_turn(3)}
).resolved({"decoder": ["latent", "labels"]})


def test_what_is_missing_is_drawn_from_the_seed():
    first = complete_inputs("sample", SAMPLE, {}, count=5, seed=1)
    assert list(first) == ["latent", "labels"] and first["latent"].shape == (5, 2)
    EXACT.check(first["labels"], [0, 1, 2, 0, 1])
    again = complete_inputs("sample", SAMPLE, {}, count=5, seed=1)
    EXACT.check(again["latent"], first["latent"])
    other = complete_inputs("sample", SAMPLE, {}, count=5, seed=2)
    assert (other["latent"] != first["latent"]).all()


def test_what_is_given_leaves_the_other_draws_as_they_are():
    alone = complete_inputs("sample", SAMPLE, {}, count=2, seed=1)
    labels = np.array([7, 8])
    found = complete_inputs("sample", SAMPLE, {"labels": labels}, seed=1)
    EXACT.check(found["latent"], alone["latent"])
    EXACT.check(found["labels"], labels)


@pytest.mark.parametrize(
    ("given", "count", "message"),
    [
        ({}, None, "The use 'sample' needs count, the number of rows to draw"),
        ({"code": np.zeros(2)}, None, "has no input 'code'. Accepted: latent, labels"),
        ({"labels": np.zeros(2)}, 3, "Inputs of 'sample' have 3 rows each. Received: .*2"),
        (
            {"labels": np.zeros(2), "latent": np.zeros((3, 2))},
            None,
            "have 2 rows each. Received: .*'latent': 3",
        ),
    ],
)
def test_bad_inputs_are_refused_by_name(given, count, message):
    with pytest.raises(UseError, match=message):
        complete_inputs("sample", SAMPLE, given, count=count)


def test_what_cannot_be_drawn_is_asked_for():
    with pytest.raises(UseError, match="The use 'round' needs 'labels'. Received: data"):
        complete_inputs("round", ROUND_TRIP.resolved(PORTS), {"data": np.zeros(2)})


@pytest.fixture(scope="module")
def model():
    return tiny.create("vae", num_classes=3)


def test_a_model_has_no_use_of_another_name(model):
    with pytest.raises(ModelError, match="VAE has no use 'smaple'. Accepted: sample, decode, enc"):
        model.use("smaple")
    with pytest.raises(ModelError, match="GAN has no use 'reconstruct'. Accepted: sample, decode"):
        tiny.create("gan").reconstruct(np.zeros((2, 8, 8, 1)))


def test_a_use_takes_a_row_count_once(model):
    with pytest.raises(UseError, match="needs count"):
        model.use("sample")
    with pytest.raises(UseError, match="'encode' needs 'data'"):
        model.use("encode", labels=[0, 1])
    data = tiny.rows(model, 4)["data"]
    with pytest.raises(UseError, match="needs 'labels'. Received: data"):
        model.encode(data)


@pytest.mark.parametrize(
    "labels",
    [[0, 1, 2, 0], np.array([0, 1, 2, 0]), np.eye(3)[[0, 1, 2, 0]]],
    ids=["list", "array", "one-hot"],
)
def test_labels_are_classes_or_one_hot_rows(model, labels):
    data = tiny.rows(model, 4)["data"]
    expected = model.encode(data, labels=np.array([0, 1, 2, 0], "int32"))
    EXACT.check(model.encode(data, labels=labels), expected)


def test_one_label_stands_for_all(model):
    data = tiny.rows(model, 4)["data"]
    EXACT.check(model.encode(data, labels=2), model.encode(data, labels=[2, 2, 2, 2]))
    assert model.sample(4, labels=1).shape == (4, 8, 8, 1)


@pytest.mark.parametrize("labels", [[0, 1, 2], [0, 1, 2, 3], [-1, 0, 0, 0], [0.0, 1.0, 2.0, 0.0]])
def test_labels_that_do_not_fit_are_refused(model, labels):
    data = tiny.rows(model, 4)["data"]
    with pytest.raises(ModelError, match="labels are 4 integers below 3, or one-hot rows. Recei"):
        model.encode(data, labels=labels)


def test_samples_take_the_classes_in_turn(model):
    EXACT.check(model.sample(5, seed=2), model.sample(5, seed=2, labels=[0, 1, 2, 0, 1]))


def test_data_bring_every_field_that_a_use_reads():
    from zoo.data import as_data

    model = tiny.create("vae", num_classes=3, value_range=(-1.0, 1.0))
    bytes_ = np.random.default_rng(0).integers(0, 256, (4, 8, 8, 1)).astype("uint8")
    labels = np.array([2, 0, 1, 1])
    scaled = (bytes_ / 127.5 - 1).astype("float32")
    expected = model.reconstruct(scaled, labels=labels)
    data = as_data((bytes_, labels))
    for found in (model.reconstruct(data), model.reconstruct(bytes_, labels=labels)):
        np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.once
def test_a_models_table_stands_in_json(model):
    table = model.table()
    assert set(table) >= {"sample", "encode", "decode", "reconstruct", "score", "interpolate"}
    for use in table.values():
        assert Use.from_config(json.loads(json.dumps(use.to_config()))) == use


@pytest.mark.parametrize("truncation", [None, "x", float("nan"), float("inf"), -0.5, True])
def test_a_truncation_is_a_finite_number_from_0(truncation):
    use = Use([Step("decoder")], {"data": "decoder/data"}, draws={"latent": normal(2)})
    use = use.resolved(PORTS)
    with pytest.raises(UseError, match="truncation must be a finite number from 0. Received: "):
        complete_inputs("sample", use, {}, count=2, truncation=truncation)
    assert complete_inputs("sample", use, {}, count=2, truncation=0)["latent"].shape == (2, 2)
