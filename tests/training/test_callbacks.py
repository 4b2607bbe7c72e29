"""Keras's own callbacks, saving and restoring."""

import csv
import importlib.util
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pytest

from tests.arrays import array
from tests.tolerances import EXACT
from tests.training import small
from zoo.training.callbacks import StepsBar
from zoo.training.run_folder import RunFolder
from zoo.training.step import all_variables

FIT = {"batch_size": 16, "verbose": 0}
PER_EPOCH = 3
callbacks = keras.callbacks
NOT_TRIED = {
    "Callback": "the base",
    "CallbackList": "made by fit",
    "History": "returned by fit",
    "ProgbarLogger": "fit's is StepsBar",
    "OrbaxCheckpoint": "half a minute to import",
}


def values(model):
    return [array(v).copy() for v in all_variables(model)]


def check_same(model, other):
    for variable, wanted in zip(all_variables(model), values(other), strict=True):
        EXACT.check(array(variable), wanted, name=variable.path)


def straight(name, epochs):
    model = small.MODELS[name](ema=0.9)
    model.fit(small.data(), epochs=epochs, **FIT)
    return model


class Killed(callbacks.Callback):
    """Ends the process's training at a step, as a kill would."""

    def __init__(self, step):
        super().__init__()
        self.step = step

    def on_train_batch_end(self, batch, logs=None):
        if int(self.model.steps) == self.step:
            raise MemoryError


@pytest.mark.parametrize("freq", ["epoch", 2])
@pytest.mark.parametrize("name", ["Lazy", "Balanced"])
def test_backup_and_restore_goes_on_exactly(name, freq, tmp_path):
    def backup():
        return callbacks.BackupAndRestore(tmp_path / "backup", save_freq=freq)

    model = small.MODELS[name](ema=0.9)
    with pytest.raises(MemoryError):
        model.fit(small.data(), epochs=3, callbacks=[backup(), Killed(5)], **FIT)
    again = small.MODELS[name](ema=0.9)
    history = again.fit(small.data(), epochs=3, callbacks=[backup()], **FIT)
    assert history.epoch == [1, 2]
    assert int(again.steps) == 3 * PER_EPOCH
    check_same(again, straight(name, 3))
    assert not (tmp_path / "backup").exists()


def test_backup_and_restore_of_a_finished_part_repeats_nothing_in_a_later_fit(tmp_path):
    model = small.Plain(ema=0.9)
    for _ in range(2):
        backup = callbacks.BackupAndRestore(tmp_path / "backup")
        history = model.fit(small.data(), epochs=1, callbacks=[backup], **FIT)
        assert history.epoch == [0]
    check_same(model, straight("Plain", 2))


@pytest.mark.parametrize("freq", ["epoch", 4])
def test_files_of_model_checkpoint_resume_exactly(freq, tmp_path):
    model = small.Lazy(ema=0.9)
    model.optimizer.learning_rate = 0.004
    path = tmp_path / "at-{epoch}.keras"
    saver = callbacks.ModelCheckpoint(path, save_freq=freq)
    model.fit(small.data(), epochs=2, callbacks=[saver], **FIT)
    oldest = sorted(tmp_path.iterdir())[0]
    loaded = keras.saving.load_model(oldest)
    done = int(loaded.steps)
    assert done == (PER_EPOCH if freq == "epoch" else 4)
    loaded.fit(small.data(), steps=2 * PER_EPOCH - done, **FIT)
    check_same(loaded, model)


def test_weights_of_model_checkpoint_bring_the_optimizers_back(tmp_path):
    model = small.Plain(ema=0.9)
    saver = callbacks.ModelCheckpoint(tmp_path / "m.weights.h5", save_weights_only=True)
    model.fit(small.data(), epochs=1, callbacks=[saver], **FIT)
    other = small.Plain(ema=0.9, seed=5)
    other.load_weights(tmp_path / "m.weights.h5")
    check_same(other, model)


def test_early_stopping_restores_the_best_weights():
    class Drifting(small.Plain):
        def autoencoder_loss(self, batch, training):
            logs = super().autoencoder_loss(batch, training)
            return logs | {"drift": batch["step"]}

    model, best = Drifting(ema=0.9), Drifting(ema=0.9)
    stopper = callbacks.EarlyStopping("drift", mode="min", patience=2, restore_best_weights=True)
    history = model.fit(small.data(), epochs=9, callbacks=[stopper], **FIT)
    assert history.epoch == [0, 1, 2]
    best.fit(small.data(), epochs=1, **FIT)
    for found, wanted in zip(model.get_weights(), best.get_weights(), strict=True):
        EXACT.check(found, wanted)


def test_callbacks_that_move_the_learning_rate_are_resumed_with_it(tmp_path):
    model = small.Lazy()
    plateau = callbacks.ReduceLROnPlateau("generator_loss", mode="max", patience=1, min_delta=9.0)
    halve = callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.5)
    run = RunFolder(tmp_path / "run", samples=False)
    model.fit(small.data(), epochs=2, callbacks=[halve, plateau], run=run, **FIT)
    expected = [float(array(o.learning_rate)) for o in model.optimizers]
    assert expected == pytest.approx([0.01 * 0.5**2 * 0.1] * 2)
    again = small.Lazy()
    again.fit(small.data(), epochs=2, run=run, resume=True, **FIT)
    assert [float(array(o.learning_rate)) for o in again.optimizers] == expected


