"""Training from the command line: what a run records, and how it continues."""

import json
import os
import signal

import numpy as np
import pytest

from tests.cli.conftest import TINY
from tests.tolerances import EXACT
from zoo.cli import main


def last_line(run):
    return json.loads((run / "log.jsonl").read_text().splitlines()[-1])


def test_a_run_tells_how_to_repeat_it(vae_run):
    record = json.loads((vae_run / "run.json").read_text())
    assert record["name"] == "vae"
    assert record["source"] == {"data": "digits"}
    assert record["model"]["settings"]["latent_dim"] == 2
    assert record["training"] == {"batch_size": 256, "epochs": 2, "steps": None, "seed": 0}
    assert (vae_run / "samples" / "epoch-0002.png").is_file()
    assert "val_loss" in last_line(vae_run)


def test_labels_are_counted_where_the_model_needs_them(cgan_run):
    settings = json.loads((cgan_run / "run.json").read_text())["model"]["settings"]
    assert settings["num_classes"] == 10


def test_an_existing_run_is_neither_overwritten_nor_changed(zoo, vae_run):
    before = {path: path.read_bytes() for path in vae_run.rglob("*") if path.is_file()}
    code, out, err = zoo("train", "vae", "--data", "digits", "--out", vae_run)
    assert (code, out) == (1, "")
    assert "--resume" in err.splitlines()[-1] and "--overwrite" in err.splitlines()[-1]
    assert before == {path: path.read_bytes() for path in vae_run.rglob("*") if path.is_file()}


def test_ctrl_c_says_how_to_resume_and_resume_needs_only_the_folder(
    zoo, vae_run, tmp_path, monkeypatch
):
    from zoo.training.run_folder import RunFolder

    def interrupt(folder, progress, write=RunFolder.checkpoint):
        write(folder, progress)
        os.kill(os.getpid(), signal.SIGINT)

    out = tmp_path / "a run"
    words = ["--epochs", 2, "--batch-size", 256, "--set", *TINY["vae"], "--out", out]
    with monkeypatch.context() as patched:
        patched.setattr(RunFolder, "checkpoint", interrupt)
        patched.setattr(RunFolder, "close", lambda folder, progress: None)
        code, _, err = zoo("train", "vae", "--data", "digits", *words)
    assert code == 130
    assert err.splitlines()[-1] == (
        f"zoo: interrupted; resume with: zoo train --resume --out '{out}'"
    )
    assert last_line(out)["epoch"] == 1
    code, _, _ = zoo("train", "--resume", "--out", out)
    assert code == 0
    resumed, whole = last_line(out), last_line(vae_run)
    assert resumed | {"seconds": 0} == whole | {"seconds": 0}


@pytest.mark.once
def test_a_run_that_sigterm_ends_exits_with_143(zoo, tmp_path, monkeypatch):
    from zoo.model import GenerativeModel
    from zoo.training.signals import Stopped

    def stop(*_, **__):
        raise Stopped(signal.SIGTERM)

    monkeypatch.setattr(GenerativeModel, "fit", stop)
    words = ["--set", *TINY["vae"], "--out", tmp_path / "run"]
    code, _, err = zoo("train", "vae", "--data", "digits", *words)
    assert code == 143
    assert err.splitlines()[-1].startswith("zoo: interrupted; resume with: zoo train --resume")


def test_a_run_starts_from_the_weights_of_another(zoo, vae_run, tmp_path):
    import zoo as library

    words = ["--data", "digits", "--steps", 1, "--set", *TINY["vae"], "learning_rate=1e-30"]
    out = tmp_path / "run"
    assert zoo("train", "vae", *words, "--init", vae_run, "--out", out).code == 0
    started, source = (library.load(run).decoder.get_weights() for run in (out, vae_run))
    for found, wanted in zip(started, source, strict=True):
        EXACT.check(found, wanted)


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["dcgan"], 1, "A run is resumed with its own model. Received: dcgan. Accepted: vae."),
        (
            ["--batch-size", "32"],
            1,
            "A run is resumed with its own training. Received: batch_size=32.",
        ),
        (["--set", "latent_dim=3"], 1, "A run is resumed with its own settings."),
        (["--data", "ring"], 2, "The data have the model's shape (8, 8, 1). Received: (2,)"),
    ],
)
def test_a_run_is_resumed_as_it_was_started(zoo, vae_run, words, code, message):
    outcome = zoo("train", *words, "--resume", "--out", vae_run)
    assert outcome.code == code
    assert message in outcome.err


