"""Self-attention against NumPy."""

import numpy as np
import pytest

from tests.arrays import array, tensor
from tests.tolerances import FORMULA, SECOND_DERIVATIVE
from zoo import backends
from zoo.layers import SelfAttention


def softmax(scores):
    scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return scores / scores.sum(axis=-1, keepdims=True)


def attended(x, kernels, gain):
    tokens = x.reshape(len(x), -1, x.shape[-1])
    queries, keys, values = (tokens @ kernels[name] for name in ("queries", "keys", "values"))
    scores = np.clip(queries @ keys.transpose(0, 2, 1), -1e4, 1e4)
    mixed = softmax(scores) @ values @ kernels["outputs"]
    return x + gain * mixed.reshape(x.shape)


@pytest.fixture(params=[False, True], ids=["plain", "spectral"])
def layer(request):
    return SelfAttention(spectral=request.param)


def built(layer, shape, gain):
    layer.build((None, *shape))
    rng = np.random.default_rng(0)
    kernels = {}
    for name in ("queries", "keys", "values", "outputs"):
        own = getattr(layer, name)
        # Of rank 1, so that one power iteration finds the singular value.
        found = np.outer(*(rng.normal(size=size) for size in own._kernel.shape))
        own._kernel.assign(found)
        kernels[name] = found / np.linalg.norm(found, 2) if layer.spectral else found
    layer.gain.assign(gain)
    return kernels


@pytest.mark.parametrize("shape", [(4, 3, 16), (5, 8)], ids=str)
def test_every_position_reads_all_others(layer, shape):
    kernels = built(layer, shape, 0.5)
    x = np.random.default_rng(1).normal(size=(2, *shape)).astype("float32")
    FORMULA.check(array(layer(tensor(x))), attended(x, kernels, 0.5))
    assert kernels["queries"].shape[1] == shape[-1] // 8


def test_keys_and_values_are_the_largest_of_neighbours():
    layer = SelfAttention(pooled=True, value_share=2)
    kernels = built(layer, (3, 2, 16), 0.5)
    x = np.random.default_rng(1).normal(size=(2, 3, 2, 16)).astype("float32")
    queries, keys, values = (x @ kernels[name] for name in ("queries", "keys", "values"))
    tokens = [
        np.stack([y[:, :2].max(axis=(1, 2)), y[:, 2:].max(axis=(1, 2))], axis=1)
        for y in (keys, values)
    ]
    scores = softmax(queries.reshape(2, 6, 2) @ tokens[0].transpose(0, 2, 1))
    mixed = (scores @ tokens[1]).reshape(2, 3, 2, 8) @ kernels["outputs"]
    FORMULA.check(array(layer(tensor(x))), x + 0.5 * mixed)


def test_scores_are_cut_where_exponentials_would_not_be_finite():
    layer = SelfAttention()
    kernels = built(layer, (3, 8), 0.5)
    x = 1e3 * np.random.default_rng(1).normal(size=(2, 3, 8)).astype("float32")
    scores = (x @ kernels["queries"]) @ (x @ kernels["keys"]).transpose(0, 2, 1)
    assert (np.abs(scores) > 1e4).all()
    FORMULA.check(array(layer(tensor(x))), attended(x, kernels, 0.5))


def test_at_first_it_changes_nothing(layer):
    x = np.random.default_rng(1).normal(size=(2, 4, 4, 8)).astype("float32")
    FORMULA.check(array(layer(tensor(x))), x)


def test_the_second_derivative_is_that_of_the_formula():
    layer = SelfAttention()
    kernels = built(layer, (3, 8), 0.5)
    rng = np.random.default_rng(1)
    x, direction = rng.normal(size=(2, 2, 3, 8))

    def slope(data):
        gradient = backends.input_gradient(lambda y: layer(y) ** 2, data)
        return gradient * tensor(direction)

    def slope_by_numpy(data):
        def along(step):
            return (attended(data + step * direction, kernels, 0.5) ** 2).sum(axis=(1, 2))

        return (along(1e-4) - along(-1e-4)) / 2e-4

    found = array(backends.input_gradient(slope, tensor(x)))
    expected = np.zeros_like(x)
    for index in np.ndindex(x.shape[1:]):
        moved = [x.copy(), x.copy()]
        moved[0][(slice(None), *index)] += 1e-4
        moved[1][(slice(None), *index)] -= 1e-4
        higher, lower = map(slope_by_numpy, moved)
        expected[(slice(None), *index)] = (higher - lower) / 2e-4
    SECOND_DERIVATIVE.check(found, expected)