def test_the_log_of_every_epoch_is_a_row(tmp_path):
    model = small.Plain()
    history = model.fit(
        small.data(), epochs=2, callbacks=[callbacks.CSVLogger(tmp_path / "log.csv")], **FIT
    )
    model.fit(
        small.data(), callbacks=[callbacks.CSVLogger(tmp_path / "log.csv", append=True)], **FIT
    )
    rows = list(csv.DictReader((tmp_path / "log.csv").read_text().splitlines()))
    assert [row["epoch"] for row in rows] == ["0", "1", "0"]
    assert [float(row["loss"]) for row in rows[:2]] == pytest.approx(history.history["loss"])


def test_lambdas_and_nan_watchers_see_every_step():
    seen = []
    used = [
        callbacks.LambdaCallback(
            on_train_batch_begin=lambda batch, logs: seen.append(("begin", batch)),
            on_train_batch_end=lambda batch, logs: seen.append(("end", batch)),
            on_epoch_end=lambda epoch, logs: seen.append(("epoch", epoch)),
        ),
        callbacks.TerminateOnNaN(),
    ]
    small.Plain().fit(small.data(), epochs=2, callbacks=used, **FIT)
    steps = [(what, batch) for batch in range(PER_EPOCH) for what in ("begin", "end")]
    assert seen == [*steps, ("epoch", 0), *steps, ("epoch", 1)]


@pytest.mark.skipif(
    importlib.util.find_spec("tensorboard") is None, reason="TensorBoard is not installed"
)
def test_tensorboard_writes_its_events(tmp_path):
    model = small.Plain()
    board = callbacks.TensorBoard(tmp_path, write_graph=False)
    model.fit(small.data(), epochs=2, callbacks=[board], **FIT)
    assert list(tmp_path.rglob("events.*"))


def test_the_progress_bar_shows_the_steps_that_run(monkeypatch):
    targets = []
    begin = StepsBar.on_epoch_begin

    def watched(self, epoch, logs=None):
        begin(self, epoch, logs)
        targets.append(self.progbar.target)

    monkeypatch.setattr(StepsBar, "on_epoch_begin", watched)
    small.Plain().fit(np.tile(small.data(), (2, 1)), steps=8, batch_size=16, verbose=2)
    small.Plain().fit(np.tile(small.data(), (2, 1)), steps=4, batch_size=16, verbose=1)
    assert targets == [6, 2, 4]


def test_a_callback_that_fails_at_the_end_of_an_epoch_loses_nothing(tmp_path):
    def fail(epoch, logs):
        raise MemoryError

    run = RunFolder(tmp_path / "run", samples=False)
    model = small.Plain(ema=0.9)
    with pytest.raises(MemoryError):
        model.fit(
            small.data(),
            epochs=2,
            run=run,
            callbacks=[callbacks.LambdaCallback(on_epoch_end=fail)],
            **FIT,
        )
    again = small.Plain(ema=0.9)
    assert again.fit(small.data(), epochs=2, run=run, resume=True, **FIT).epoch == [1]
    check_same(again, straight("Plain", 2))


def test_remote_monitor_sends_the_logs_of_every_epoch(monkeypatch):
    sent = []
    requests = SimpleNamespace(
        post=lambda url, data, headers: sent.append((url, json.loads(data["data"]))),
        exceptions=SimpleNamespace(RequestException=OSError),
    )
    monkeypatch.setattr(sys.modules[callbacks.RemoteMonitor.__module__], "requests", requests)
    history = small.Plain().fit(
        small.data(), epochs=2, callbacks=[callbacks.RemoteMonitor("http://host")], **FIT
    )
    assert [url for url, _ in sent] == ["http://host/publish/epoch/end/"] * 2
    assert [logs["epoch"] for _, logs in sent] == [0, 1]
    assert [logs["loss"] for _, logs in sent] == history.history["loss"]


def test_swap_ema_weights_leaves_the_optimizers_average_and_training_goes_on():
    optimizer = keras.optimizers.Adam(0.01, use_ema=True, ema_momentum=0.5)
    model = small.Plain(optimizer=optimizer)
    for _ in range(2):
        before = model.encoder.get_weights()
        swap = callbacks.SwapEMAWeights(swap_on_epoch=True)
        model.fit(small.data(), epochs=2, callbacks=[swap], **FIT)
        own = model.optimizers[0]
        for weight, average in zip(
            own._trainable_variables, own._model_variables_moving_average, strict=True
        ):
            EXACT.check(array(weight), array(average))
        assert (model.encoder.get_weights()[0] != before[0]).all()
    with pytest.raises(ValueError, match="use_ema"):
        swap = callbacks.SwapEMAWeights(swap_on_epoch=True)
        small.Plain().fit(small.data(), callbacks=[swap], **FIT)


@pytest.mark.once
def test_every_callback_of_keras_is_tried():
    tests = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    stock = {name for name, value in vars(callbacks).items() if isinstance(value, type)}
    assert {name for name in stock if f"callbacks.{name}(" not in tests} == set(NOT_TRIED)