def test_measurements_keep_their_values_unless_a_range_is_set(tmp_path, monkeypatch):
    import zoo.cli.train as command

    seen = []

    def record(name, cls, settings):
        seen.append(settings)
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "_create", record)
    np.save(tmp_path / "points.npy", 5 * np.random.default_rng(0).normal(size=(9, 3)))
    words = ["train", "vae", "--data", str(tmp_path / "points.npy"), "--out", str(tmp_path / "run")]
    assert main(words) == 130
    assert main([*words, "--set", "value_range=-1,1"]) == 130
    assert main(["train", "vae", "--data", "digits", "--out", str(tmp_path / "run")]) == 130
    assert seen[0] == {"format": 2, "shape": (3,), "value_range": None}
    assert seen[1] == {"format": 2, "shape": (3,), "value_range": (-1.0, 1.0)}
    assert seen[2] == {"format": 2, "shape": (8, 8, 1)}


def test_results_alone_go_to_stdout(zoo, tmp_path):
    words = ["--data", "digits", "--steps", 1, "--set", *TINY["vae"], "--out", tmp_path / "run"]
    code, out, err = zoo("train", "vae", *words, "--json")
    assert code == 0
    assert json.loads(out)["step"] == 1
    assert "zoo: training vae on 1500 samples of shape (8, 8, 1)" in err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["vae", "--set", "latentdim=3"],
            "Unknown setting 'latentdim'. Did you mean 'latent_dim'?",
        ),
        (
            ["vae", "--set", "latent_dim=big"],
            "latent_dim is a whole number, at least 1. Received: 'big'.",
        ),
        (["vae", "--set", "ema=2"], "ema is a number or None, above 0, below 1. Received: 2.0"),
        (["vae", "--set", "network=cnov"], "network is one of"),
        (["vae", "--set", "network_options.activation=rulu"], "Did you mean 'relu'?"),
        (["vae", "--set", "network_options.widht=3"], "widht"),
    ],
)
def test_wrong_settings_are_wrong_use_and_leave_nothing(zoo, tmp_path, words, message):
    code, out, err = zoo("train", *words, "--data", "digits", "--out", tmp_path / "run")
    assert (code, out) == (2, "")
    assert message in err and err.count("\n") == 1
    assert not (tmp_path / "run").exists()


def test_what_a_model_does_not_read_is_refused_or_named(zoo, tmp_path):
    np.savez(tmp_path / "pairs.npz", x_train=np.zeros((9, 8, 8), "uint8"))
    words = ["train", "srgan", "--data", tmp_path / "pairs.npz", "--out", tmp_path / "run"]
    done = zoo(*words, "--target", tmp_path / "pairs.npz", "--steps", 1)
    assert done.code == 2
    assert "srgan reads no other or target. Received: --target" in done.err
    assert not (tmp_path / "run").exists()
    (tmp_path / "rows.csv").write_text("size,city\n1.5,Rome\n2,Oslo\n3,Rome\n")
    words = ["train", "table_gan", "--data", tmp_path / "rows.csv", "--label", "city"]
    done = zoo(*words, "--steps", 1, "--batch-size", 2, "--quiet", "--out", tmp_path / "table")
    assert done.code == 0, done.err
    assert "table_gan reads no labels: the column 'city' is no part of its data" in done.err


def test_a_model_that_does_not_learn_is_named(zoo, tmp_path):
    rate = ["--set", "learning_rate=1e-12", "discriminator_learning_rate=5e-3"]
    words = ["train", "gan", "--data", "digits", "--steps", 260, "--batch-size", 16]
    done = zoo(*words, *rate, "network_options.width=8", "--quiet", "--out", tmp_path / "run")
    assert done.code == 0, done.err
    assert "warning: After epoch" in done.err


def test_a_divergence_in_the_weights_proposes_a_mend(zoo, tmp_path):
    words = ["train", "gan", "--data", "digits", "--steps", 3, "--batch-size", 16]
    rate = ["--set", "optimizer=sgd", "learning_rate=1e38", "network_options.width=4"]
    done = zoo(*words, *rate, "--quiet", "--out", tmp_path / "run")
    assert done.code == 1
    assert "Try a lower learning_rate, clip_norm" in done.err


def test_a_model_of_labels_refuses_data_without(zoo, tmp_path):
    np.save(tmp_path / "x.npy", np.zeros((9, 8, 8, 1), "uint8"))
    code, _, err = zoo("train", "cgan", "--data", tmp_path / "x.npy", "--out", tmp_path / "run")
    assert code == 2
    assert "CGAN reads labels. Received: data without labels." in err
