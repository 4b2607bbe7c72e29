"""The registry is the table that everything else follows."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import zoo
from tests import tiny
from zoo.errors import ModelError, UnknownModelError
from zoo.registry import TABLE

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", TABLE)
@pytest.mark.once
def test_a_row_names_a_class_that_cites_its_paper(name):
    row = TABLE[name]
    cited = re.findall(r"arXiv:[\d.]+", row.paper)
    text = row.load().__doc__
    assert all(paper in text for paper in cited)
    assert cited or re.search(r"\d{4}", text.splitlines()[0])


@pytest.mark.once
def test_listing_models_imports_no_backend():
    code = (
        "import sys, zoo; names = zoo.list_models(); assert 'vae' in names; "
        "heavy = {'keras', 'numpy', 'jax', 'torch', 'tensorflow'} & set(sys.modules); "
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


@pytest.mark.once
def test_a_pattern_selects_models():
    assert zoo.list_models("vae") == ["vae", "vq_vae", "vae_gan"]
    assert zoo.list_models("*gan") == ["gan", "dcgan", "cgan", "vae_gan"]
    assert zoo.list_models("nothing") == []


@pytest.mark.once
def test_an_unknown_model_is_refused_with_the_nearest_name():
    with pytest.raises(UnknownModelError, match="Did you mean 'wgan_gp'") as caught:
        zoo.create("wgan_pg", shape=(8, 8, 1))
    assert "dcgan" in str(caught.value)


def test_an_unknown_setting_is_refused_with_the_accepted_ones():
    with pytest.raises(ModelError, match="latent_dim"):
        zoo.create("vae", shape=(8, 8, 1), latent_size=4)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"shape": (8, 8, 1, 1)}, "shape is"),
        ({"shape": (0, 8, 1)}, "shape is"),
        ({"shape": 8}, "shape is a tuple"),
        ({"shape": "abc"}, "shape is a tuple"),
        ({"shape": (8, 8, 1), "learning_rate": -1.0}, "learning rate is positive"),
        ({"shape": (8, 8, 1), "learning_rate": float("nan")}, "learning rate is positive"),
        ({"shape": (8, 8, 1), "beta": -1.0}, "beta is not negative"),
        ({"shape": (8, 8, 1), "deviation": 0.0}, "deviation is positive"),
        ({"shape": (2, 2, 1)}, "at least 4"),
        ({"shape": (8, 8, 1), "value_range": (0, 255)}, "value_range"),
        ({"shape": (8, 8, 1), "ema": 1.5}, "ema"),
        ({"shape": (8, 8, 1), "clip_norm": -1.0}, "clip_norm"),
        ({"shape": (8, 8, 1), "precision": "float8"}, "precision"),
        ({"shape": (8, 8, 1), "network": "transformer"}, "network is one of"),
        ({"shape": (8,), "network": "conv"}, "need the network 'mlp'"),
        ({"shape": (8, 8, 1), "likelihood": "poisson"}, "likelihood"),
        ({"shape": (8, 8, 1), "value_range": None, "likelihood": "bernoulli"}, "Bernoulli"),
        ({"shape": (8, 8, 1), "latent_dim": 0}, "at least 1 unit"),
        ({"shape": (8, 8, 1), "network_options": {"widht": 4}}, "no option 'widht'.*width"),
    ],
)
def test_a_bad_setting_is_refused(settings, message):
    with pytest.raises(ModelError, match=message):
        zoo.create("vae", **settings)


def test_no_samples_are_refused():
    with pytest.raises(ModelError, match="At least 1 sample"):
        tiny.create("vae").sample(0)


@pytest.mark.once
def test_the_readme_shows_every_row():
    text = (ROOT / "README.md").read_text()
    for name, row in TABLE.items():
        assert f"| `{name}` | {row.kind} | {row.summary} | {row.paper} |" in text
