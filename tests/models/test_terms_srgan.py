"""What makes SRGAN what it is: its degradation, its stages, and the content beside the game."""

import keras
import numpy as np
import pytest

import export
import zoo
from export import runtime
from tests.arrays import array, arrays, softplus, tensor
from tests.tolerances import CERTIFICATE, EXACT, FORMULA, FORWARD
from zoo import networks
from zoo.applications import upscale
from zoo.data import as_data
from zoo.errors import ModelError
from zoo.gans.srgan import SRGAN
from zoo.layers import Downsample
from zoo.metrics.baselines import enlarged

SETTINGS = {"shape": (8, 8, 1), "network_options": {"width": 2}, "pretraining_steps": 3}


def draws(*shape, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype("float32")


@pytest.fixture(scope="module")
def model():
    return zoo.create("srgan", **SETTINGS, content=10.0)


def test_small_data_are_the_means_of_blocks(model):
    data = draws(2, 8, 8, 1)
    low = data.reshape(2, 4, 2, 4, 2, 1).mean(axis=(2, 4))
    FORMULA.check(model.use("degrade", data=data)["low"], low)
    made = model.use("upscale", low=low)["data"]
    FORMULA.check(model.use("restore", data=data)["data"], made)
    EXACT.check(upscale(model, low), made)


def test_the_loss_is_the_game_and_the_content(model):
    data = draws(3, 8, 8, 1)
    batch = {"data": tensor(data), "step": tensor(0)}
    made = array(model.generate(batch, False))
    content = np.mean((made - data) ** 2)
    logit = model.use("discriminate", data=made)["logit"]
    found = arrays(model.generator_loss(batch, False))
    FORMULA.check(found["content"], content)
    FORMULA.check(found["loss"], softplus(-logit).mean() + 10 * content)
    FORMULA.check(array(model.pretraining_loss(batch, False)["loss"]), content)


def test_the_content_is_compared_in_the_maps_of_a_network():
    inputs = keras.Input((8, 8, 1))
    own = keras.Model(inputs, keras.layers.Flatten()(inputs))
    model = zoo.create("srgan", **SETTINGS, perceptual=own)
    data, made = draws(2, 8, 8, 1), draws(2, 8, 8, 1, seed=1)
    weight, found = model.sample_terms(tensor(made), {"data": tensor(data)}, False)["content"]
    a, b = (
        x.reshape(2, -1) / np.linalg.norm(x.reshape(2, -1), axis=1)[:, None] for x in (data, made)
    )
    FORMULA.check(array(found), ((a - b) ** 2).sum(axis=1).mean())
    assert weight == 1000


@pytest.mark.parametrize("kind", ["gaussian", "bicubic"])
def test_other_degradations_are_filters_of_the_data(kind, tmp_path):
    """Along each side by the same weights; Δ of the certificate and sizes that are not its own."""
    model = zoo.create("srgan", **SETTINGS, degradation=kind)
    data = draws(2, 8, 8, 1)
    low = array(Downsample(kind, 2)(tensor(data)))
    FORMULA.check(model.use("degrade", data=data)["low"], low)
    made = array(model.generate({"data": tensor(data)}, False))
    FORMULA.check(model.use("upscale", low=low)["data"], made)
    bundle = export.to_bundle(model, tmp_path / "bundle", samples=False, certify="quick")
    session = runtime.load(bundle)
    for size in ((8, 8), (11, 6), (1, 3)):
        data = draws(3, *size, 1)
        CERTIFICATE.check(
            session.use("degrade", data=data)["low"], model.use("degrade", data=data)["low"]
        )


def paired_rows(count=32, factor=2):
    large = draws(count, 8, 8, 1)
    return {"data": large, "low": draws(count, 8 // factor, 8 // factor, 1, seed=1)}


def test_small_data_of_ones_own_take_the_place_of_the_degradation(tmp_path):
    rows = paired_rows()
    facts = SRGAN.facts(as_data(rows))
    assert (facts["degradation"], facts["factor"]) == (None, 2)
    model = zoo.create("srgan", **SETTINGS, degradation=None)
    assert "degrade" not in model.table() and set(model.parts()) == {"upscaler", "discriminator"}
    batch = {name: tensor(x) for name, x in rows.items()} | {"step": tensor(0)}
    made = model.use("upscale", low=rows["low"])["data"]
    FORWARD.check(array(model.generate(batch, False)), made)
    FORMULA.check(
        array(model.pretraining_loss(batch, False)["loss"]), np.mean((made - rows["data"]) ** 2)
    )
    model.fit(rows, steps=5, batch_size=8, validation_data=paired_rows(16), verbose=0)
    made = model.use("restore", low=rows["low"])["data"]
    EXACT.check(upscale(model, rows["low"]), made)
    assert made.shape == (32, 8, 8, 1)
    bundle = export.to_bundle(model, tmp_path / "bundle", samples=False, certify="quick")
    low = draws(2, 3, 5, 1)
    CERTIFICATE.check(upscale(runtime.load(bundle), low), upscale(model, low))


@pytest.mark.once
@pytest.mark.parametrize("small", [(3, 3, 1), (4, 2, 1), (8, 8, 1), (9, 9, 1), (4, 4, 3), (4, 1)])
def test_pairs_whose_sizes_do_not_fit_are_rejected(small):
    rows = as_data({"data": draws(9, 8, 8, 1), "low": draws(9, *small)})
    with pytest.raises(ModelError, match=r"Each side of large data is a power of 2.*low of shape"):
        SRGAN.facts(rows)
    model = zoo.create("srgan", **SETTINGS, degradation=None)
    with pytest.raises(ModelError, match=r"SRGAN reads 'low' of shape \(4, 4, 1\). Received: "):
        model.fit(rows, steps=1, batch_size=9, verbose=0)


@pytest.mark.once
def test_the_game_begins_after_the_first_stage(model):
    due = [[phase.name for phase in model.phases if phase.when(step)] for step in (0, 2, 3)]
    assert due == [["pretraining"], ["pretraining"], ["discriminator", "generator"]]
    assert model.phases[0].optimizer is model.phases[2].optimizer


@pytest.mark.once
def test_the_upscaler_has_as_many_weights_as_the_paper_draws():
    """Figure 4: 16 blocks of 64 channels and two doublings, whose biases are fewer here."""
    network = networks.decoder(
        "srresnet", {"low": (24, 24, 3)}, {"data": (96, 96, 3)}, down=True, width=64
    )
    block = 2 * (9 * 64 * 64 + 2 * 64) + 64
    ends = 81 * 3 * 64 + 64 + 64 + 81 * 64 * 3 + 3
    doublings = 2 * (9 * 64 * 256 + 64 + 64)
    trained = sum(int(np.prod(v.shape)) for v in network.trainable_variables)
    assert trained == 16 * block + 9 * 64 * 64 + 2 * 64 + ends + doublings


@pytest.mark.once
def test_sizes_that_are_no_multiples_are_cropped():
    model = zoo.create("srgan", shape=(9, 7, 3), factor=4, network_options={"width": 2})
    low = model.use("degrade", data=draws(2, 9, 7, 3))["low"]
    assert low.shape == (2, 3, 2, 3)
    assert model.use("upscale", low=low)["data"].shape == (2, 9, 7, 3)
    assert enlarged(low, (2, 9, 7, 3)).shape == (2, 9, 7, 3)
    EXACT.check(enlarged(low, (2, 9, 7, 3))[:, 8, 6], low[:, 2, 1])


@pytest.mark.once
def test_what_does_not_fit_is_rejected():
    with pytest.raises(ModelError, match="factor is a power of 2.*Received: factor=3"):
        zoo.create("srgan", shape=(8, 8, 1), factor=3)
    with pytest.raises(
        ModelError, match="degradation is 'mean' or 'gaussian' or 'bicubic' or None"
    ):
        zoo.create("srgan", shape=(8, 8, 1), degradation="lanczos")
    with pytest.raises(
        ModelError, match="data that come with small ones are factor times as large"
    ):
        zoo.create("srgan", shape=(9, 8, 1), degradation=None)
    model = zoo.create("srgan", **SETTINGS, degradation=None)
    with pytest.raises(ModelError, match="reads the field 'low'.*on the command line --low D"):
        model.fit(draws(9, 8, 8, 1), steps=1, verbose=0)
    with pytest.raises(ModelError, match="srresnet doubles sizes. Received"):
        networks.decoder("srresnet", {"low": (3, 3, 1)}, {"data": (8, 8, 1)}, down=True)
