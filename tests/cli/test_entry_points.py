"""Models of an installed package, which it names as entry points."""

import json
import subprocess
import sys
import zipfile

import pytest

from tests.squashed import NAME, SOURCE
from zoo import registry

CLASS = "SquashedAutoencoder"
INFO = "other_models-1.0.dist-info"
FILES = {
    "other_models.py": SOURCE,
    f"{INFO}/METADATA": "Metadata-Version: 2.1\nName: other-models\nVersion: 1.0\n",
    f"{INFO}/WHEEL": (
        "Wheel-Version: 1.0\nGenerator: a test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    ),
    f"{INFO}/entry_points.txt": (
        "[genzoo.models]\n"
        f"{NAME} = other_models:{CLASS}\n"
        f"vae = other_models:{CLASS}\n"
        "broken = other_models:Nothing\n"
        f"absent = no_such_module:{CLASS}\n"
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


@pytest.mark.once
def test_a_model_of_an_installed_wheel_is_listed_described_and_trained(zoo, installed, tmp_path):
    found = {row["name"]: row for row in json.loads(zoo("list", "--json").out)}
    assert found[NAME] == {
        "name": NAME,
        "kind": "other_models",
        "summary": "from the package other-models",
        "paper": "",
    }
    assert found["vae"]["kind"] == "autoencoders"  # The table's own names come first.
    assert "noise_level" in zoo("describe", NAME).out
    run = tmp_path / "run"
    words = ["--data", "digits", "--batch-size", 256, "--quiet", "--steps", 1, "--out", run]
    options = ["--set", "latent_dim=2", "network=mlp", "network_options.width=4"]
    outcome = zoo("train", NAME, *words, *options)
    assert outcome.code == 0, outcome.err
    assert zoo("train", "--resume", "--steps", 2, "--out", run, "--quiet").code == 0
    record = json.loads((run / "run.json").read_text())
    assert record["model"]["target"] == f"other_models:{CLASS}"


@pytest.mark.once
def test_an_entry_point_that_leads_nowhere_is_one_line(zoo, installed):
    assert {"broken", "absent"} < set(registry.list_models())
    for name, message in (
        ("broken", f"Received: other_models:Nothing. Accepted: other_models:{CLASS}."),
        ("absent", "there is no module 'no_such_module'"),
    ):
        code, out, err = zoo("describe", name)
        assert (code, out) == (2, "")
        assert err.count("zoo: error:") == 1 and message in err
