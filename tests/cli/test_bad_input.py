"""Bad input is one line on stderr, an exit code, no traceback, and nothing half-written."""

import shutil
import sys

import numpy as np
import pytest
from PIL import Image

from zoo import backends
from zoo.cli.errors import explain


def refused(outcome, code, *messages):
    """Whether a command failed as it should, with all messages in the only line of error."""
    errors = [line for line in outcome.err.splitlines() if line.startswith("zoo: error: ")]
    assert outcome.code == code
    assert outcome.out == ""
    assert len(errors) == 1 and "Traceback" not in outcome.err
    for message in messages:
        assert message in errors[0]


def save(path, values):
    np.save(path, values)
    return path


@pytest.mark.once
def test_data_that_cannot_be_used_are_refused_before_a_backend_is_imported(zoo, tmp_path):
    empty, corrupt = tmp_path / "empty", tmp_path / "corrupt"
    empty.mkdir()
    corrupt.mkdir()
    (corrupt / "image.png").write_bytes(b"no image")
    nan = np.zeros((4, 8, 8, 1), "float32")
    nan[2, 3, 4, 0] = np.nan
    for source, *messages in (
        ("digit", "No such data.", "Did you mean 'digits'?"),
        (save(tmp_path / "nan.npy", nan), "nan in nan.npy at index (2, 3, 4, 0)"),
        (save(tmp_path / "flat.npy", np.zeros(7)), "Received: flat.npy of shape (7,)"),
        (save(tmp_path / "video.npy", np.zeros((1, 2, 3, 4, 5))), "of shape (1, 2, 3, 4, 5)"),
        (empty, "empty"),
        (corrupt, "image.png"),
    ):
        outcome = zoo("train", "vae", "--data", source, "--out", tmp_path / "run")
        refused(outcome, 1, *messages)
    assert not (tmp_path / "run").exists()


@pytest.mark.once
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["train", "vae", "--data", "images", "--image-size", "0"], "a size is 64 or 64x48"),
        (["export", "run", "--to", "bundle", "--opset", "3"], "not a whole number from 17"),
        (["sample", "run", "--out", "a.gif"], "does not end in .png or .npy"),
        (["reconstruct", "run", "--out", "a.npy"], "does not end in .png"),
        (["bench", "--subjects", "keras"], "No subject matches. Received: 'keras'"),
        (["bench", "report", "no-such-file.jsonl"], "no-such-file.jsonl"),
    ],
)
def test_options_that_cannot_be_are_wrong_use(zoo, words, message):
    refused(zoo(*words), 2, message)


@pytest.mark.once
def test_one_corrupt_image_is_named_and_left_out(zoo, tmp_path, monkeypatch):
    import zoo.cli.train as command

    def stop(name, cls, settings):
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "_create", stop)
    folder = tmp_path / "images"
    folder.mkdir()
    for index in range(3):
        Image.new("L", (8, 8), index).save(folder / f"{index}.png")
    (folder / "broken.png").write_bytes(b"no image")
    code, _, err = zoo("train", "vae", "--data", folder, "--out", tmp_path / "run")
    assert code == 130
    assert "zoo: warning: " in err and "broken.png" in err


def test_damaged_models_are_refused(zoo, vae_run, tmp_path):
    whole = (vae_run / "model.keras").read_bytes()
    for name, content in (("text", b"no model"), ("torn", whole[: len(whole) // 2]), ("no", b"")):
        path = tmp_path / f"{name}.keras"
        path.write_bytes(content)
        refused(zoo("sample", path, "--out", tmp_path / "x.png"), 1, str(path))
    absent = zoo("sample", tmp_path / "absent", "--out", tmp_path / "x.png")
    refused(absent, 1, "A model is a run folder or a .keras file.", "not found")
    assert not (tmp_path / "x.png").exists()


def test_a_torn_checkpoint_is_named_and_the_one_before_is_used(zoo, vae_run, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(vae_run, run)
    (run / "model.keras").unlink()
    first, last = sorted((run / "checkpoints").iterdir())
    last.write_bytes(last.read_bytes()[:1000])
    code, _, err = zoo("sample", run, "--out", tmp_path / "x.png")
    assert code == 0
    assert "zoo: warning: Checkpoint" in err and last.name in err
    first.write_bytes(b"")
    outcome = zoo("train", "--resume", "--out", run)
    refused(outcome, 1, "No checkpoint", "is intact")


def test_a_perceptual_network_of_other_data_leaves_no_run(zoo, tmp_path):
    import keras

    data = keras.Input((9, 9, 1), name="data")
    keras.Model({"data": data}, {"map": data}).save(tmp_path / "own.keras")
    words = ["--data", "digits", "--steps", 8, "--set", f"perceptual={tmp_path / 'own.keras'}"]
    outcome = zoo("train", "vqgan", *words, "--out", tmp_path / "run")
    refused(outcome, 2, "perceptual reads data (8, 8, 1)", "Received: data (9, 9, 1)")
    assert not (tmp_path / "run").exists()


def test_targets_that_cannot_be_written_are_refused(zoo, vae_run, tmp_path):
    (tmp_path / "file").write_text("mine")
    below = tmp_path / "file" / "below"
    refused(zoo("sample", vae_run, "--out", below / "x.png"), 1, "Cannot write", str(below))
    refused(zoo("sample", vae_run, "--out", below / "x.npy"), 1, "Cannot write", str(below))
    refused(zoo("export", vae_run, "--to", below), 1, "Cannot write", str(below))
    words = ["--data", "digits", "--set", "network_options.width=4", "--steps", 1]
    refused(zoo("train", "vae", *words, "--out", below), 1, str(below))
    refused(zoo("sample", vae_run, "--out", tmp_path / "x.jpg"), 2, ".png", "x.jpg")
    assert (tmp_path / "file").read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.once
def test_a_missing_backend_is_one_line_with_the_command_that_installs_it(zoo, monkeypatch):
    monkeypatch.delitem(sys.modules, "keras", raising=False)
    monkeypatch.setattr(backends, "find_spec", lambda name: None)
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    refused(zoo("describe", "vae"), 1, "KERAS_BACKEND=torch is not installed.", "genzoo[torch]")
    monkeypatch.setenv("KERAS_BACKEND", "theano")
    refused(zoo("describe", "vae"), 1, "Received: 'theano'. Accepted: jax, torch, tensorflow.")
    monkeypatch.delenv("KERAS_BACKEND")
    refused(zoo("describe", "vae"), 1, "No backend is installed.", "pip install 'genzoo[jax]'")


def test_the_backend_is_said_where_nobody_chose_it(zoo, monkeypatch):
    monkeypatch.delenv("KERAS_BACKEND")
    assert "zoo: KERAS_BACKEND is not set; using " in zoo("describe", "vae").err


@pytest.mark.once
@pytest.mark.parametrize(
    "message",
    [
        "RESOURCE_EXHAUSTED: Out of memory allocating 8589934592 bytes.",
        "[enforce fail at alloc_cpu.cpp:124] . DefaultCPUAllocator: can't allocate memory: you",
        "CUDA out of memory. Tried to allocate 8.00 GiB.",
        "OOM when allocating tensor with shape[65536,65536] and type float",
    ],
)
def test_running_out_of_memory_is_one_line(message):
    failure = explain(RuntimeError(f"{message}\nand where"))
    assert failure is not None and failure.code == 1
    assert failure.message == f"error: Out of memory. {message}"
    assert explain(RuntimeError("a fault of ours")) is None
