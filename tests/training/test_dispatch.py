"""Steps in flight, epochs of gated phases, and models that are trained again."""

import math
import os
import signal

import keras
import numpy as np
import pytest

from tests.arrays import array
from tests.tolerances import EXACT
from tests.training import small
from zoo.errors import DivergenceError
from zoo.training import dispatch
from zoo.training.callbacks import watches_steps
from zoo.training.run_folder import RunFolder
from zoo.training.step import all_variables

FIT = {"batch_size": 16, "verbose": 0}


def values(model):
    return [array(v).copy() for v in all_variables(model)]


@pytest.fixture
def trace(monkeypatch):
    """What the dispatcher did, in order: ("start" | "read", step)."""
    events = []
    start, read = dispatch.Dispatcher.start, dispatch.Dispatcher.read

    def traced_start(self):
        events.extend(("start", step) for step in self.coming)
        start(self)

    def traced_read(self):
        first, steps = self._in_flight[0]
        events.extend(("read", first + index) for index in range(len(steps)))
        return read(self)

    monkeypatch.setattr(dispatch.Dispatcher, "start", traced_start)
    monkeypatch.setattr(dispatch.Dispatcher, "read", traced_read)
    return events


def in_flight(events):
    """How many steps were in flight after each event."""
    return np.cumsum([1 if what == "start" else -1 for what, _ in events])


def test_a_step_starts_before_the_logs_of_the_last_one_are_read(trace):
    model = small.Plain()
    model.fit(np.tile(small.data(64), (25, 1)), steps=100, **FIT)
    assert [step for what, step in trace if what == "read"] == list(range(100))
    for step in range(99):
        assert trace.index(("start", step + 1)) < trace.index(("read", step)), step
    assert max(in_flight(trace)) == 2
    assert int(model.steps) == 100


def test_each_step_ends_before_the_next_where_a_callback_watches(trace):
    seen = []
    watcher = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: seen.append(int(model.steps))
    )
    model = small.Plain()
    model.fit(small.data(), steps=7, callbacks=[watcher], **FIT)
    assert max(in_flight(trace)) == 1
    assert seen == [1, 2, 3, 4, 5, 6, 7]


def test_watching_changes_no_number():
    watched, unwatched = small.Balanced(), small.Balanced()
    watcher = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: None)
    first = watched.fit(small.data(), steps=7, callbacks=[watcher], **FIT)
    second = unwatched.fit(small.data(), steps=7, **FIT)
    assert first.history == second.history
    for value, wanted in zip(values(unwatched), values(watched), strict=True):
        EXACT.check(value, wanted)


def test_callbacks_that_look_at_epochs_do_not_watch_steps(tmp_path):
    callbacks = keras.callbacks
    unconcerned = [
        callbacks.ModelCheckpoint(tmp_path / "m.keras"),
        callbacks.BackupAndRestore(tmp_path / "backup"),
        callbacks.CSVLogger(tmp_path / "log.csv"),
        callbacks.EarlyStopping(),
        callbacks.ReduceLROnPlateau(),
        callbacks.LearningRateScheduler(lambda epoch, rate: rate),
        callbacks.TerminateOnNaN(),
        callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: None),
    ]
    assert not any(watches_steps(callback) for callback in unconcerned)
    assert watches_steps(callbacks.ModelCheckpoint(tmp_path / "m.keras", save_freq=3))
    assert watches_steps(callbacks.LambdaCallback(on_train_batch_begin=lambda b, logs: None))


def test_a_loss_that_diverges_in_flight_is_named_with_its_own_step(tmp_path, trace):
    class Diverging(small.Plain):
        def autoencoder_loss(self, batch, training):
            logs = super().autoencoder_loss(batch, training)
            bad = keras.ops.where(batch["step"] == 5.0, float("nan"), 1.0)
            return {"loss": logs["loss"] * bad}

    model = Diverging()
    run = RunFolder(tmp_path / "run", samples=False, every=4)
    with pytest.raises(DivergenceError, match="'autoencoder' became nan at step 5"):
        model.fit(np.tile(small.data(), (4, 1)), steps=9, run=run, **FIT)
    assert trace[-2:] == [("start", 6), ("read", 5)]
    names = [path.name for path in sorted((tmp_path / "run/checkpoints").iterdir())]
    assert names == ["step-000000004.npz"]


