"""What every registered model must do, on the backend of this process.

The tests of a model share one instance, so that each of its phases and parts is compiled once.
`make test` runs them on PyTorch and, by turns, on JAX or TensorFlow; the parity test trains each
model on all three.
"""

import keras
import numpy as np
import pytest

import zoo
from tests import tiny
from tests.tolerances import EXACT, FORWARD
from tests.turns import on_two_backends
from zoo.errors import ModelError
from zoo.training.step import Stepper

NAMES = on_two_backends(zoo.list_models())
BATCH = 16
COUNT = 4
LONGEST_INTERVAL = 32
"""Steps within which a phase that does not run at every step has run twice."""


@pytest.fixture(scope="module", params=NAMES)
def model(request):
    return tiny.create(request.param)


@pytest.fixture(scope="module")
def data(model):
    return tiny.data(model)


def values(variables):
    return [keras.ops.convert_to_numpy(v).copy() for v in variables]


def trained(model):
    return list({id(v): v for phase in model.phases for v in phase.variables}.values())


def used(model, use, **options):
    """The results of a use on the inputs of `tiny`, with draws for the rest."""
    return model.use(use, count=COUNT, **tiny.inputs(model, use, COUNT), **options)


class Recorder:
    """Notes which weights each update of a phase changed."""

    def __init__(self, model, monkeypatch):
        self.changed = {phase.name: set() for phase in model.phases}
        self.updates = dict.fromkeys(self.changed, 0)
        self.names = {id(v): v.path for v in trained(model)}
        run = Stepper.run

        def recording(stepper, program, batches):
            (number,) = program
            before = values(trained(model))
            logs = run(stepper, program, batches)
            name = model.phases[number].name
            after = values(trained(model))
            for variable, old, new in zip(trained(model), before, after, strict=True):
                if (old != new).any():
                    self.changed[name].add(id(variable))
            self.updates[name] += 1
            return logs

        monkeypatch.setattr(Stepper, "run", recording)


def test_each_phase_changes_exactly_its_own_networks(model, data, monkeypatch):
    recorder = Recorder(model, monkeypatch)
    # Twice each: the gradient of a weight may be zero at the very first update.
    for step in range(1, LONGEST_INTERVAL):
        model.fit(data, steps=step, batch_size=BATCH, verbose=0)
        if min(recorder.updates.values()) >= 2:
            break
    for phase in model.phases:
        own = {id(v) for v in phase.variables}
        changed = recorder.changed[phase.name]
        assert recorder.updates[phase.name] >= 2, f"{phase.name} did not run"
        others = [recorder.names[key] for key in changed - own]
        assert not others, f"{phase.name} changed {others}"
        # The gradient of a bias may be zero: that of a hinge loss at its start, for one.
        biases = {id(v) for v in phase.variables if v.path.endswith(("bias", "beta"))}
        unchanged = [recorder.names[key] for key in own - changed - biases]
        assert not unchanged, f"{phase.name} left {unchanged}"
        assert changed


def test_what_a_phase_trains_is_a_weight_of_the_model(model):
    mine = {id(v) for v in model.variables}
    for phase in model.phases:
        assert phase.variables, phase.name
        assert all(id(v) in mine for v in phase.variables), phase.name


class UntilALossFalls(keras.callbacks.Callback):
    """Ends training where the loss of the phase that runs first is below the one it started from.

    A game's losses rise and fall, and a phase without a step in an epoch logs NaN; a loss that
    becomes NaN ends the training with an error.
    """

    def __init__(self, model):
        super().__init__()
        self.names = ["loss", *(f"{phase.name}_loss" for phase in model.phases)]
        self.first, self.losses = None, []

    @property
    def fell(self):
        return min(self.losses[1:], default=np.inf) < self.losses[0] - 1e-3

    def on_epoch_end(self, epoch, logs=None):
        assert not np.isinf(list(logs.values())).any(), logs
        ran = [name for name in self.names if name in logs and not np.isnan(logs[name])]
        self.first = self.first or ran[0]
        self.losses += [logs[name] for name in ran if name == self.first]
        self.model.stop_training = self.fell


def test_the_loss_falls_on_data_that_repeat(model):
    data = tiny.data(model, count=2 * BATCH)
    for phase in model.phases:
        getattr(phase.optimizer, "inner_optimizer", phase.optimizer).learning_rate = 3e-3
    watch = UntilALossFalls(model)
    model.fit(data, epochs=24, batch_size=BATCH, verbose=0, callbacks=[watch])
    assert watch.fell, watch.losses


def test_parts_are_functional_models_from_names_to_names(model):
    parts = model.parts()
    assert parts
    for name, part in parts.items():
        assert isinstance(part, keras.Model) and part is getattr(model, name)
        for tensors in (part.input, part.output):
            assert isinstance(tensors, dict) and tensors, name
            for port, tensor in tensors.items():
                assert port.isidentifier(), f"{name}: {port}"
                assert tensor.shape[0] is None, f"{name}: {port} has no batch dimension"
                assert tensor.dtype in ("float32", "int32"), f"{name}: {port} is {tensor.dtype}"
        if "data" in part.output:
            assert tuple(part.output["data"].shape[1:]) == model.shape, name


