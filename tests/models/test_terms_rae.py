"""The regularized autoencoders' penalties, and the density that is fitted to their codes."""

import keras
import numpy as np
import pytest

import zoo
from tests.arrays import array, arrays, tensor
from tests.tolerances import EXACT, FORMULA
from zoo.priors import Gaussian

DATA = np.array([[1.0, 0.0, 0.5], [0.25, 0.5, 0.0]], "float32")
SMALL = {"shape": (3,), "latent_dim": 2, "network_options": {"depth": 0}}
SIGNS = np.array([[1, 0, 1], [0, 0, 1]], "float32")


def terms(model, training=False):
    batch = {"data": tensor(DATA), "signs": tensor(SIGNS)}
    return arrays(model.autoencoder_loss(batch, training))


@pytest.mark.parametrize("name", ["rae_l2", "rae_gp"])
def test_a_code_has_a_weight_in_the_loss(name):
    model = zoo.create(name, **SMALL, code_weight=0.5, decoder_weight=0.0)
    codes = model.encode(DATA)
    found = terms(model)
    FORMULA.check(found["penalty"], 0.5 * np.mean(codes**2))
    kernel, bias = map(array, model.decoder.weights)
    error = np.mean((codes @ kernel + bias - DATA) ** 2)
    FORMULA.check(found["reconstruction"], error)
    FORMULA.check(found["loss"], error + 0.5 * np.mean(codes**2))


def test_rae_l2_decays_the_decoders_kernels():
    model = zoo.create("rae_l2", **SMALL, code_weight=0.0, decoder_weight=0.25)
    kernel, _ = map(array, model.decoder.weights)
    FORMULA.check(terms(model)["penalty"], 0.25 * (kernel.astype("float64") ** 2).sum())


def test_rae_gp_estimates_the_norm_of_the_decoders_slope():
    model = zoo.create("rae_gp", **SMALL, code_weight=0.0, decoder_weight=0.25)
    kernel, _ = map(array, model.decoder.weights)
    by_hand = (((2 * SIGNS - 1) @ kernel.T.astype("float64")) ** 2).sum(axis=1).mean()
    FORMULA.check(terms(model)["penalty"], 0.25 * by_hand)
    every = np.array(np.meshgrid(*[[-1, 1]] * 3)).reshape(3, -1).T
    norms = ((every @ kernel.T.astype("float64")) ** 2).sum(axis=1)
    FORMULA.check(norms.mean(), (kernel.astype("float64") ** 2).sum())


def gaussian(decay=0.5):
    layer = Gaussian(decay)
    layer.build((None, 2))
    return layer


def test_a_gaussian_is_standard_before_it_is_fitted():
    noise = np.array([[1.0, -2.0]], "float32")
    EXACT.check(array(gaussian()(tensor(noise))), noise)


def test_a_gaussian_has_the_moments_of_the_codes_it_has_seen():
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(2, 50, 2)) @ [[2.0, 1.0], [0.0, 0.5]] + [3.0, -1.0]
    layer = gaussian(0.75)
    layer.update(tensor(first))
    FORMULA.check(array(layer.mean), first.mean(axis=0))
    layer.update(tensor(second[:30]))
    weights = np.repeat([0.75, 1.0], [50, 30])
    codes = np.concatenate([first, second[:30]])
    mean = np.average(codes, axis=0, weights=weights)
    FORMULA.check(array(layer.mean), mean)
    covariance = np.cov(codes.T, aweights=weights, ddof=0)
    factor = array(layer.factor).astype("float64")
    jitter = 1e-4 * np.trace(covariance) / 2 * np.eye(2)
    np.testing.assert_allclose(factor @ factor.T, covariance + jitter, rtol=2e-5)
    noise = tensor([[0.5, -1.0]])
    FORMULA.check(array(layer(noise))[0], mean + factor @ [0.5, -1.0])


def test_codes_that_are_all_equal_have_a_factor():
    layer = gaussian()
    layer.update(tensor(np.ones((4, 2))))
    assert np.isfinite(array(layer.factor)).all()
    assert np.abs(array(layer.factor)).max() < 1e-3


def test_training_fits_the_density_that_sampling_draws_from():
    model = zoo.create("rae_l2", **SMALL)
    terms(model)
    EXACT.check(array(model.density.mean), np.zeros(2))
    codes = model.encode(DATA)
    terms(model, training=True)
    FORMULA.check(array(model.density.mean), codes.mean(axis=0))
    epsilon = np.array([[0.0, 0.0], [1.0, -1.0]], "float32")
    latent = codes.mean(axis=0) + epsilon @ array(model.density.factor).T
    FORMULA.check(model.use("sample", epsilon=epsilon)["data"], model.decode(latent))
    for name in ("mean", "factor", "sums"):
        assert not getattr(model.density, name).trainable
    assert isinstance(model.gaussian, keras.Model)
