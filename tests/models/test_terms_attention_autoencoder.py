"""Self-attention between patches: against NumPy, and what the part `attention` shows."""

from math import erf

import numpy as np
import pytest

import zoo
from tests.arrays import array, tensor
from tests.tolerances import EXACT, FORWARD
from zoo.errors import ModelError
from zoo.networks import attention, encoder

SHAPE = (5, 6, 2)
"""Of patches of 4: two by two of them, with zeros below and to the right."""
RNG = np.random.default_rng(0)
DATA = RNG.random((3, *SHAPE)).astype("float32")


def make(**settings):
    options = {"shape": SHAPE, "width": 6, "num_heads": 2, "depth": 1, "latent_dim": 3}
    model = zoo.create("attention_autoencoder", **options | settings)
    for weight in model.encoder.weights:
        weight.assign(0.5 * RNG.normal(size=weight.shape).astype("float32"))
    return model


def normalized(x, gamma, beta):
    centred = x - x.mean(axis=-1, keepdims=True)
    return centred / np.sqrt(x.var(axis=-1, keepdims=True) + 1e-6) * gamma + beta


def gelu(x):
    return x * 0.5 * (1 + np.vectorize(erf)(x / np.sqrt(2)))


def patches(data):
    """Rows of 4×4 patches, in reading order."""
    padded = np.zeros((len(data), 8, 8, 2))
    padded[:, :5, :6] = data
    corners = [(0, 0), (0, 4), (4, 0), (4, 4)]
    return np.stack(
        [padded[:, y : y + 4, x : x + 4].reshape(len(data), -1) for y, x in corners], axis=1
    )


def by_hand(model):
    """The attention weights and the code, in float64."""
    named = {layer.name: layer.get_weights() for layer in model.encoder.layers if layer.weights}
    queries, keys, values = (
        named.pop(f"attention_0_{part}") for part in ("queries", "keys", "values")
    )
    positions, first, joined, second, hidden, out, last, head = named.values()
    x = dense(patches(DATA), *positions)
    y = normalized(x, *first)
    queries, keys, values = dense(y, *queries), dense(y, *keys), dense(y, *values)
    attended, found = [], []
    for part in (slice(0, 3), slice(3, 6)):
        scores = queries[..., part] @ keys[..., part].transpose(0, 2, 1) / np.sqrt(3)
        share = np.exp(scores) / np.exp(scores).sum(axis=-1, keepdims=True)
        found.append(share)
        attended.append(share @ values[..., part])
    x = x + dense(np.concatenate(attended, axis=-1), *joined)
    x = x + dense(gelu(dense(normalized(x, *second), *hidden)), *out)
    x = normalized(x, *last)
    return np.stack(found, axis=1), dense(x.reshape(len(x), -1), *head)


def dense(x, kernel, bias=0.0):
    return x @ kernel.astype("float64") + bias


def test_encoding_is_that_of_the_formulas():
    model = make()
    weights, code = by_hand(model)
    FORWARD.check(model.encode(DATA), code)
    FORWARD.check(model.use("attend", data=DATA)["weights"][:, 0], weights)


def test_the_map_shows_how_much_attention_each_patch_gets():
    model = make()
    found = model.use("attend", data=DATA)
    received = found["weights"].mean(axis=(1, 2, 3))
    assert found["weights"].shape == (3, 1, 2, 4, 4) and found["map"].shape == DATA.shape
    brightness = received / received.max(axis=1, keepdims=True)
    FORWARD.check(found["map"][:, 0, 0, 0], brightness[:, 0])
    FORWARD.check(found["map"][:, 3, 5, 1], brightness[:, 1])
    FORWARD.check(found["map"][:, 4, 0, 0], brightness[:, 2])
    FORWARD.check(found["map"][:, 4, 4, 1], brightness[:, 3])


@pytest.mark.parametrize("shape", [(8, 8, 1), (5, 7, 3), (12, 2), (7, 3)])
def test_joining_undoes_splitting(shape):
    data = RNG.random((2, *shape)).astype("float32")
    tokens = attention.split(tensor(data), 4)
    EXACT.check(array(attention.join(tokens, shape, 4)), data)


@pytest.mark.once
def test_a_token_attends_to_all_others():
    model = make(depth=2)
    changed = DATA.copy()
    changed[:, 0, 0, 0] += 1
    before, after = (model.use("attend", data=d)["weights"][:, 1] for d in (DATA, changed))
    assert (np.abs(after - before).max(axis=(1, 3)) > 1e-6).all()


@pytest.mark.once
def test_sequences_have_their_steps_as_tokens():
    model = zoo.create("attention_autoencoder", shape=(10, 2), width=4, num_heads=2)
    found = model.use("attend", data=np.zeros((2, 10, 2), "float32"))
    assert found["weights"].shape == (2, 2, 2, 10, 10)


@pytest.mark.once
def test_an_encoder_of_the_users_own_has_no_attention_to_look_at():
    own = encoder("conv", {"data": (8, 8, 1)}, {"code": 3}, width=4)
    model = zoo.create("attention_autoencoder", shape=(8, 8, 1), latent_dim=3, encoder=own)
    assert "attend" not in model.table() and model.pictured == ("reconstruct",)


@pytest.mark.once
def test_the_family_serves_other_models():
    options = {"network": "attention", "network_options": {"width": 8, "depth": 1, "patch": 2}}
    model = zoo.create("vae", shape=(8, 8, 1), latent_dim=4, **options)
    assert model.encode(np.zeros((2, 8, 8, 1), "float32")).shape == (2, 4)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_heads": 3}, "The heads share the width equally. Received: width=8, num_heads=3"),
        ({"normalization": "batch"}, "Transformers normalize each token"),
        ({"expansion": 0}, "whole numbers from 1"),
        ({"width": [8, 8]}, "one width"),
    ],
)
@pytest.mark.once
def test_bad_options_are_refused(options, message):
    with pytest.raises(ModelError, match=message):
        encoder("attention", {"data": (8, 8, 1)}, {"code": 3}, **{"width": 8} | options)


@pytest.mark.once
def test_dropout_is_of_the_hidden_layers_and_its_masks_are_noise():
    options = {"width": 8, "depth": 2, "dropout": 0.5}
    model = zoo.create("vae", shape=(8, 8, 1), network="attention", network_options=options)
    masks = [noise.shape for name, noise in model.noise.items() if "mask" in name]
    assert masks == [(4, 16)] * 4
