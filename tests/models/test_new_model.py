"""A model is one file and one row: what else there is follows from the table."""

import keras
import numpy as np
import pytest

import zoo
from tests import tiny
from tests.squashed import NAME, SOURCE
from tests.tolerances import EXACT
from zoo import registry
from zoo.registry import Row


@pytest.fixture
def added(tmp_path, monkeypatch):
    """The name of a model that a file and a row add."""
    file = tmp_path / "squashed_autoencoder.py"
    file.write_text(SOURCE)
    row = Row(f"{file}:SquashedAutoencoder", "Nobody 1999", "codes between 0 and 1")
    monkeypatch.setattr(registry, "TABLE", {**registry.TABLE, NAME: row})
    return NAME


def test_it_is_listed_and_described(added):
    assert added in zoo.list_models("*autoencoder")
    row = zoo.describe(added)
    assert row.summary == "codes between 0 and 1"
    fields = row.fields()
    assert {"shape", "seed", "network_options", "latent_dim", "noise_level"} <= set(fields)
    assert fields["noise_level"].rule == "a number, at least 0"


def test_a_row_of_another_default_is_a_model_of_its_own(added, monkeypatch):
    calm = Row(zoo.describe(added).target, "Nobody 2000", "no noise", {"noise_level": 0.0})
    monkeypatch.setattr(registry, "TABLE", {**registry.TABLE, "calm": calm})
    assert tiny.create("calm").noise_level == 0.0
    assert tiny.create(added).noise_level == 0.1
    assert tiny.create("calm", noise_level=0.5).noise_level == 0.5


def test_it_trains_evaluates_and_is_used(added):
    model = tiny.create(added)
    data = tiny.data(model, 32)
    history = model.fit(data, epochs=6, batch_size=16, verbose=0).history
    assert history["loss"][-1] < history["loss"][0]
    assert np.isfinite(model.evaluate(data)["loss"])
    samples = model.sample(3, seed=1)
    assert samples.shape == (3, *model.shape)
    EXACT.check(model.sample(3, seed=1), samples)
    assert set(model.table()) >= {"sample", "encode", "decode", "reconstruct", "caricature"}
    rows = tiny.rows(model, 4)
    EXACT.check(model.use("caricature", **rows)["data"], model.reconstruct(**rows))


def test_it_is_saved_and_loaded(added, tmp_path):
    model = tiny.create(added)
    model.save(tmp_path / "model.keras")
    for loaded in (
        zoo.load(tmp_path / "model.keras"),
        keras.saving.load_model(tmp_path / "model.keras"),
    ):
        EXACT.check(loaded.sample(3), model.sample(3))
    model.fit(tiny.data(model, 32), steps=2, batch_size=16, run=tmp_path / "run", verbose=0)
    EXACT.check(zoo.load(tmp_path / "run").sample(3), model.sample(3))
