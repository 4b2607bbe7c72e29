"""A file and a row, installed by another package: every command and the documentation follow."""

import os
import sys

import numpy as np
import pytest
from PIL import Image

from tests import docs_table
from tests.squashed import NAME, SOURCE
from zoo import registry

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A package on the path whose entry point is a model; other processes see it, too."""
    site = tmp_path / "site"
    info = site / "squashed-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "squashed_models.py").write_text(SOURCE)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: squashed\nVersion: 1.0\n")
    target = "squashed_models:SquashedAutoencoder"
    (info / "entry_points.txt").write_text(f"[{registry.ENTRY_POINTS}]\n{NAME} = {target}\n")
    monkeypatch.syspath_prepend(site)
    path = os.pathsep.join([str(site), ROOT, os.environ.get("PYTHONPATH", "")])
    monkeypatch.setenv("PYTHONPATH", path)
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    sys.modules.pop("squashed_models", None)


@pytest.mark.once
def test_every_command_knows_the_installed_model(zoo, installed):
    assert NAME in zoo("list").out
    assert "noise_level" in zoo("describe", NAME).out

    words = ["--data", "digits", "--epochs", 1, "--batch-size", 256, "--quiet", "--out", "run"]
    options = ["--set", "latent_dim=2", "network=mlp", "network_options.width=8"]
    assert zoo("train", NAME, *words, *options).code == 0
    assert zoo("sample", "run", "-n", 4, "--out", "samples.png").code == 0
    assert zoo("caricature", "run", "--data", "digits", "-n", 3, "--out", "drawn.npy").code == 0
    assert zoo("export", "run", "--out", "bundle").code == 0
    assert zoo("verify", "bundle").code == 0
    assert zoo("sample", "bundle", "-n", 4, "--out", "served.png").code == 0

    with Image.open("samples.png") as ours, Image.open("served.png") as served:
        np.testing.assert_allclose(np.asarray(ours, float), np.asarray(served, float), atol=1)
    assert np.load("drawn.npy").shape == (3, 8, 8, 1)

    words = ["--subjects", "onnxruntime", "--workloads", "caricature", "--batches", 1]
    words += ["--rounds", 2, "--round-seconds", 0.01, "--cold", 0, "--out", "times.jsonl"]
    done = zoo("bench", "--models", NAME, *words)
    assert done.code == 0, done.err
    assert NAME in zoo("bench", "report", "times.jsonl").out


@pytest.mark.once
def test_a_row_is_in_the_tables_of_the_documentation(monkeypatch):
    row = registry.Row("zoo.autoencoders.squashed:Squashed", "Nobody 1999", "codes in a box")
    monkeypatch.setattr(registry, "TABLE", {**registry.TABLE, NAME: row})
    pages = docs_table.pages()
    page = f"[`{NAME}`](models/{NAME}.md)"
    assert f"| {page} | codes in a box | Nobody 1999 |" in pages[docs_table.PAGE]
    assert f"`{NAME}`" in pages[docs_table.README]
