"""Trained models that come with the package: named, small, loadable, and as good as they say."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import zoo
from tests.tolerances import CERTIFICATE
from zoo import metrics, pretrained
from zoo.cli import main
from zoo.errors import RunError

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[1]
NAMES = list(pretrained.available())


@pytest.fixture(scope="module")
def reference():
    return metrics.Reference(*zoo.load_data("digits"))


def test_there_are_some_and_they_fit_in_the_package():
    assert {"vae/digits", "cgan/digits"} <= set(NAMES)
    files = [path for path in pretrained.OWN.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 5_000_000
    for name in NAMES:
        folder = pretrained.find(name)
        assert (folder / pretrained.MODEL).stat().st_size < 200_000
        bundle = folder / pretrained.BUNDLE
        assert sum(path.stat().st_size for path in bundle.iterdir()) < 200_000


@pytest.mark.parametrize("name", NAMES)
def test_a_model_has_the_scores_that_lie_beside_it(name, reference):
    wanted = ["mean_squared_error", "frechet_distance", "label_accuracy"]
    report = metrics.evaluate(zoo.load(name), reference, metrics=wanted)
    recorded = pretrained.scores(pretrained.find(name))
    assert report.scores
    for score in report.scores:
        assert score.value == pytest.approx(recorded[score.metric], rel=1e-3, abs=0.01)
    if "frechet_distance" in report:
        assert report["frechet_distance"] < 20
    if "mean_squared_error" in report:
        assert report["mean_squared_error"] < 0.5 * reference.mean_error


@pytest.mark.parametrize("name", NAMES)
def test_a_bundle_gives_what_the_model_gives(name):
    from export import runtime

    model = zoo.load(name)
    session = runtime.load(pretrained.find(name) / pretrained.BUNDLE)
    if "sample" in session.uses:
        CERTIFICATE.check(session.sample(4, seed=1), model.sample(4, seed=1))
    else:
        data = zoo.load_data("digits")[1].batch(np.arange(4), model.value_range)["data"]
        CERTIFICATE.check(session.reconstruct(data), model.reconstruct(data))


def test_a_model_knows_the_data_that_it_was_trained_on(tmp_path):
    assert main(["reconstruct", "vae/digits", "--out", str(tmp_path / "x.png")]) == 0
    assert (tmp_path / "x.png").stat().st_size > 1000


def test_samples_need_onnx_runtime_alone(tmp_path):
    code = (
        "import sys\n"
        "from zoo.cli import main\n"
        f"assert main(['sample', 'vae/digits', '--out', {str(tmp_path / 'x.png')!r}]) == 0\n"
        "heavy = {'keras', 'jax', 'torch', 'tensorflow', 'onnx'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
    assert (tmp_path / "x.png").stat().st_size > 1000


def test_a_path_comes_before_a_name_and_the_users_folder_before_the_packages(tmp_path, monkeypatch):
    home = tmp_path / "home"
    shutil.copytree(pretrained.find("vae/digits"), home / "vae" / "digits")
    shutil.copytree(pretrained.find("vae/digits"), home / "mine" / "faces")
    monkeypatch.setenv("GENZOO_HOME", str(home))
    assert pretrained.find("vae/digits") == home / "vae" / "digits"
    assert zoo.load("mine/faces").shape == (8, 8, 1)
    (tmp_path / "vae" / "digits").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert pretrained.find("vae/digits") is None
    assert os.environ["GENZOO_HOME"]


def test_an_unknown_name_lists_those_that_there_are():
    with pytest.raises(RunError, match=r"vae/digits"):
        zoo.load("vae/letters")


def test_the_list_shows_scores(capsys):
    assert main(["list", "--pretrained", "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert set(rows) == set(NAMES)
    assert rows["cgan/digits"]["label_accuracy"] > 0.8
    assert main(["list", "--pretrained", "vae/*"]) == 0
    assert capsys.readouterr().out.splitlines()[1].startswith("vae/digits")
