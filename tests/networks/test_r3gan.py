"""R3GAN's networks: their resampling, their start, and the sizes of the authors' code."""

import math

import keras
import numpy as np
import pytest

from tests.arrays import array, tensor
from tests.tolerances import FORMULA
from zoo import networks
from zoo.errors import ModelError
from zoo.layers import Basis
from zoo.layers.initialization import numpy_weights
from zoo.networks import r3gan, resampling

FFHQ = (384, 768, 768, 768, 768)
"""The authors' widths at 64×64, from the data on."""


def block(channels):
    """Kernels and biases: 1×1 up to twice as many channels, 3×3 in groups of 16, 1×1 down."""
    wide = 2 * channels
    return channels * wide + wide + 9 * 16 * wide + wide + wide * channels


@pytest.mark.once
def test_the_networks_have_as_many_weights_as_the_authors_at_64_by_64():
    with numpy_weights(0):
        up = networks.decoder("r3gan", {"latent": (64,)}, {"data": (64, 64, 3)}, width=FFHQ)
        reads = {"data": (64, 64, 3)}
        down = networks.encoder("r3gan", reads, {"logit": 1}, width=FFHQ, head_bias=False)
    shared = sum(2 * block(channels) for channels in FFHQ) + 384 * 768 + 3 * 384 + 16 * 768
    assert up.count_params() == shared + 64 * 768 == 22_429_824
    assert down.count_params() == shared + 768


def test_halving_weighs_four_neighbours_and_doubling_two():
    x = np.random.default_rng(0).normal(size=(1, 6, 1)).astype("float32")
    found = array(resampling.halved(1, tensor(x)))[0, :, 0]
    padded = np.pad(x[0, :, 0], 1)
    FORMULA.check(found, [padded[2 * i : 2 * i + 4] @ [1, 3, 3, 1] / 8 for i in range(3)])
    found = array(resampling.doubled(1, tensor(x)))[0, :, 0]
    inner = [0.75 * padded[i] + 0.25 * padded[j] for i in range(1, 7) for j in (i - 1, i + 1)]
    FORMULA.check(found[1:-1], inner[1:-1])
    image = np.random.default_rng(1).normal(size=(2, 6, 6, 3)).astype("float32")
    rows = np.stack([array(resampling.halved(1, tensor(image[:, :, i]))) for i in range(6)], axis=2)
    both = np.stack([array(resampling.halved(1, tensor(rows[:, i]))) for i in range(3)], axis=1)
    FORMULA.check(array(resampling.halved(2, tensor(image))), both)


def test_blocks_begin_as_the_identity_and_groups_divide_their_channels():
    data = keras.Input((4, 4, 24), name="data")
    with numpy_weights(0):
        network = keras.Model(data, r3gan._stage(data, 1, r3gan.Options(width=24)))
    x = np.random.default_rng(0).normal(size=(2, 4, 4, 24)).astype("float32")
    FORMULA.check(array(network(tensor(x))), x)
    grouped = [x for x in network.layers if getattr(x, "kernel_size", None) == (3, 3)]
    assert [layer.groups for layer in grouped] == [3, 3]
    first = next(x for x in network.layers if getattr(x, "kernel_size", None) == (1, 1))
    expected = math.sqrt(2 / 1.04) * 2**-0.25 / math.sqrt(24)
    assert abs(array(first.kernel).std() / expected - 1) < 0.1


def test_a_basis_is_scaled_by_the_vector():
    layer = Basis((2, 3))
    vectors = np.random.default_rng(0).normal(size=(4, 5)).astype("float32")
    made = array(layer(tensor(vectors)))
    FORMULA.check(made, vectors[:, None, None, :] * array(layer.basis))
    assert made.shape == (4, 2, 3, 5)


@pytest.mark.once
def test_no_blocks_are_refused():
    with pytest.raises(ModelError, match="blocks, expansion and group.*Received: blocks=0"):
        r3gan.Options(blocks=0)
