"""What every registered model must do, on the backend of this process."""

import keras
import numpy as np
import pytest

import zoo
from tests import tiny
from tests.tolerances import EXACT, FORWARD
from zoo.training.batches import Feed
from zoo.training.step import Stepper

NAMES = zoo.list_models()


@pytest.fixture(scope="module")
def digits():
    train, _ = zoo.load_data("digits")
    return train


@pytest.fixture(scope="module", params=NAMES)
def model(request):
    """One model for all the tests below: compiled once."""
    return tiny.create(request.param)


def values(variables):
    return [keras.ops.convert_to_numpy(v).copy() for v in variables]


def inputs_of(part, model, count, rng):
    made = {}
    for tensor in part.inputs:
        shape = (count, *tensor.shape[1:])
        if tensor.name == "labels":
            made[tensor.name] = (np.arange(count) % model.num_classes).astype("int32")
        elif tensor.dtype == "int32":
            made[tensor.name] = rng.integers(0, 4, shape).astype("int32")
        else:
            made[tensor.name] = rng.normal(size=shape).astype("float32")
    return made


def test_each_phase_changes_exactly_its_own_networks(model, digits):
    feed = Feed(model, digits, batch_size=16, seed=0)
    stepper = Stepper.of(model)
    # Twice: the gradient of a weight may be zero at the very first update.
    for step in range(2):
        for number, batch in feed.updates(step):
            phase = model.phases[number]
            own = {id(v) for v in phase.variables}
            trained = {id(v): v for p in model.phases for v in p.variables}
            before = {key: values([v])[0] for key, v in trained.items()}
            stepper.run((number,), [batch])
            for key, variable in trained.items():
                changed = (before[key] != values([variable])[0]).any()
                if key not in own:
                    assert not changed, f"{phase.name} changed {variable.path}"
                elif step == 1:
                    assert changed, f"no update of {variable.path} by {phase.name}"


def test_every_network_of_a_phase_belongs_to_the_model(model):
    mine = {id(v) for v in model.variables}
    for phase in model.phases:
        assert phase.variables, phase.name
        assert all(id(v) in mine for v in phase.variables), phase.name


def test_the_loss_falls_on_fixed_data(model, digits):
    batch = digits.batch(np.arange(32), model.value_range)["data"]
    data = (np.tile(batch, (8, *(1 for _ in model.shape))), np.arange(256) % 10)
    if model.num_classes is None:
        data = data[0]
    for phase in model.phases:
        phase.optimizer.learning_rate = 3e-3
    history = model.fit(data, epochs=6, batch_size=16, verbose=0).history
    # A game's losses rise and fall; the judge's falls from where it starts.
    name = "loss" if len(model.phases) == 1 else "discriminator_loss"
    assert min(history[name][1:]) < history[name][0], history[name]
    for losses in history.values():
        assert np.isfinite(losses).all()


def test_parts_are_functional_models_with_the_documented_names(model):
    accepted = {
        "encoder": ({"data", "labels"}, {"code", "codes", "mean", "log_variance"}),
        "decoder": ({"latent", "codes", "labels"}, {"data"}),
        "generator": ({"latent", "labels"}, {"data"}),
        "discriminator": ({"data", "labels"}, {"logit"}),
    }
    parts = model.parts()
    assert parts
    rng = np.random.default_rng(0)
    for name, part in parts.items():
        inputs, outputs = accepted[name]
        assert {t.name for t in part.inputs} <= inputs, name
        made = zoo.inference.run(part, inputs_of(part, model, 3, rng), batch_size=8)
        assert set(made) <= outputs, name
        for output in made.values():
            assert len(output) == 3 and np.isfinite(output).all(), name
            assert output.dtype in ("float32", "int32"), name
        if "data" in made:
            assert made["data"].shape == (3, *model.shape), name


def test_samples_are_in_range_and_follow_the_seed(model):
    if model.sampler is None:
        with pytest.raises(zoo.errors.ModelError, match="no prior"):
            model.sample(2)
        return
    samples = model.sample(5, seed=3)
    low, high = model.value_range
    assert samples.shape == (5, *model.shape) and samples.dtype == np.float32
    assert low <= samples.min() and samples.max() <= high
    EXACT.check(model.sample(5, seed=3), samples)
    assert (model.sample(5, seed=4) != samples).any()


def test_reconstruction_is_decoding_of_the_encoding(model, digits):
    if model.code is None:
        with pytest.raises(zoo.errors.ModelError, match="no encoder"):
            model.encode(np.zeros((2, *model.shape), "float32"))
        return
    batch = digits.batch(np.arange(4), model.value_range)["data"]
    rebuilt = model.reconstruct(batch)
    assert rebuilt.shape == batch.shape
    FORWARD.check(model.decode(model.encode(batch)), rebuilt)
    FORWARD.check(keras.ops.convert_to_numpy(model(batch)), rebuilt, name="calling the model")


def test_evaluation_is_repeatable_and_names_its_losses_as_training_does(model, digits):
    few = (digits.batch(np.arange(20), model.value_range)["data"], np.arange(20) % 10)
    data = few if model.num_classes is not None else few[0]
    first = model.evaluate(data, batch_size=8)
    assert model.evaluate(data, batch_size=8) == first
    assert any(name.endswith("loss") for name in first)
    assert all(np.isfinite(value) for value in first.values())


def test_saving_and_loading_is_exact(model, tmp_path):
    path = tmp_path / "model.keras"
    model.save(path)
    loaded = keras.saving.load_model(path)
    assert loaded.shape == model.shape and loaded.seed == model.seed
    for ours, theirs in zip(model.variables, loaded.variables, strict=True):
        EXACT.check(values([theirs])[0], values([ours])[0], name=ours.path)
    rng = np.random.default_rng(0)
    for name, part in model.parts().items():
        inputs = inputs_of(part, model, 3, rng)
        expected = zoo.inference.run(part, inputs, batch_size=8)
        for output, value in zoo.inference.run(loaded.parts()[name], inputs, batch_size=8).items():
            EXACT.check(value, expected[output], name=f"{name} {output}")


def test_the_same_seed_gives_the_same_model(model):
    # The class itself, so that the test reads the settings as the model recorded them.
    again, other = type(model)(**model.settings), type(model)(**(model.settings | {"seed": 1}))
    trained = [v for p in again.phases for v in p.variables]
    others = [v for p in other.phases for v in p.variables]
    twin = type(model)(**model.settings)
    for a, b in zip(again.variables, twin.variables, strict=True):
        EXACT.check(values([a])[0], values([b])[0], name=a.path)
    assert any((x != y).any() for x, y in zip(values(trained), values(others), strict=True))
