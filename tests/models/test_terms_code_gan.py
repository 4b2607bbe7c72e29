"""CodeGAN: which stage trains what, what the networks read, and the prior that follows."""

import keras
import numpy as np
import pytest

import zoo
from export.certification.cardinality import cardinality
from tests import tiny
from tests.arrays import array, tensor
from tests.tolerances import EXACT, FORMULA, FORWARD
from zoo.errors import ModelError
from zoo.priors import fit_prior, gaussians, outer_sums
from zoo.priors.mixture import TURNS

COUNT = 32
# Four directions of large variation, from −1 to 1, so that codes differ.
RNG = np.random.default_rng(0)
DATA = np.tanh(RNG.normal(size=(COUNT, 4)) @ RNG.normal(size=(4, 64))).astype("float32")
DATA = (2 * (DATA - DATA.min()) / (DATA.max() - DATA.min()) - 1).reshape(COUNT, 8, 8, 1)
LABELS = (np.arange(COUNT) % 2).astype("int32")


def made(**changes):
    return tiny.create("code_gan", num_classes=2, **changes)


@pytest.fixture(scope="module")
def trained():
    """Three steps of the second stage, each on all the data."""
    model = made(pretraining_steps=2)
    model.fit(DATA, LABELS, steps=5, batch_size=COUNT, verbose=0)
    return model


def raw_codes(model):
    return model.autoencoder.encode((DATA + 1) / 2).astype("float64")


def values(network):
    return [array(v).copy() for v in network.variables]


def test_the_first_stage_trains_the_autoencoder_and_the_second_the_networks():
    model = made(pretraining_steps=2)
    networks = {"autoencoder": model.autoencoder, "generator": model.generator}
    networks["discriminator"] = model.discriminator
    for steps, changing in ((2, {"autoencoder"}), (2, {"generator", "discriminator"})):
        before = {name: values(network) for name, network in networks.items()}
        model.fit(DATA, LABELS, steps=steps, batch_size=16, verbose=0)
        changed = {
            name
            for name, network in networks.items()
            if any((a != b).any() for a, b in zip(before[name], values(network), strict=True))
        }
        assert changed == changing


def test_codes_of_data_are_standardized(trained):
    raw = raw_codes(trained)
    codes = trained.encode(DATA)
    FORWARD.check(codes, (raw - raw.mean(axis=0)) / raw.std(axis=0))


def test_the_prior_has_the_mean_and_the_covariance_of_each_class(trained):
    codes = trained.encode(DATA).astype("float64")
    sums = outer_sums(tensor(codes), tensor(np.eye(2)[LABELS]))
    means, factors = map(array, gaussians(sums))
    np.testing.assert_allclose(array(trained.code_distribution.means)[:, 0], means, atol=1e-4)
    np.testing.assert_allclose(array(trained.code_distribution.factors)[:, 0], factors, atol=1e-3)


def test_drawn_codes_are_those_of_the_label(trained):
    draws = trained.code_distribution.draws["code_noise"]
    noise = draws.draw(np.random.default_rng([7, 1]), 4000)
    labels = np.arange(4000) % 2
    codes = array(
        trained.code_prior({"code_noise": tensor(noise), "labels": tensor(labels, "int32")})["code"]
    )
    for c in range(2):
        mean = array(trained.code_distribution.means)[c, 0]
        np.testing.assert_allclose(codes[labels == c].mean(axis=0), mean, atol=0.1)


def test_the_logit_is_that_of_the_trunk_and_the_projection_of_the_code(trained):
    code = np.random.default_rng(1).normal(size=(COUNT, 4)).astype("float32")
    read = {"data": tensor(DATA), "labels": tensor(LABELS, "int32"), "code": tensor(code)}
    trunk = {
        k: array(v) for k, v in trained.trunk({n: read[n] for n in trained.trunk.input}).items()
    }
    (kernel,) = map(array, trained.projection.weights)
    product = (trunk["features"] * (code @ kernel)).sum(axis=1, keepdims=True)
    expected = trunk["logit"] + product
    FORWARD.check(array(trained.discriminator(read)["logit"]), expected)
    judged = trained.discriminate(read["data"], read, False, "real")
    FORWARD.check(array(judged["logit"]), expected)


