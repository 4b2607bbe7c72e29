"""Optimizers and learning rates that users choose."""

import keras
import numpy as np
import pytest

import zoo
from tests import tiny
from tests.arrays import array
from tests.tolerances import EXACT, FORMULA
from zoo.errors import ModelError

schedules = keras.optimizers.schedules


def rates(model):
    return [float(array(phase.optimizer.learning_rate)) for phase in model.phases]


def test_a_name_keeps_the_models_own_learning_rates():
    model = tiny.create("gan", optimizer="AdamW", discriminator_learning_rate=5e-4)
    assert [type(phase.optimizer).__name__ for phase in model.phases] == ["AdamW", "AdamW"]
    FORMULA.check(rates(model), [5e-4, 2e-4])


def test_an_optimizer_brings_its_own_learning_rate_to_every_phase():
    own = keras.optimizers.SGD(0.05, momentum=0.9)
    model = tiny.create("gan", optimizer=own)
    found = [phase.optimizer for phase in model.phases]
    FORMULA.check(rates(model), [0.05, 0.05])
    assert [optimizer.momentum for optimizer in found] == [0.9, 0.9]
    # A copy for each phase: slots belong to the weights of one phase.
    assert len({id(optimizer) for optimizer in (own, *found)}) == 3
    assert not own.built and all(optimizer.built for optimizer in found)


def test_the_optimizers_of_two_phases_keep_apart():
    model = tiny.create("gan", optimizer=keras.optimizers.Adam(1e-3), discriminator_steps=2)
    model.fit(tiny.data(model, 32), steps=1, batch_size=8, verbose=0)
    assert [int(array(phase.optimizer.iterations)) for phase in model.phases] == [2, 1]


def test_sgd_moves_the_weights_by_its_rate_times_the_gradient():
    model = tiny.create("shallow_autoencoder", optimizer=keras.optimizers.SGD(0.5))
    before = array(model.decoder.weights[1]).copy()
    data = tiny.rows(model, 8)["data"]
    gradient = (model.reconstruct(data) - data).mean(axis=0).ravel() / 64
    model.fit(data, steps=1, batch_size=8, verbose=0)
    FORMULA.check(array(model.decoder.weights[1]) - before, -0.5 * gradient)


@pytest.mark.parametrize("own", [None, "AdamW", "instance"])
def test_a_schedule_sets_the_rate_of_each_step(own):
    schedule = schedules.PiecewiseConstantDecay([1, 2], [0.5, 0.25, 0.125])
    if own == "instance":
        model = tiny.create("shallow_autoencoder", optimizer=keras.optimizers.Adam(schedule))
    else:
        model = tiny.create("shallow_autoencoder", optimizer=own, learning_rate=schedule)
    seen = []

    class Watch(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            seen.extend(rates(self.model))

    data = tiny.data(model, 32)
    model.fit(data, steps=4, batch_size=8, verbose=0, callbacks=[Watch()])
    # After each update; the boundaries are the last steps of a rate.
    FORMULA.check(seen, [0.5, 0.25, 0.125, 0.125])


def test_a_schedule_and_an_optimizer_are_saved(tmp_path):
    schedule = schedules.ExponentialDecay(1e-2, decay_steps=10, decay_rate=0.5)
    own = keras.optimizers.AdamW(schedule, weight_decay=0.01)
    model = tiny.create("vae", optimizer=own)
    model.fit(tiny.data(model, 32), steps=2, batch_size=16, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = zoo.load(tmp_path / "model.keras")
    (phase,) = loaded.phases
    assert type(phase.optimizer).__name__ == "AdamW" and phase.optimizer.weight_decay == 0.01
    assert loaded.get_config() == model.get_config()
    # Loading it on another backend imports nothing of this one.
    assert model.get_config()["optimizer"]["module"] == "keras.optimizers"
    data = tiny.rows(model, 4)["data"]
    EXACT.check(loaded.reconstruct(data), model.reconstruct(data))
    with_rate = tiny.create("vae", learning_rate=schedule)
    with_rate.save(tmp_path / "rate.keras")
    found = zoo.load(tmp_path / "rate.keras").learning_rate
    assert found.get_config() == schedule.get_config()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"optimizer": "adamm"}, "optimizer is the name of a Keras optimizer. Received: 'adamm'"),
        ({"optimizer": "adamm"}, "Did you mean 'Adam'\\? Accepted: Adadelta"),
        ({"optimizer": "LossScaleOptimizer"}, "Received: LossScaleOptimizer. Accepted: the optim"),
        (
            {"optimizer": keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam(1e-3))},
            "Received: LossScaleOptimizer. Accepted: the optimizer inside it",
        ),
        ({"optimizer": 3}, "optimizer is a text or Optimizer or None. Received: 3"),
        ({"learning_rate": 0}, "learning_rate is .*above 0. Received: 0"),
        ({"learning_rate": "fast"}, "learning_rate is .*Received: 'fast'"),
        ({"optimizer": keras.optimizers.SGD(0.0)}, "learning rate is positive. Received: 0"),
    ],
    ids=str,
)
def test_a_bad_optimizer_is_refused(settings, message):
    with pytest.raises(ModelError, match=message):
        tiny.create("vae", **settings)


@pytest.mark.parametrize("own", [None, "SGD"])
def test_clipping_bounds_the_norm_of_each_phases_gradient(own):
    moved = {}
    for clip_norm in (None, 1e-3):
        optimizer = keras.optimizers.SGD(1.0) if own is None else own
        settings = {} if own is None else {"learning_rate": 1.0}
        model = tiny.create("vae", optimizer=optimizer, clip_norm=clip_norm, **settings)
        variables = model.phases[0].variables
        before = [array(v).copy() for v in variables]
        model.fit(tiny.data(model, 16), steps=1, batch_size=16, verbose=0)
        steps = [array(v) - b for v, b in zip(variables, before, strict=True)]
        moved[clip_norm] = float(np.sqrt(sum((s.astype("float64") ** 2).sum() for s in steps)))
    assert moved[None] > 1e-2
    assert moved[1e-3] == pytest.approx(1e-3, rel=1e-2)


def test_compiling_and_assigning_an_optimizer_are_refused():
    model = tiny.create("shallow_autoencoder")
    with pytest.raises(ModelError, match="needs no compile.*Accepted: .*optimizer"):
        model.compile(optimizer="adam")
    with pytest.raises(ModelError, match="Accepted: the setting optimizer"):
        model.optimizer = keras.optimizers.Adam()
