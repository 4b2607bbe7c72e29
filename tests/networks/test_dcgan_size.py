"""DCGAN at 64×64×3 has the weights of PyTorch's example."""

import numpy as np
import pytest

import zoo

pytestmark = pytest.mark.once


def trained(network):
    return sum(int(np.prod(weight.shape)) for weight in network.trainable_weights)


def test_dcgan_has_the_weights_of_pytorchs_example():
    # github.com/pytorch/examples, dcgan/main.py: windows of 4 and no biases. Here the last layer of
    # each network and the discriminator's first, which is not normalized, have biases.
    options = {"width": 64, "kernel": 4}
    model = zoo.create("dcgan", shape=(64, 64, 3), latent_dim=100, network_options=options)
    assert trained(model.generator) == 3_576_704 + 3
    assert trained(model.discriminator) == 2_765_568 + 64 + 1