def test_a_signal_ends_training_after_the_steps_in_flight(tmp_path, trace, monkeypatch):
    model = small.Plain()
    start = dispatch.Dispatcher.start

    def interrupted(self):
        start(self)
        if ("start", 10) in trace:
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(dispatch.Dispatcher, "start", interrupted)
    data = np.tile(small.data(), (8, 1))
    run = RunFolder(tmp_path / "run", samples=False)
    with pytest.raises(KeyboardInterrupt):
        model.fit(data, steps=20, run=run, **FIT)
    assert trace[-1] == ("read", 10)
    newest = sorted((tmp_path / "run/checkpoints").iterdir())[-1]
    assert newest.name == "step-000000011.npz"
    monkeypatch.setattr(dispatch.Dispatcher, "start", start)
    model.fit(data, steps=20, run=run, resume=True, **FIT)
    straight = small.Plain()
    straight.fit(data, steps=20, **FIT)
    for value, wanted in zip(values(model), values(straight), strict=True):
        EXACT.check(value, wanted)


def test_stopping_at_a_step_is_exact():
    class Stop(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.model.stop_training = batch == 1

    model, straight = small.Plain(), small.Plain()
    model.fit(small.data(), steps=9, callbacks=[Stop()], **FIT)
    assert int(model.steps) == 2
    straight.fit(small.data(), steps=2, **FIT)
    for value, wanted in zip(values(model), values(straight), strict=True):
        EXACT.check(value, wanted)


def test_a_model_that_is_trained_again_goes_on_in_order_and_noise():
    again, straight = small.Words(), small.Words()
    for epoch in range(3):
        history = again.fit(small.data(), epochs=1, **FIT)
        assert history.epoch == [0]
        assert int(again.steps) == 3 * (epoch + 1)
    straight.fit(small.data(), epochs=3, **FIT)
    for value, wanted in zip(values(again), values(straight), strict=True):
        EXACT.check(value, wanted)


def test_a_run_of_a_trained_model_resumes_exactly(tmp_path):
    first, second = small.Balanced(), small.Balanced()
    for model in (first, second):
        model.fit(small.data(), steps=4, **FIT)
    second.fit(small.data(), steps=5, **FIT)
    run = RunFolder(tmp_path / "run", samples=False)
    first.fit(small.data(), steps=2, run=run, **FIT)
    fresh = small.Balanced()
    fresh.fit(small.data(), steps=5, run=run, resume=True, **FIT)
    assert int(fresh.steps) == 9
    for value, wanted in zip(values(fresh), values(second), strict=True):
        EXACT.check(value, wanted)


def test_validation_evaluates_the_phases_that_ran_and_the_history_is_aligned():
    seen = []
    log = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(set(logs)))
    model = small.Staged()
    history = model.fit(
        small.data(), epochs=3, validation_data=small.data(32), callbacks=[log], **FIT
    ).history
    first = {"autoencoder_loss", "val_autoencoder_loss"}
    second = {"prior_loss", "prior_size", "val_prior_loss", "val_prior_size"}
    assert seen == [first, first | second, second]  # Three steps an epoch; the stage ends at 4.
    assert set(history) == first | second
    missing = {name: [math.isnan(value) for value in found] for name, found in history.items()}
    assert {str(found) for name, found in missing.items() if name in first} == {
        str([False, False, True])
    }
    assert {str(found) for name, found in missing.items() if name in second} == {
        str([True, False, False])
    }
    assert set(model.evaluate(small.data())) == {"autoencoder_loss", "prior_loss", "prior_size"}
