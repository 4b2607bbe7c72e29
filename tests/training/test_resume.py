"""Runs that were interrupted go on as if they had not been."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import keras
import numpy as np
import pytest

import zoo
from tests import tiny
from tests.tolerances import EXACT
from zoo.errors import DivergenceError, RunError
from zoo.training.checkpoint import Checkpoints
from zoo.training.progress import Progress
from zoo.training.step import all_variables

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def digits():
    return zoo.load_data("digits")[0]


def state(model):
    return [keras.ops.convert_to_numpy(v).copy() for v in all_variables(model)]


def lines(run):
    import json

    rows = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    return [{k: v for k, v in row.items() if k != "seconds"} for row in rows]


@pytest.mark.parametrize("name", ["vq_vae", "wgan_gp"])
def test_a_resumed_run_equals_the_uninterrupted_one(name, digits, tmp_path):
    model = tiny.create(name, ema=0.9)
    options = {"batch_size": 128, "verbose": 0}
    first, straight = tmp_path / "first", tmp_path / "straight"

    class CopyAt(keras.callbacks.Callback):
        """Keeps a copy of the run as a kill in the middle of its second epoch would leave it."""

        def on_train_batch_end(self, batch, logs=None):
            if self.epoch == 1 and batch == 0:
                shutil.copytree(straight, first)
                progress = Progress(self.params["steps"] + 1, *self.sums())
                Checkpoints(first / "checkpoints", model).save(progress)
                with (first / "log.jsonl").open("a") as log:
                    log.write('{"epoch": 2, "st')

        def on_epoch_begin(self, epoch, logs=None):
            self.epoch = epoch

        def on_train_batch_begin(self, batch, logs=None):
            self.before = logs

        def sums(self):
            return dict(self.seen), {name: 1 for name in self.seen}

    class Watch(CopyAt):
        def on_train_batch_end(self, batch, logs=None):
            self.seen = logs
            super().on_train_batch_end(batch, logs)

    model.fit(digits, epochs=3, run=straight, callbacks=[Watch()], **options)
    expected = state(model)
    model.fit(digits, epochs=3, run=first, resume=True, **options)
    for variable, value, wanted in zip(all_variables(model), state(model), expected, strict=True):
        EXACT.check(value, wanted, name=variable.path)
    assert lines(first) == lines(straight)


def test_a_run_killed_at_any_moment_goes_on(digits, tmp_path):
    code = (
        "import sys, zoo\n"
        "from tests import tiny\n"
        "import zoo.training.run_folder as run\n"
        "run.CHECKPOINT_SECONDS = 0.0\n"
        "train, _ = zoo.load_data('digits')\n"
        "tiny.create('vae').fit(train, epochs=400, verbose=0, run=sys.argv[1])\n"
    )
    folder = tmp_path / "killed"
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(folder)], cwd=ROOT, env={**os.environ}
    )
    checkpoints = folder / "checkpoints"
    deadline = time.monotonic() + 300
    while len(list(checkpoints.glob("step-*.npz"))) < 2 and time.monotonic() < deadline:
        assert process.poll() is None, "the run ended before it could be killed"
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    reached = int(sorted(checkpoints.glob("step-*.npz"))[-1].stem.removeprefix("step-"))
    total = reached + 25
    resumed, straight = tiny.create("vae"), tiny.create("vae")
    resumed.fit(digits, steps=total, verbose=0, run=folder, resume=True)
    straight.fit(digits, steps=total, verbose=0)
    for value, wanted in zip(state(resumed), state(straight), strict=True):
        EXACT.check(value, wanted)


@pytest.fixture
def two_checkpoints(digits, tmp_path):
    model = tiny.create("shallow_autoencoder")
    run = tmp_path / "run"
    model.fit(digits, steps=2, verbose=0, run=run)
    model.fit(digits, steps=4, verbose=0, run=run, resume=True)
    return model, run


@pytest.mark.parametrize("damage", ["truncated", "flipped", "empty"])
def test_a_torn_checkpoint_is_named_and_the_one_before_is_used(two_checkpoints, damage):
    model, run = two_checkpoints
    newest = sorted((run / "checkpoints").iterdir())[-1]
    content = bytearray(newest.read_bytes())
    if damage == "truncated":
        content = content[: len(content) // 2]
    elif damage == "flipped":
        content[len(content) // 2] ^= 0xFF
    else:
        content = bytearray()
    newest.write_bytes(bytes(content))
    with pytest.warns(UserWarning, match=newest.name):
        progress = Checkpoints(run / "checkpoints", model).restore()
    assert progress.step == 2


def test_a_run_whose_checkpoints_are_all_damaged_is_refused(two_checkpoints):
    model, run = two_checkpoints
    for path in (run / "checkpoints").iterdir():
        path.write_bytes(b"nothing")
    with (
        pytest.warns(UserWarning, match="damaged"),
        pytest.raises(RunError, match="No checkpoint"),
    ):
        Checkpoints(run / "checkpoints", model).restore()


def test_a_checkpoint_of_another_model_is_refused(two_checkpoints):
    _, run = two_checkpoints
    with pytest.raises(RunError, match="belongs to its model"):
        Checkpoints(run / "checkpoints", tiny.create("vae")).restore()


def test_an_existing_run_is_neither_overwritten_nor_mixed_up(two_checkpoints, digits):
    model, run = two_checkpoints
    before = {p: p.read_bytes() for p in run.rglob("*") if p.is_file()}
    with pytest.raises(RunError, match="--resume"):
        model.fit(digits, steps=5, verbose=0, run=run)
    with pytest.raises(RunError, match="own training. Received: batch_size=32"):
        model.fit(digits, steps=5, verbose=0, run=run, resume=True, batch_size=32)
    with pytest.raises(RunError, match="own training. Received: seed=9"):
        model.fit(digits, steps=5, verbose=0, run=run, resume=True, seed=9)
    with pytest.raises(RunError, match="own settings. Received: class=VAE"):
        tiny.create("vae").fit(digits, steps=5, verbose=0, run=run, resume=True)
    with pytest.raises(RunError, match="own data"):
        other = np.zeros((128, 8, 8, 1), "uint8")
        model.fit(other, steps=5, verbose=0, run=run, resume=True)
    assert {p: p.read_bytes() for p in run.rglob("*") if p.is_file()} == before


def test_overwriting_replaces_a_run_and_nothing_else(two_checkpoints, digits, tmp_path):
    model, run = two_checkpoints
    model.fit(digits, steps=1, verbose=0, run=run, overwrite=True)
    assert [p.name for p in (run / "checkpoints").iterdir()] == ["step-000000001.npz"]
    (run / "thesis.tex").write_text("irreplaceable")
    with pytest.raises(RunError, match=r"also holds thesis\.tex"):
        model.fit(digits, steps=1, verbose=0, run=run, overwrite=True)
    foreign = tmp_path / "mine"
    foreign.mkdir()
    (foreign / "run.json").write_text('{"user": 1}')
    with pytest.raises(RunError, match="not a run's"):
        model.fit(digits, steps=1, verbose=0, run=foreign, overwrite=True)
    assert (run / "thesis.tex").exists() and (foreign / "run.json").exists()
    assert not list(tmp_path.glob(".*replaced*"))


def test_a_run_that_fails_at_once_gives_the_overwritten_one_back(two_checkpoints, digits):
    model, run = two_checkpoints
    before = {p: p.read_bytes() for p in run.rglob("*") if p.is_file()}
    for weight in model.encoder.trainable_variables:
        weight.assign(np.full(weight.shape, np.nan, "float32"))
    with pytest.raises(DivergenceError):
        model.fit(digits, steps=3, verbose=0, run=run, overwrite=True)
    assert {p: p.read_bytes() for p in run.rglob("*") if p.is_file()} == before


def test_a_folder_that_a_training_uses_is_refused_to_another(two_checkpoints, digits):
    model, run = two_checkpoints
    other = tiny.create("shallow_autoencoder")
    met = []

    class Intrude(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            for option in ("resume", "overwrite"):
                with pytest.raises(RunError, match="in use"):
                    other.fit(digits, steps=9, verbose=0, run=run, **{option: True})
                met.append(option)

    model.fit(digits, steps=5, verbose=0, run=run, resume=True, callbacks=[Intrude()])
    assert met == ["resume", "overwrite"]
    other.fit(digits, steps=6, verbose=0, run=run, resume=True)


def test_an_extended_run_remembers_its_new_end(two_checkpoints, digits):
    import json

    model, run = two_checkpoints
    model.fit(digits, steps=7, verbose=0, run=run, resume=True)
    assert json.loads((run / "run.json").read_text())["training"]["steps"] == 7


def test_control_c_finishes_the_step_and_leaves_a_resumable_run(digits, tmp_path):
    model = tiny.create("shallow_autoencoder")

    class Interrupt(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            if batch == 3:
                os.kill(os.getpid(), signal.SIGINT)

    run = tmp_path / "run"
    with pytest.raises(KeyboardInterrupt):
        model.fit(digits, epochs=2, verbose=0, run=run, callbacks=[Interrupt()])
    assert sorted((run / "checkpoints").iterdir())[-1].name == "step-000000004.npz"
    model.fit(digits, epochs=2, verbose=0, run=run, resume=True)
    straight = tiny.create("shallow_autoencoder")
    straight.fit(digits, epochs=2, verbose=0)
    for value, wanted in zip(state(model), state(straight), strict=True):
        EXACT.check(value, wanted)


def test_a_resumed_run_leaves_no_older_model_behind(two_checkpoints, digits):
    model, run = two_checkpoints

    class Killed(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            raise MemoryError

    with pytest.raises(MemoryError):
        model.fit(digits, steps=9, verbose=0, run=run, resume=True, callbacks=[Killed()])
    assert not (run / "model.keras").exists()
    assert zoo.load(run).shape == model.shape


def test_an_unfinished_run_loads_as_of_its_last_checkpoint(two_checkpoints):
    model, run = two_checkpoints
    (run / "model.keras").unlink()
    loaded = zoo.load(run)
    for ours, theirs in zip(model.variables, loaded.variables, strict=True):
        EXACT.check(keras.ops.convert_to_numpy(theirs), keras.ops.convert_to_numpy(ours))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("absent.keras", None, "not found"),
        ("text.keras", b"not a zip", "not a .keras file"),
    ],
)
def test_a_file_that_is_no_model_is_refused(name, content, message, tmp_path):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(RunError, match=message):
        zoo.load(path)


def test_a_truncated_model_is_refused(two_checkpoints, tmp_path):
    model, run = two_checkpoints
    content = (run / "model.keras").read_bytes()
    (tmp_path / "m.keras").write_bytes(content[: len(content) // 2])
    with pytest.raises(RunError, match=r"m\.keras"):
        zoo.load(tmp_path / "m.keras")


def test_a_folder_that_is_no_run_is_refused(tmp_path):
    with pytest.raises(RunError, match="run.json"):
        zoo.load(tmp_path)