def test_the_chain_of_every_use_resolves(model):
    table, parts = model.table(), model.parts()
    given = {"data", "other", "labels", "latent", "code", "mask", "low", *model.reads, *model.prior}
    for name, use in table.items():
        made = {}
        for step in use.steps:
            part = parts[step.part]
            assert set(step.reads) == set(part.input), f"{name}: {step.part}"
            for port, value in step.reads.items():
                wanted = part.input[port]
                if "/" in value:
                    tensor = made[value]
                    assert tensor.shape[1:] == wanted.shape[1:], f"{name}: {value} → {port}"
                    assert tensor.dtype == wanted.dtype, f"{name}: {value} → {port}"
            made |= {f"{step.name}/{output}": tensor for output, tensor in part.output.items()}
        assert set(use.gives.values()) <= set(made), name
        assert set(use.inputs) <= given | set(use.draws), name
        for drawn, noise in use.draws.items():
            part, port = next(use.readers(drawn))
            assert tuple(parts[part].input[port].shape[1:]) == noise.shape, f"{name}: {drawn}"


def test_every_use_runs_on_data_and_draws(model):
    for name, use in model.table().items():
        results = used(model, name)
        assert set(results) == set(use.gives), name
        for result, array in results.items():
            assert len(array) == COUNT and np.isfinite(array).all(), f"{name}: {result}"
            assert array.dtype in ("float32", "int32"), f"{name}: {result}"
            if result in ("data", "reconstruction"):
                assert array.shape == (COUNT, *model.shape), name
                check_range(model, array)


def check_range(model, array):
    if model.value_range is not None:
        low, high = model.value_range
        assert low <= array.min() and array.max() <= high


def test_draws_follow_the_seed(model):
    for name, use in model.table().items():
        random = [n for n in use.draws.values() if n.distribution != "in_turn"]
        first, again, other = (used(model, name, seed=seed) for seed in (3, 3, 4))
        for result, array in first.items():
            EXACT.check(again[result], array, name=f"{name}: {result}")
        differ = any((other[result] != array).any() for result, array in first.items())
        if name != "sample" and any(array.dtype == np.int32 for array in first.values()):
            assert differ <= bool(random), name  # Tokens are the nearest ones, whatever is drawn.
        else:
            assert differ == bool(random), name


def test_samples_are_data_or_refused(model):
    if "sample" not in model.table():
        with pytest.raises(ModelError, match="no use 'sample'. Accepted: "):
            model.sample(2)
        return
    samples = model.sample(COUNT, seed=3)
    assert (
        samples.shape == (COUNT, *model.shape) and samples.dtype == tiny.rows(model)["data"].dtype
    )
    check_range(model, samples)
    EXACT.check(samples, model.use("sample", count=COUNT, seed=3)["data"])


def test_a_reconstruction_is_the_decoding_of_the_code(model):
    if "reconstruct" not in model.table():
        with pytest.raises(ModelError, match="no use 'reconstruct'"):
            model.reconstruct(np.zeros((2, *model.shape), "float32"))
        return
    given = tiny.inputs(model, "reconstruct", COUNT)
    labels = {name: given[name] for name in ("labels",) if name in given}
    rebuilt = model.reconstruct(**given)
    FORWARD.check(model.decode(model.encode(**given), **labels), rebuilt)
    FORWARD.check(keras.ops.convert_to_numpy(model(given)), rebuilt, name="calling the model")


def test_evaluation_is_repeatable_and_names_its_losses_as_training_does(model, data):
    first = model.evaluate(data, batch_size=BATCH)
    assert model.evaluate(data, batch_size=BATCH) == first
    assert all(np.isfinite(value) for value in first.values())
    several = len(model.phases) > 1
    losses = {f"{phase.name}_loss" if several else "loss" for phase in model.phases}
    assert losses <= set(first)
    assert {name for name in first if name.endswith("loss")} == losses


def test_saving_and_loading_is_exact(model, tmp_path):
    path = tmp_path / "model.keras"
    model.save(path)
    loaded = keras.saving.load_model(path)
    assert loaded.settings.keys() == model.settings.keys()
    assert loaded.get_config() == model.get_config()
    for ours, theirs in zip(model.variables, loaded.variables, strict=True):
        assert ours.path.partition("/")[2] == theirs.path.partition("/")[2]
        EXACT.check(values([theirs])[0], values([ours])[0], name=ours.path)
    uses = model.table()
    assert {name: use.to_config() for name, use in loaded.table().items()} == {
        name: use.to_config() for name, use in uses.items()
    }
    name = next((name for name in ("reconstruct", "sample") if name in uses), next(iter(uses)))
    for result, array in used(model, name).items():
        EXACT.check(used(loaded, name)[result], array, name=f"{name}: {result}")


def test_the_same_seed_gives_the_same_model(model):
    # The class itself, so that the test reads the settings as the model recorded them.
    one, twin, other = (
        type(model)(**{**model.settings, "seed": seed}) for seed in (model.seed, model.seed, 1)
    )
    for a, b in zip(one.variables, twin.variables, strict=True):
        EXACT.check(values([a])[0], values([b])[0], name=a.path)
    pairs = zip(values(trained(one)), values(trained(other)), strict=True)
    assert any((x != y).any() for x, y in pairs)


def test_classes_are_refused_where_no_part_reads_labels(model):
    read = any("labels" in part.input for part in model.parts().values())
    assert read == (model.num_classes is not None)
    if type(model).fields["num_classes"].required:
        return
    settings = {**model.settings, "num_classes": 3}
    try:
        conditional = type(model)(**settings)
    except ModelError as error:
        assert "num_classes is for models whose networks read labels" in str(error)
    else:
        assert any("labels" in part.input for part in conditional.parts().values())
