"""Optimizers of Keras in phases: made ready by the model, with schedules, frozen weights."""

import keras
import numpy as np
import pytest

from tests.arrays import array
from tests.tolerances import EXACT, FORMULA
from tests.training import small
from zoo.errors import ModelError
from zoo.model.optimizers import OptimizerGroup
from zoo.phase import Phase
from zoo.training.step import all_variables

FIT = {"batch_size": 16, "verbose": 0}
ADAM, SCHEDULED = keras.optimizers.Adam, small.Scheduled


def values(variables):
    return [array(v).copy() for v in variables]


def test_plain_optimizers_get_clipping_and_loss_scaling():
    model = small.Lazy(precision="mixed_float16", clip_norm=0.5)
    scaled = model.optimizers
    assert len(scaled) == 2  # A shared optimizer is wrapped once.
    for optimizer in scaled:
        assert isinstance(optimizer, keras.optimizers.LossScaleOptimizer)
        assert optimizer.inner_optimizer.global_clipnorm == 0.5
    history = model.fit(small.data(), steps=5, **FIT).history
    assert all(np.isfinite(found).all() for found in history.values())
    assert int(array(model.optimizer.iterations)) > 0


def test_a_schedule_is_followed_and_restored(tmp_path):
    model = SCHEDULED()
    model.fit(small.data(), steps=5, **FIT)
    FORMULA.check(array(model.optimizer.learning_rate), 0.05 * 0.5 ** (5 / 4))
    model.save(tmp_path / "m.keras")
    loaded = keras.saving.load_model(tmp_path / "m.keras")
    EXACT.check(array(loaded.optimizer.learning_rate), array(model.optimizer.learning_rate))


def test_the_rate_of_a_schedule_cannot_be_set():
    model = SCHEDULED()
    with pytest.raises(ModelError, match="ExponentialDecay"):
        model.optimizer.learning_rate = 0.1
    callback = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate)
    with pytest.raises(ModelError, match="follows a schedule"):
        model.fit(small.data(), steps=1, callbacks=[callback], **FIT)


def test_a_group_with_one_schedule_sets_no_rate_at_all():
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 5, 0.5)
    plain = ADAM(0.1)
    group = OptimizerGroup([plain, ADAM(schedule)])
    with pytest.raises(ModelError):
        group.learning_rate = 0.5
    FORMULA.check(array(plain.learning_rate), 0.1)


@pytest.mark.parametrize("rate", [0.0, -1.0])
def test_a_rate_that_is_not_positive_is_refused(rate):
    class Wrong(small.Plain):
        def optimizer_of_phase(self):
            return keras.optimizers.SGD(rate)

    with pytest.raises(ModelError, match="positive"):
        Wrong()


@pytest.mark.parametrize("precision", ["float32", "mixed_float16"])
@pytest.mark.parametrize("name", ["Plain", "Scheduled"])
def test_frozen_weights_stay_at_any_time_and_go_on_when_thawed(name, precision):
    model = small.MODELS[name](precision=precision)
    model.fit(small.data(), steps=2, **FIT)  # Momentum would move the weights.
    moving = {"encoder": True, "decoder": True}
    for frozen in ({"encoder"}, {"decoder"}, set()):
        for part in moving:
            getattr(model, part).trainable = part not in frozen
        before = {part: values(getattr(model, part).variables) for part in moving}
        model.fit(small.data(), steps=2, **FIT)
        for part in moving:
            pairs = zip(before[part], values(getattr(model, part).variables), strict=True)
            changed = [(old != new).any() for old, new in pairs]
            assert not any(changed) if part in frozen else all(changed), (part, frozen)


def test_weights_frozen_before_the_first_fit_and_in_the_middle_of_one_stay():
    model = small.Plain()
    model.encoder.trainable = False
    seen = []

    class Swap(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 1:
                self.model.encoder.trainable = True
                self.model.decoder.trainable = False

        def on_epoch_end(self, epoch, logs=None):
            seen.append([values(p.variables) for p in (self.model.encoder, self.model.decoder)])

    seen.append([values(p.variables) for p in (model.encoder, model.decoder)])
    model.fit(small.data(), epochs=2, callbacks=[Swap()], **FIT)
    moved = [
        [any((a != b).any() for a, b in zip(old, new, strict=True)) for old, new in pair]
        for pair in (zip(*seen[:2], strict=True), zip(*seen[1:], strict=True))
    ]
    assert moved == [[False, True], [True, False]]


def test_weights_frozen_by_a_callback_at_a_step_stay_from_then_on():
    model = small.Plain()
    kept = {}

    class Freeze(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            if batch == 2:
                self.model.encoder.trainable = False
                kept["encoder"] = values(self.model.encoder.variables)

    model.fit(small.data(), steps=3, callbacks=[Freeze()], **FIT)
    for value, old in zip(values(model.encoder.variables), kept["encoder"], strict=True):
        EXACT.check(value, old)


def test_a_phase_whose_weights_are_all_frozen_still_reports_its_loss_and_moves_its_state():
    model = small.Balanced()
    model.encoder.trainable = model.decoder.trainable = False
    before = values(model.encoder.variables + model.decoder.variables)
    history = model.fit(small.data(), steps=3, **FIT).history
    assert np.isfinite(history["loss"]).all() and array(model.mean).any()
    assert (array(model.mean) != 1).any()
    after = values(model.encoder.variables + model.decoder.variables)
    for value, old in zip(after, before, strict=True):
        EXACT.check(value, old)


def test_weights_that_were_frozen_when_the_model_was_made_cannot_be_trained():
    class Frozen(small.Plain):
        def assemble(self):
            super().assemble()
            self.encoder.trainable = False
            [phase] = self.phases
            self.phases = [Phase(phase.loss, phase.networks, ADAM(0.01))]

    model = Frozen()
    model.fit(small.data(), steps=1, **FIT)
    model.encoder.trainable = True
    with pytest.raises(ModelError, match="frozen when the model was made.*encoder"):
        model.fit(small.data(), steps=1, **FIT)


def test_saved_models_train_on_as_if_they_had_not_been_saved(tmp_path):
    for name in ("Lazy", "Scheduled"):
        model, straight = small.MODELS[name](ema=0.9), small.MODELS[name](ema=0.9)
        if name == "Lazy":
            model.optimizer.learning_rate = straight.optimizer.learning_rate = 0.003
        model.fit(small.data(), epochs=1, **FIT)
        model.save(tmp_path / f"{name}.keras")
        loaded = keras.saving.load_model(tmp_path / f"{name}.keras")
        loaded.fit(small.data(), epochs=1, **FIT)
        straight.fit(small.data(), epochs=2, **FIT)
        pairs = zip(all_variables(loaded), all_variables(straight), strict=True)
        for variable, wanted in pairs:
            EXACT.check(array(variable), array(wanted), name=variable.path)
