"""A model is one file and one row: what else there is follows from the table."""

import keras
import numpy as np
import pytest

import zoo
from tests import tiny
from tests.tolerances import EXACT
from zoo import registry
from zoo.registry import Row

NAME = "squashed_autoencoder"
SOURCE = '''
"""An autoencoder that samples by decoding uniform codes."""

import keras
from keras import ops

from zoo import losses
from zoo.model import GenerativeModel, NetworkSettings, Rate
from zoo.networks import apply
from zoo.noise import uniform
from zoo.phase import Phase
from zoo.settings import setting
from zoo.uses import Step, Use


class SquashedAutoencoder(NetworkSettings, GenerativeModel):
    """An autoencoder whose codes are squashed into (0, 1) (Nobody, 1999)."""

    latent_dim: int = setting("Length of the code.", default=16, at_least=1, tiny=4)
    noise_level: float = setting("Of the code, in training.", default=0.1, at_least=0)
    learning_rate: Rate = setting("Of Adam.", default=1e-3, above=0)

    def assemble(self):
        self.encoder = self.encoder_of(code=self.latent_dim)
        self.decoder, self.decoder_logits = self.decoder_of(latent=self.latent_dim)
        self.noise = {"jitter": uniform(self.latent_dim, low=-1.0)}
        self.prior = {"latent": uniform(self.latent_dim)}
        optimizer = keras.optimizers.Adam(self.learning_rate)
        self.phases = [Phase(self.autoencoder_loss, [self.encoder, self.decoder], optimizer)]

    def autoencoder_loss(self, batch, training):
        code = ops.sigmoid(apply(self.encoder, batch, training)["code"])
        latent = code + self.noise_level * batch["jitter"]
        logits = apply(self.decoder_logits, {"latent": latent}, training)["data"]
        return {"loss": losses.binary_cross_entropy(batch["data"], logits)}

    def uses(self):
        flipped = {"data": "decoder/data"}
        steps = [Step("encoder"), Step("decoder", {"latent": "encoder/code"})]
        return super().uses() | {"caricature": Use(steps, flipped)}
'''


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
