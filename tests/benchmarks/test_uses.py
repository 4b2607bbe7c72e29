"""The uses that are timed, and realistic inputs for them."""

import keras
import numpy as np
import pytest

import zoo
from benchmarks.workload.settings import settings_of
from benchmarks.workload.uses import Inputs, compute, distinct, variables
from tests.turns import in_turn
from zoo.model import GenerativeModel
from zoo.settings import setting
from zoo.uses import Step, Use, complete_inputs

ROWS = 6


class Translator(GenerativeModel):
    """Two networks and a use of its own; it is not trained."""

    width: int = setting("Units.", default=3)

    def assemble(self):
        data = keras.Input(self.shape, name="data")
        style = keras.Input((self.width,), name="style")
        mixed = keras.layers.Dense(self.shape[0])(data) + keras.layers.Dense(self.shape[0])(style)
        self.translator = keras.Model({"data": data, "style": style}, {"data": mixed})
        code = {"style": keras.layers.Dense(self.width)(data)}
        self.stylist = keras.Model({"data": data}, code)

    def uses(self):
        reads = {"style": "stylist/style"}
        return {
            "restyle": Use(
                [Step("stylist", {"data": "other"}), Step("translator", reads)],
                {"data": "translator/data"},
            ),
            "translate": Use([Step("translator")], {"data": "translator/data"}),
        }


def make_inputs(model):
    return Inputs(model, ROWS, np.random.default_rng([0]))


@pytest.mark.once
def test_default_uses_are_those_of_a_new_set_of_parts_with_weights():
    steps = {"sample": ["b"], "decode": ["b"], "encode": ["a"], "score": ["a", "b", "error"]}
    steps |= {
        "reconstruct": ["a", "b"],
        "interpolate": ["a", "a", "between", "b"],
        "mix": ["error"],
    }
    table = {name: Use([Step(part) for part in parts], {}) for name, parts in steps.items()}
    assert distinct(table, {"a", "b"}) == ["sample", "encode", "score"]


@pytest.mark.parametrize("name", in_turn(zoo.list_models()))
def test_every_use_of_every_model_has_inputs_that_it_accepts(name):
    small = {"shape": (8, 8, 1)} | zoo.describe(name).load().tiny()
    model = zoo.create(name, **settings_of(name, small))
    parts = model.parts()
    for use_name, use in model.table().items():
        arrays = make_inputs(model).of_use(use_name)
        complete_inputs(use_name, use, arrays)
        results = compute(use, parts, arrays)
        assert set(results) == set(use.gives)
        assert all(len(array) == ROWS for array in results.values())


@pytest.mark.once
def test_code_is_made_from_data_and_the_second_data_differ_from_the_first():
    model = zoo.create("vae", shape=(8, 8, 1), **{"latent_dim": 4})
    made = make_inputs(model).of_use("decode")["code"]
    drawn = make_inputs(model).of_use("sample")["latent"]
    assert made.shape == drawn.shape == (ROWS, 4)
    assert np.abs(made).max() < np.abs(drawn).max()  # an untrained encoder's means are small
    pair = make_inputs(model).of_use("interpolate")
    assert pair["data"].shape == pair["other"].shape
    assert not np.array_equal(pair["data"], pair["other"])


@pytest.mark.once
def test_use_that_a_model_adds_is_offered_and_has_inputs():
    model = Translator(shape=(5,))
    table = model.table()
    assert distinct(table, model.parts()) == ["restyle", "translate"]
    arrays = make_inputs(model).of_use("translate")
    assert {name: array.shape for name, array in arrays.items()} == {
        "data": (ROWS, 5),
        "style": (ROWS, 3),
    }
    assert len(variables(table["restyle"], model.parts())) == 6


@pytest.mark.once
def test_updates_of_training_have_data_labels_noise_and_the_step():
    model = zoo.create("cgan", **settings_of("cgan", {"shape": (8, 8, 1), "latent_dim": 4}))
    updates = make_inputs(model).of_training()
    assert [number for number, _ in updates] == [0, 1]
    for _, batch in updates:
        assert set(batch) == {"data", "labels", "latent", "step"}
        assert batch["labels"].max() < 10
        assert batch["step"].shape == ()
    assert not np.array_equal(updates[0][1]["latent"], updates[1][1]["latent"])


def test_peaks_are_chains_of_one_part():
    from benchmarks.workload import roofline

    parts = roofline.parts()
    inputs = {
        port: np.ones((2, *tensor.shape[1:]), "float32")
        for port, tensor in parts["triad_cache"].input.items()
    }
    results = compute(roofline.use("triad_cache", parts["triad_cache"]), parts, inputs)
    np.testing.assert_allclose(results["sum"], 4.0)
