"""Autoregressive maps against automatic derivatives, and the bound that they are in."""

import numpy as np
import pytest

import zoo
from tests.arrays import array, arrays, tensor
from tests.tolerances import EXACT, FORMULA
from zoo import backends
from zoo.layers import MaskedDense
from zoo.networks import apply

RNG = np.random.default_rng(0)
DATA = RNG.random((4, 3)).astype("float32")
EPSILON = RNG.normal(size=(4, 3)).astype("float32")
CONTEXT = RNG.normal(size=(4, 5)).astype("float32")


@pytest.fixture(scope="module")
def model():
    settings = {"shape": (3,), "latent_dim": 3, "num_flows": 2, "flow_width": 6, "context_dim": 5}
    model = zoo.create("iaf_vae", **settings, network_options={"width": 4, "depth": 1})
    for network in model.maps:  # maps that are far from the identity
        for weight in network.weights:
            weight.assign(RNG.normal(size=weight.shape).astype("float32"))
    return model


def jacobian(function, x):
    """The derivatives `(batch, out, in)` of a function of rows."""
    columns = [backends.input_gradient(lambda x, i=i: function(x)[:, i], x) for i in range(3)]
    return np.stack([array(column) for column in columns], axis=1)


def test_a_masked_layer_reads_lower_degrees_alone():
    layers = [MaskedDense([1, 2, 2], [1, 2, 3], strict=strict) for strict in (False, True)]
    inclusive, strict = (layer.mask.astype(int).tolist() for layer in layers)
    assert inclusive == [[1, 1, 1], [0, 1, 1], [0, 0, 0]]
    assert strict == [[0, 1, 1], [0, 0, 0], [0, 0, 0]]
    layers[0].build((None, 3))
    layers[0].set_weights([np.arange(1.0, 10.0).reshape(3, 3), np.zeros(3)])
    made = layers[0](tensor([[1.0, 10.0, 100.0]]))
    FORMULA.check(array(made), [[1.0, 52.0, 63.0]])


def test_an_entry_is_moved_by_those_before_it_alone(model):
    def shift(latent):
        return apply(model.maps[0], {"latent": latent, "context": tensor(CONTEXT)})["shift"]

    found = jacobian(shift, tensor(EPSILON))
    EXACT.check(np.triu(found), np.zeros((4, 3, 3)))
    assert (np.abs(found[:, [1, 2, 2], [0, 0, 1]]) > 1e-4).all()


def test_the_volume_is_the_determinant_of_the_jacobian(model):
    maps = {"context": tensor(CONTEXT)}
    found = jacobian(lambda x: model.flow(x, maps)[0], tensor(EPSILON))
    volume = array(model.flow(tensor(EPSILON), maps)[1])
    sign, log_determinant = np.linalg.slogdet(found.astype("float64"))
    # The order is reversed once, which swaps the outer two of three entries.
    EXACT.check(sign, -np.ones(4))
    np.testing.assert_allclose(volume, log_determinant, rtol=1e-4, atol=1e-5)
    assert np.abs(volume).max() > 0.5


def test_the_bound_has_the_density_of_the_moved_latent(model):
    found = arrays(apply(model.posterior, {"data": tensor(DATA)}))
    start = found["mean"] + np.exp(found["log_variance"] / 2) * EPSILON
    moved, volume = map(array, model.flow(tensor(start), {"context": tensor(found["context"])}))
    log_q = -0.5 * (EPSILON**2 + found["log_variance"]).sum(axis=1) - volume
    kl = np.mean(log_q + 0.5 * (moved**2).sum(axis=1))
    batch = {"data": tensor(DATA), "epsilon": tensor(EPSILON), "step": tensor(0.0)}
    logs = arrays(model.elbo_loss(batch, True))
    FORMULA.check(logs["kl"], kl)
    FORMULA.check(logs["loss"], logs["reconstruction"] + kl)
    code = array(model.flow(tensor(found["mean"]), {"context": tensor(found["context"])})[0])
    FORMULA.check(model.encode(DATA), code)


def test_a_fresh_map_keeps_most_of_the_latent():
    model = zoo.create("iaf_vae", shape=(3,), latent_dim=1, num_flows=1, flow_width=2)
    latent = tensor([[3.0], [-2.0]])
    moved, volume = model.flow(latent, {"context": tensor(np.zeros((2, 64)))})
    gate = 1 / (1 + np.exp(-2.0))
    FORMULA.check(array(moved), gate * array(latent))
    FORMULA.check(array(volume), np.full(2, np.log(gate)))
