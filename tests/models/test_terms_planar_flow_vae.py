"""Planar maps against finite differences, and the bound that they are in."""

import numpy as np
import pytest

import zoo
from tests.arrays import array, arrays, tensor
from tests.tolerances import FORMULA
from zoo.networks import apply

DATA = np.array([[1.0, 0.0], [0.25, 0.5], [0.5, 0.75]], "float32")
EPSILON = np.random.default_rng(0).normal(size=(3, 2)).astype("float32")


@pytest.fixture(scope="module")
def model():
    settings = {"shape": (2,), "latent_dim": 2, "num_flows": 3, "network_options": {"depth": 0}}
    model = zoo.create("planar_flow_vae", **settings)
    rng = np.random.default_rng(1)
    for name in ("u", "w", "b"):  # maps that bend
        layer = model.posterior.get_layer(name)
        layer.set_weights([2 * rng.normal(size=w.shape) for w in layer.get_weights()])
    return model


def by_hand(latent, maps, row):
    """The maps one by one in float64, u bent as in appendix A.1; no derivative."""
    u, w = (maps[name][row].reshape(3, 2).astype("float64") for name in ("u", "w"))
    for step in range(3):
        along = u[step] @ w[step]
        bent = u[step] + (np.log1p(np.exp(along)) - 1 - along) * w[step] / (w[step] @ w[step])
        latent = latent + bent * np.tanh(w[step] @ latent + maps["b"][row, step])
    return latent


def posterior_of(model):
    return arrays(apply(model.posterior, {"data": tensor(DATA)}))


def test_the_volume_is_the_determinant_of_the_jacobian(model):
    maps = posterior_of(model)
    start = maps["mean"] + np.exp(maps["log_variance"] / 2) * EPSILON
    moved, volume = model.flow(tensor(start), {n: tensor(x) for n, x in maps.items()})
    step = 1e-5 * np.eye(2)
    for row in range(3):
        FORMULA.check(array(moved)[row], by_hand(start[row], maps, row))
        columns = [
            by_hand(start[row] + d, maps, row) - by_hand(start[row] - d, maps, row) for d in step
        ]
        determinant = np.linalg.det(np.array(columns) / 2e-5)
        assert determinant > 0  # every map has an inverse
        np.testing.assert_allclose(array(volume)[row], np.log(determinant), rtol=1e-4, atol=1e-5)
    assert np.abs(array(volume)).max() > 0.1


def test_the_bound_has_the_density_of_the_moved_latent(model):
    maps = posterior_of(model)
    start = maps["mean"] + np.exp(maps["log_variance"] / 2) * EPSILON
    given = {name: tensor(values) for name, values in arrays(maps).items()}
    moved, volume = (array(x) for x in model.flow(tensor(start), given))
    log_q = -0.5 * (EPSILON**2 + maps["log_variance"]).sum(axis=1) - volume
    kl = np.mean(log_q + 0.5 * (moved**2).sum(axis=1))
    batch = {"data": tensor(DATA), "epsilon": tensor(EPSILON)}
    found = arrays(model.elbo_loss({**batch, "step": tensor(0.0)}, True))
    FORMULA.check(found["kl"], kl)
    FORMULA.check(found["loss"], found["reconstruction"] + kl)


def test_a_code_is_the_moved_mean(model):
    maps = posterior_of(model)
    expected = [by_hand(maps["mean"][row], maps, row) for row in range(3)]
    FORMULA.check(model.encode(DATA), expected)