def test_matching_adds_the_squared_distance_between_codes():
    plain, matched = made(match=0.0, seed=3), made(match=2.0, seed=3)
    batch = {"data": tensor(DATA), "labels": tensor(LABELS, "int32"), "step": tensor(0.0)}
    batch["latent"] = tensor(np.random.default_rng(2).normal(size=(COUNT, 4)))
    read = batch | {"code": matched.encoder({"data": batch["data"]})["code"]}
    samples = array(matched.generate(read, False))
    distance = np.mean((array(read["code"]) - matched.encode(samples)) ** 2)
    without = array(plain.generator_loss(batch, False)["loss"])
    found = matched.generator_loss(batch, False)
    FORWARD.check(array(found["code_distance"]), distance)
    FORWARD.check(array(found["loss"]), without + 2 * distance)


def test_an_own_autoencoder_takes_the_default_options_that_it_has():
    model = zoo.create("code_gan", shape=(8, 8, 1), own_autoencoder="conv_autoencoder")
    assert "latent_dim" not in model.autoencoder.settings
    with pytest.raises(ModelError, match="latent_dim"):
        made(own_autoencoder="conv_autoencoder", autoencoder_options={"latent_dim": 3})


def test_a_trained_autoencoder_stays_as_it_is_and_is_saved_with_the_model(tmp_path):
    vae = tiny.create("vae")
    vae.fit((DATA + 1) / 2, steps=3, batch_size=16, verbose=0)
    before = values(vae)
    model = made(autoencoder=vae)
    assert [phase.name for phase in model.phases] == ["discriminator", "generator"]
    model.fit(DATA, LABELS, steps=3, batch_size=16, verbose=0)
    for old, new in zip(before, values(model.autoencoder), strict=True):
        EXACT.check(new, old)
    model.save(tmp_path / "model.keras")
    loaded = zoo.load(tmp_path / "model.keras")
    EXACT.check(loaded.sample(4, seed=1), model.sample(4, seed=1))
    EXACT.check(loaded.autoencoder.encode((DATA + 1) / 2), vae.encode((DATA + 1) / 2))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"autoencoder": "gan"}, "an autoencoder can encode"),
        ({"autoencoder": "vq_vae"}, "code is continuous"),
        ({"shape": (9, 8, 1), "autoencoder": "vae"}, "has the shape of the data"),
        ({"own_autoencoder": "nonsense"}, "Unknown model 'nonsense'"),
    ],
)
def test_what_is_no_autoencoder_of_the_data_is_refused(changes, message):
    if "autoencoder" in changes:
        changes = changes | {"autoencoder": tiny.create(changes["autoencoder"])}
    with pytest.raises(zoo.errors.ZooError, match=message):
        made(**changes)


def test_a_prior_that_is_fitted_after_training_is_that_of_the_model(trained):
    model = made(pretraining_steps=2, prior_components=2)
    model.fit(DATA, LABELS, steps=4, batch_size=COUNT, verbose=0)
    before = model.sample(8, seed=2)
    assert fit_prior(model, (DATA, LABELS)) is model
    mixing = array(model.code_distribution.mixing)
    FORMULA.check(mixing.sum(axis=1), [1, 1])
    assert (model.sample(8, seed=2) != before).any()


def test_any_autoencoder_samples_from_a_prior_that_is_fitted_to_it(tmp_path):
    model = tiny.create("conv_autoencoder")
    images = (DATA + 1) / 2
    sampler = fit_prior(model, (images, LABELS), components=2, classes=True)
    codes = model.encode(images).reshape(COUNT, -1)
    mixing, means = (
        array(w) for w in (sampler.code_distribution.mixing, sampler.code_distribution.means)
    )
    for c in range(2):
        expected = codes[LABELS == c].mean(axis=0)
        FORWARD.check(mixing[c] @ means[c], expected)
    limits = cardinality(sampler)["code_prior"]
    assert limits == {"code_component": TURNS, "labels": 2}
    samples = sampler.sample(4, labels=[0, 1, 0, 1])
    assert samples.shape == (4, 8, 8, 1)
    EXACT.check(sampler.reconstruct(images), model.reconstruct(images))
    sampler.save(tmp_path / "sampler.keras")
    EXACT.check(zoo.load(tmp_path / "sampler.keras").sample(4, seed=5), sampler.sample(4, seed=5))
    with pytest.raises(ModelError, match="labelled data"):
        fit_prior(model, images, classes=True)
    assert isinstance(sampler.code_prior, keras.Model)
