"""Models of an installed package, which it names as entry points."""

import json
import subprocess
import sys
import zipfile

import pytest

from zoo import registry

MODULE = '''
"""Another package's models."""

from typing import Any

import keras
from keras import ops

from zoo import GenerativeModel, NetworkSettings, Phase, setting
from zoo.networks import apply


class Small(NetworkSettings, GenerativeModel):
    """An autoencoder of another package."""

    code_dim: int = setting("Length of the code.", default=3, at_least=1)

    def assemble(self) -> None:
        self.encoder = self.encoder_of(code=self.code_dim)
        self.decoder, _ = self.decoder_of(latent=self.code_dim)
        networks = [self.encoder, self.decoder]
        self.phases = [Phase(self.main_loss, networks, keras.optimizers.Adam(1e-3))]

    def main_loss(self, batch: dict[str, Any], training: bool) -> dict[str, Any]:
        code = apply(self.encoder, batch, training)["code"]
        made = apply(self.decoder, batch | {"latent": code}, training)["data"]
        return {"loss": ops.mean(ops.square(made - batch["data"]))}
'''
INFO = "other_models-1.0.dist-info"
FILES = {
    "other_models.py": MODULE,
    f"{INFO}/METADATA": "Metadata-Version: 2.1\nName: other-models\nVersion: 1.0\n",
    f"{INFO}/WHEEL": (
        "Wheel-Version: 1.0\nGenerator: a test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    ),
    f"{INFO}/entry_points.txt": (
        "[genzoo.models]\n"
        "small_autoencoder = other_models:Small\n"
        "vae = other_models:Small\n"
        "broken = other_models:Nothing\n"
        "absent = no_such_module:Small\n"
    ),
}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A folder of packages into which pip has installed a wheel."""
    folder = tmp_path_factory.mktemp("package")
    wheel = folder / "other_models-1.0-py3-none-any.whl"
    record = "".join(f"{name},,\n" for name in [*FILES, f"{INFO}/RECORD"])
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in {**FILES, f"{INFO}/RECORD": record}.items():
            archive.writestr(name, text)
    options = ["--quiet", "--no-index", "--no-deps", "--no-compile", "--target"]
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", *options]
    subprocess.run([*pip, str(folder / "site"), str(wheel)], check=True, timeout=120)
    return folder / "site"


@pytest.fixture
def installed(site, monkeypatch):
    monkeypatch.syspath_prepend(str(site))
    yield site
    sys.modules.pop("other_models", None)


def test_an_installed_packages_model_is_listed_described_trained_and_used(zoo, installed, tmp_path):
    rows = json.loads(zoo("list", "--json").out)
    found = {row["name"]: row for row in rows}
    assert found["small_autoencoder"] == {
        "name": "small_autoencoder",
        "kind": "other_models",
        "summary": "from the package other-models",
        "paper": "",
    }
    assert found["vae"]["kind"] == "autoencoders"  # The table's own names come first.
    assert "code_dim: a whole number, at least 1, 3 by default" in (
        zoo("describe", "small_autoencoder").out
    )
    run = tmp_path / "run"
    words = ["--data", "digits", "--batch-size", 256, "--quiet"]
    options = ["--set", "network=mlp", "network_options.width=4"]
    outcome = zoo("train", "small_autoencoder", *words, "--steps", 2, "--out", run, *options)
    assert outcome.code == 0, outcome.err
    assert zoo("train", "--resume", "--steps", 3, "--out", run, "--quiet").code == 0
    record = json.loads((run / "run.json").read_text())
    assert record["model"]["target"] == "other_models:Small"
    assert zoo("reconstruct", run, "--out", tmp_path / "pairs.png").code == 0
    bundle = tmp_path / "bundle"
    assert zoo("export", run, "--out", bundle).code == 0
    assert json.loads((bundle / "bundle.json").read_text())["model"] == "small_autoencoder"


@pytest.mark.once
def test_an_entry_point_that_leads_nowhere_is_one_line(zoo, installed):
    assert {"broken", "absent"} < set(registry.list_models())
    for name, message in (
        ("broken", "Received: other_models:Nothing. Accepted: other_models:Small."),
        ("absent", "there is no module 'no_such_module'"),
    ):
        code, out, err = zoo("describe", name)
        assert (code, out) == (2, "")
        assert err.count("zoo: error:") == 1 and message in err
