"""The registry is the table that everything else follows."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import zoo
from tests import docs_models, docs_table, tiny
from zoo import registry
from zoo.errors import ModelError, UnknownModelError
from zoo.registry import TABLE, Row

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", TABLE)
@pytest.mark.once
def test_a_row_names_a_class_that_cites_its_paper(name):
    row = TABLE[name]
    cited = re.findall(r"arXiv:[\d.]+", row.paper)
    text = row.load().__doc__
    assert all(paper in text for paper in cited)
    original = row.paper.startswith("original") and "original to this package" in text
    assert cited or original or re.search(r"\d{4}", text.splitlines()[0])


@pytest.mark.once
def test_listing_models_imports_no_backend():
    code = (
        "import sys, zoo; names = zoo.list_models(); assert 'vae' in names; "
        "heavy = {'keras', 'numpy', 'jax', 'torch', 'tensorflow'} & set(sys.modules); "
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


@pytest.fixture
def fake_table(monkeypatch):
    """A table of our own, so that new rows of the zoo change no expectation."""
    names = ["vae", "vq_vae", "gan", "wgan", "vae_gan", "flow"]
    table = {name: Row(f"zoo.fakes.{name}:Fake", "Nobody 1999", name) for name in names}
    monkeypatch.setattr(registry, "TABLE", table)


@pytest.mark.once
@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("*", ["vae", "vq_vae", "gan", "wgan", "vae_gan", "flow"]),
        ("vae", ["vae", "vq_vae", "vae_gan"]),
        ("*gan", ["gan", "wgan", "vae_gan"]),
        ("?gan", ["wgan"]),
        ("[fg]*", ["gan", "flow"]),
        ("nothing", []),
    ],
)
def test_a_pattern_selects_models_in_the_tables_order(fake_table, pattern, names):
    assert zoo.list_models(pattern) == names


@pytest.mark.once
@pytest.mark.parametrize(("name", "near"), [("wgna", "wgan"), ("VQ_VAE", "vq_vae")])
def test_an_unknown_model_is_refused_with_the_nearest_name(fake_table, name, near):
    with pytest.raises(UnknownModelError, match=f"Did you mean '{near}'") as caught:
        zoo.create(name, shape=(8, 8, 1))
    assert "Accepted: vae, vq_vae, gan, wgan, vae_gan, flow; or a class" in str(caught.value)


@pytest.mark.once
def test_every_model_has_tiny_settings_that_its_class_accepts():
    for name in TABLE:
        assert tiny.create(name).shape == tiny.settings(name)["shape"], name


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"latent_size": 4}, "VAE has no setting 'latent_size'. Did you mean 'latent_dim'"),
        ({"learning_rate": -1.0}, "learning_rate is .*above 0. Received: -1.0"),
        ({"learning_rate": float("nan")}, "learning_rate is .*Received: nan"),
        ({"beta": -1.0}, "beta is a number, at least 0. Received: -1.0"),
        ({"stddev": 0.0}, "stddev is a number, above 0. Received: 0.0"),
        ({"value_range": (0, 255)}, r"value_range is \(0, 1\), \(-1, 1\) or None. Received: "),
        ({"value_range": (0, 1, 2)}, "value_range is "),
        ({"ema": 1.5}, "ema is a number or None, above 0, below 1. Received: 1.5"),
        ({"clip_norm": -1.0}, "clip_norm is .*above 0. Received: -1.0"),
        ({"precision": "float8"}, "precision is 'float32' or .*Received: 'float8'"),
        ({"likelihood": "poisson"}, "likelihood is 'bernoulli' or 'gaussian' or None"),
        ({"value_range": None, "likelihood": "bernoulli"}, "Bernoulli likelihood needs"),
        ({"latent_dim": 0}, "latent_dim is a whole number, at least 1. Received: 0"),
        ({"latent_dim": 2.5}, "latent_dim is a whole number, at least 1. Received: 2.5"),
        ({"latent_dim": True}, "latent_dim is a whole number, at least 1. Received: True"),
        ({"seed": -1}, "seed is a whole number, at least 0. Received: -1"),
        ({"num_classes": 0}, "num_classes is a whole number or None, at least 1. Received: 0"),
        ({"warm_up": -1}, "warm_up is .*at least 0. Received: -1"),
    ],
    ids=str,
)
@pytest.mark.once
def test_a_bad_setting_is_refused(settings, message):
    with pytest.raises(ModelError, match=message):
        tiny.create("vae", **settings)


@pytest.mark.once
def test_a_required_setting_is_named_with_its_meaning():
    with pytest.raises(ModelError, match="VAE needs the setting shape: Shape of one sample"):
        zoo.create("vae")
    with pytest.raises(ModelError, match="CGAN needs the setting num_classes: Number of classes"):
        zoo.create("cgan", shape=(8, 8, 1))


def test_no_samples_are_refused():
    with pytest.raises(ModelError, match="At least 1 row is computed. Received: 0"):
        tiny.create("vae").sample(0)


@pytest.mark.once
def test_the_documentation_shows_every_row():
    for path, text in (docs_table.pages() | docs_models.pages()).items():
        assert path.read_text() == text, "Run `make docs`."
    assert {path.stem for path in docs_models.FOLDER.glob("*.md")} == {"README", *registry.TABLE}
