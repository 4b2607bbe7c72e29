"""What a phase can do: state, the step, shared optimizers, weights outside the loss, stages."""

import keras
import numpy as np
import pytest

from tests.arrays import array
from tests.tolerances import EXACT, FORMULA
from tests.training import small
from zoo.data import as_data
from zoo.errors import ModelError
from zoo.networks import apply
from zoo.phase import Phase
from zoo.training.batches import Feed
from zoo.training.run_folder import RunFolder
from zoo.training.step import Stepper, all_variables

FIT = {"batch_size": 16, "verbose": 0}


def values(variables):
    return [array(v).copy() for v in variables]


def test_rows_of_an_embedding_that_a_batch_does_not_read_move_with_their_momentum():
    model = small.Words()
    table = model.reader.trainable_variables[0]
    model.fit(small.data(), steps=1, **FIT)
    first = array(table).copy()
    # The second batch reads other rows; Adam still moves those of the first by their momentum.
    moved = [(array(table) != first).any(axis=1)]
    feed = Feed(model, as_data(small.data(), shape=(6,)), 16, 0)
    [(_, batch)] = feed.updates(1)
    read_before = set(array(feed.updates(0)[0][1]["words"]).ravel())
    read_now = set(array(batch["words"]).ravel())
    Stepper.of(model).run((0,), [batch])
    moved = (array(table) != first).any(axis=1)
    only_before = sorted(read_before - read_now)
    assert only_before and moved[only_before].all()


def test_a_weight_outside_the_loss_is_refused_by_name():
    class Strict(small.Lazy):
        penalty_is_partial = False

    model = Strict()
    with pytest.raises(ModelError, match=r"partial=True.*'penalty'.*discriminator_out/bias"):
        model.fit(small.data(), steps=1, **FIT)


def test_a_weight_behind_a_stopped_gradient_is_refused():
    class Stopped(small.Plain):
        def autoencoder_loss(self, batch, training):
            code = keras.ops.stop_gradient(apply(self.encoder, batch)["code"])
            made = apply(self.decoder, {"latent": code})["data"]
            return {"loss": keras.ops.mean(keras.ops.square(made - 1))}

    with pytest.raises(ModelError, match="encoder"):
        Stopped().fit(small.data(), steps=1, **FIT)


def test_a_gradient_that_is_zero_is_not_taken_for_a_missing_one():
    class Zero(small.Plain):
        def autoencoder_loss(self, batch, training):
            return {"loss": 0.0 * super().autoencoder_loss(batch, training)["loss"]}

    model = Zero()
    before = values(model.encoder.trainable_variables)
    model.fit(small.data(), steps=1, **FIT)
    for value, old in zip(values(model.encoder.trainable_variables), before, strict=True):
        EXACT.check(value, old)


def test_a_lazy_phase_shares_the_optimizer_and_its_count():
    model = small.Lazy()
    history = model.fit(small.data(), steps=9, **FIT).history
    first, penalty, generator = (phase.optimizer for phase in model.phases)
    assert first is penalty and first is not generator
    # Nine updates, and three penalties at the steps 0, 4 and 8.
    assert (int(first.iterations), int(generator.iterations)) == (12, 9)
    assert len(model.optimizer.members) == 2
    assert np.isfinite(history["penalty_loss"]).all()


def test_setting_the_rate_of_a_shared_optimizer_scales_it_once():
    model = small.Lazy()
    model.optimizer.learning_rate = 0.005
    rates = [float(array(phase.optimizer.learning_rate)) for phase in model.phases]
    assert rates == pytest.approx([0.005] * 3)


def test_phases_that_share_an_optimizer_update_the_same_networks():
    class Mixed(small.Plain):
        def assemble(self):
            super().assemble()
            optimizer = keras.optimizers.SGD()
            self.phases = [
                Phase(self.autoencoder_loss, [self.encoder], optimizer),
                Phase(self.autoencoder_loss, [self.decoder], optimizer),
            ]

    with pytest.raises(ModelError, match="same networks"):
        Mixed()


def test_state_that_a_loss_returns_is_assigned_after_the_update():
    model = small.Balanced()
    assert array(model.mean) == pytest.approx(np.ones(6))
    seen = []
    log = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: seen.append(array(model.balance).item())
    )
    history = model.fit(small.data(), steps=3, callbacks=[log], **FIT).history
    assert seen[0] != 0
    # The log is of the state that the loss read, not of the one that it returned.
    FORMULA.check(history["balance"], [(0 + seen[0] + seen[1]) / 3])
    assert history["warm"] == pytest.approx([(0 + 0.1 + 0.2) / 3])


def test_evaluation_moves_no_state_and_reads_the_step_of_the_model():
    model = small.Balanced()
    model.fit(small.data(), steps=5, **FIT)
    before = values(all_variables(model))
    assert int(model.steps) == 5
    assert model.evaluate(small.data())["warm"] == pytest.approx(0.5)
    for value, old in zip(values(all_variables(model)), before, strict=True):
        EXACT.check(value, old)


def test_state_that_the_model_does_not_have_is_refused_by_name():
    class Wrong(small.Balanced):
        def autoencoder_loss(self, batch, training):
            logs = super().autoencoder_loss(batch, training)
            return logs | {"next": {"nosuch": logs["loss"]}}

    with pytest.raises(ModelError, match="nosuch"):
        Wrong().fit(small.data(), steps=1, **FIT)


def test_noise_is_drawn_for_the_phases_that_read_it():
    model = small.Lazy()
    feed = Feed(model, as_data(small.data(), shape=(6,)), 16, 0)
    names = [set(batch) - {"data", "step"} for _, batch in feed.updates(0)]
    assert names == [{"latent"}, set(), {"latent"}]
    everything = small.Plain()
    everything.noise = {"latent": model.noise["latent"]}
    [(_, batch)] = Feed(everything, as_data(small.data(), shape=(6,)), 16, 0).updates(7)
    assert set(batch) == {"data", "step", "latent"}
    assert array(batch["step"]).shape == () and array(batch["step"]) == np.float32(7)


def test_a_phase_that_reads_a_noise_the_model_lacks_is_refused():
    class Wrong(small.Plain):
        def assemble(self):
            super().assemble()
            [phase] = self.phases
            self.phases = [Phase(phase.loss, phase.networks, phase.optimizer, noise=["latent"])]

    with pytest.raises(ModelError, match=r"phase 'autoencoder' reads noises.*\['latent'\]"):
        Wrong()


@pytest.mark.parametrize("name", ["Balanced", "Lazy", "Words", "Staged", "Scheduled"])
def test_models_resume_exactly_and_survive_saving(name, tmp_path):
    model, straight = small.MODELS[name](ema=0.9), small.MODELS[name](ema=0.9)
    run = RunFolder(tmp_path / "run", samples=False)
    model.fit(small.data(), steps=5, run=run, **FIT)
    model = small.MODELS[name](ema=0.9)
    model.fit(small.data(), steps=9, run=run, resume=True, **FIT)
    straight.fit(small.data(), steps=9, **FIT)
    expected = values(all_variables(straight))
    for variable, wanted in zip(all_variables(model), expected, strict=True):
        EXACT.check(array(variable), wanted, name=variable.path)
    model.save(tmp_path / "m.keras")
    loaded = keras.saving.load_model(tmp_path / "m.keras")
    for variable, wanted in zip(all_variables(loaded), expected, strict=True):
        EXACT.check(array(variable), wanted, name=variable.path)
