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


@pytest.fixture
def scans(tmp_path):
    """A file of noise alone, without a test split."""
    noise = 255 * np.random.default_rng(0).integers(0, 2, (40, 8, 8, 1), dtype="uint8")
    np.savez(tmp_path / "scans.npz", x_train=noise, y_train=np.arange(40) % 2)
    return tmp_path / "scans.npz"


def test_data_without_a_test_split_are_all_asked_about(zoo, vae_run, vae_bundle, scans, tmp_path):
    found = json.loads(zoo("anomaly", vae_run, "--data", scans, "--json").out)
    own = json.loads(zoo("anomaly", vae_run, "--json").out)
    # The threshold is that of what the run was trained on, not of the noise.
    assert (found["rows"], found["flagged"]) == (40, 1.0)
    assert found["threshold"] == own["threshold"]
    done = zoo("anomaly", vae_bundle, "--data", scans, "--json")
    assert json.loads(done.out)["rows"] == 40 and "stand in for the training data" in done.err
    words = ["--data", scans, "--threshold", own["threshold"], "--json"]
    found = json.loads(zoo("anomaly", vae_bundle, *words).out)
    assert (found["threshold"], found["flagged"]) == (own["threshold"], 1.0)
    words = ["--data", scans, "--out", tmp_path / "scans.codes"]
    assert zoo("compress", vae_run, *words).code == 0
    assert zoo("decompress", vae_run, words[-1], "--out", tmp_path / "x.npy").code == 0
    assert len(np.load(tmp_path / "x.npy")) == 40
    done = zoo("classify", vae_bundle, "--data", scans, "--labels", 30, "--json")
    assert (json.loads(done.out)["rows"], done.code) == (40, 0)
    np.savez(scans, x_train=np.zeros((1, 8, 8, 1), "uint8"))
    for command in ("anomaly", "inpaint", "denoise", "compress"):
        words = ["--data", scans, "--json", "--out", tmp_path / "one.npy"]
        done = zoo(command, vae_run, *words)
        assert (json.loads(done.out)["rows"], done.code) == (1, 0), done.err


def test_no_part_of_a_run_or_a_bundle_and_no_data_are_replaced(zoo, vae_run, vae_bundle, scans):
    before = {path: path.read_bytes() for path in (*vae_run.glob("*.*"), scans)}
    for subject, out in ((vae_run, "model.keras"), (vae_bundle, "bundle.json")):
        done = zoo("compress", vae_run, "--out", subject / out)
        assert done.code == 2 and "no part of a run or a bundle" in done.err
    done = zoo("augment", vae_run, "--data", scans, "--count", 5, "--out", scans)
    assert done.code == 2 and "another file than the data" in done.err
    assert {path: path.read_bytes() for path in before} == before
    picture = vae_run / "heat.png"
    assert [zoo("anomaly", vae_run, "--out", picture).code for _ in range(2)] == [0, 0]
    picture.unlink()


def test_models_without_the_uses_are_named(zoo, cgan_run):
    done = zoo("compress", cgan_run, "--out", "x")
    assert done.code == 2 and "needs the use 'encode'" in done.err
