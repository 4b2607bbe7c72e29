"""The commands that apply a model answer alike from a run and from its bundle."""

import json

import numpy as np
import pytest
from PIL import Image

from tests.tolerances import CERTIFICATE

pytestmark = pytest.mark.once

COMMANDS = {
    "anomaly": (["--normal", "0,1"], (6, 8)),
    "inpaint": (["--hole", "right", "--steps", "3"], (12, 8)),
    "denoise": (["--noise", "masking"], (12, 8)),
    "cluster": (["--clusters", "3"], None),
    "classify": (["--labels", "40"], None),
    "compress": (["--bits", "6"], None),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_run_and_its_bundle_answer_alike(zoo, vae_run, vae_bundle, tmp_path, command):
    more, tiles = COMMANDS[command]
    count = 32 if tiles == (12, 8) else 200
    outcomes = []
    for subject in (vae_run, vae_bundle):
        out = tmp_path / "made.png"
        words = ["--data", "digits", "-n", count, "--out", out, "--json", *more]
        done = zoo(command, subject, *words)
        assert done.code == 0, done.err
        outcomes.append(json.loads(done.out))
    assert list(outcomes[0]) == list(outcomes[1])
    for name, value in outcomes[0].items():
        if isinstance(value, float) and name.startswith(("error", "threshold")):
            CERTIFICATE.check(outcomes[1][name], value, name=name)
    if tiles is not None:
        rows, columns = tiles
        with Image.open(out) as image:
            assert image.size == (columns * 66 - 2, rows * 66 - 2)
    if command == "anomaly":
        assert {"area", "area_of_pca", "area_of_mean"} < set(outcomes[0])
        assert outcomes[0]["threshold"] > 0
    if command == "compress":
        assert outcomes[0]["bytes"] == out.stat().st_size


def test_codes_are_read_back_by_the_bundle(zoo, vae_run, vae_bundle, tmp_path):
    words = ["--data", "digits", "-n", 20, "--out", tmp_path / "x.codes"]
    assert zoo("compress", vae_run, *words).code == 0
    made = []
    for subject in (vae_run, vae_bundle):
        done = zoo("decompress", subject, tmp_path / "x.codes", "--out", tmp_path / "x.npy")
        assert (done.code, done.out) == (0, f"{tmp_path / 'x.npy'}\n"), done.err
        made.append(np.load(tmp_path / "x.npy"))
    CERTIFICATE.check(made[1], made[0])
    done = zoo("decompress", vae_run, vae_run / "run.json", "--out", tmp_path / "x.npy")
    assert done.code == 1 and "that zoo compress wrote" in done.err


def test_scores_and_a_curve_are_written(zoo, vae_run, tmp_path):
    words = ["-n", 60, "--normal", "3", "--out", tmp_path / "s.npy", "--roc", tmp_path / "r.svg"]
    assert zoo("anomaly", vae_run, *words).code == 0
    assert np.load(tmp_path / "s.npy").shape == (60,)
    assert "<polyline" in (tmp_path / "r.svg").read_text()
    for more in (["--normal", "cat"], ["--roc", tmp_path / "r.svg"]):
        done = zoo("anomaly", vae_run, "-n", 60, *more)
        assert done.code == 2 and "Accepted" in done.err


def test_numbers_that_cannot_be_are_wrong_use(zoo, vae_run):
    one = "Received: 1 labelled, of 1 classes. Accepted: a larger --labels, of --data with several."
    level = "--level is a share, or a deviation from 0. Received: "
    for words, message in (
        (["cluster", "-n", 20, "--clusters", 21], "Accepted: 1 to 20."),
        (["classify", "--labels", 1], one),
        *((["denoise", "--level", value], level + value) for value in ("-1", "nan", "inf")),
    ):
        done = zoo(words[0], vae_run, *words[1:])
        assert done.code == 2 and message in done.err


def test_models_without_the_uses_are_named(zoo, cgan_run):
    done = zoo("compress", cgan_run, "--out", "x")
    assert done.code == 2 and "needs the use 'encode'" in done.err
