"""Residual networks: the papers' sizes, and how they read, halve and sum a map.

The numbers of weights are those of public code, built and counted:

- WGAN-GP: github.com/igul222/improved_wgan_training (fa66c57), gan_cifar_resnet.py, unconditional.
- SNGAN and the projection GAN: github.com/kwotsin/mimicry (a7fda06), sngan_32.py, sngan_128.py and
  cgan_pd_128.py (with ndf=1024), which follow github.com/pfnet-research/sngan_projection (e84b1a5).
- SAGAN: github.com/brain-research/self-attention-gan (ad9612e), generator_test and
  discriminator_test with gf_dim = df_dim = 64.

All have biases before normalizations that subtract them again; ours have none.
"""

import numpy as np
import pytest

import zoo
from tests.arrays import array, tensor
from tests.tolerances import FORMULA
from zoo import networks
from zoo.errors import ModelError
from zoo.layers.initialization import numpy_weights
from zoo.networks import apply

LARGE = (1024, 512, 256, 128, 64)
"""The blocks of a generator of 128×128, from the latent on."""


def trained(network):
    return sum(int(np.prod(weight.shape)) for weight in network.trainable_weights)


def cancelled(widths):
    """The biases of three convolutions of each block of a generator."""
    return sum(3 * width for width in widths)


def down(shape, *, depth=None, **options):
    reads, heads = {"data": shape}, {"code": None}
    return networks.encoder("resnet", reads, heads, depth=depth, **options)


@pytest.mark.once
@pytest.mark.parametrize(
    ("name", "size", "settings", "generator", "discriminator"),
    [
        # The critic's last bias cancels in its loss.
        ("wgan_gp", 32, {}, 1_204_483 - cancelled([128] * 3), 1_053_825 - 1),
        ("sngan", 32, {}, 4_276_739 - cancelled([256] * 3), 1_053_825),
        (
            "sngan",
            128,
            {"network_options": {"width": 64, "growth": 16, "discriminator.final_blocks": 1}},
            32_150_787 - cancelled(LARGE),
            29_017_857,
        ),
        (
            "projection_gan",
            128,
            {"num_classes": 1000},
            41_996_931 - cancelled(LARGE),
            30_041_857,
        ),
        (
            "sagan",
            128,
            {"num_classes": 1000, "network_options": {"width": 64}},
            42_078_852 - cancelled(LARGE),
            39_463_618,
        ),
    ],
)
def test_networks_have_the_weights_of_the_authors(name, size, settings, generator, discriminator):
    with numpy_weights(0):
        model = zoo.create(name, shape=(size, size, 3), network="resnet", **settings)
    assert trained(model.generator) == generator
    assert trained(model.discriminator) == discriminator


@pytest.mark.once
def test_one_width_for_each_map_is_the_width_that_grows():
    with numpy_weights(0):
        grown, named = (
            zoo.create("sngan", shape=(32, 32, 3), network="resnet", network_options=options)
            for options in (
                {"width": 4, "growth": 4, "discriminator.final_blocks": 1},
                {"width": [4, 8, 16, 16], "discriminator.final_blocks": 1},
            )
        )
    for part in ("generator", "discriminator"):
        sizes = [[w.shape for w in model.parts()[part].weights] for model in (grown, named)]
        assert sizes[0] == sizes[1]


@pytest.mark.parametrize(
    ("shape", "options", "smallest"),
    [
        ((32, 32, 3), {}, (8, 8)),
        ((28, 28, 1), {}, (7, 7)),
        ((28, 28, 1), {"final_blocks": 1}, (4, 4)),
        ((8, 8, 1), {}, (4, 4)),
        ((9, 7, 1), {}, (5, 4)),
        ((4, 4, 1), {}, (4, 4)),
        ((33, 2), {}, (5,)),
        ((16, 16, 1), {"depth": 3}, (2, 2)),
        ((16, 16, 1), {"width": [2, 3, 4]}, (8, 8)),
    ],
    ids=str,
)
def test_final_blocks_keep_the_smallest_size(shape, options, smallest):
    found = down(shape, **{"width": 2} | options)
    sums = [x for x in found.layers if type(x).__name__ == "Add"]
    final = options.get("final_blocks", 2)
    assert [tuple(x.output.shape[1:-1]) for x in sums[-final - 1 :]][-final:] == [smallest] * final
    halved = [x.output.shape for x in sums[:-final]]
    assert all(min(x[1:-1]) >= min(smallest) for x in halved)
    made = apply(found, {"data": tensor(np.ones((2, *shape)))})["code"]
    assert array(made).shape == (2, found.output["code"].shape[-1])


@pytest.mark.parametrize("pooling", ["mean", "sum"])
def test_a_first_block_reads_data_as_they_are_and_space_is_pooled(pooling):
    network = down((4, 1), depth=1, width=1, kernel=1, final_blocks=1, pooling=pooling)
    # Of the block that halves, and of the one that keeps the size: kernels and biases.
    values = [[[[2.0]]], [1.0], [[[3.0]]], [0.5], [[[-1.0]]], [0.25]]
    values += [[[[1.0]]], [-2.0], [[[4.0]]], [-1.0]]
    network.set_weights([np.array(value, "float32") for value in values])
    x = np.array([[-1.0, 2.0, 3.0, -4.0]])

    def relu(x):
        return np.maximum(x, 0)

    def halved(x):
        return x.reshape(1, 2, 2).mean(axis=-1)

    y = halved(3 * relu(2 * x + 1) + 0.5) - halved(x) + 0.25
    y = y + 4 * relu(relu(y) - 2) - 1
    expected = relu(y).mean(axis=1) if pooling == "mean" else relu(y).sum(axis=1)
    found = apply(network, {"data": tensor(x[..., None].astype("float32"))})["code"]
    FORMULA.check(array(found)[:, 0], expected)


def test_the_last_normalization_of_a_generator_reads_no_labels():
    reads, makes = {"latent": (3,)}, {"data": (8, 8, 1)}
    options = {"width": 2, "normalization": "conditional", "num_classes": 3}
    network = networks.decoder("resnet", reads, makes, **options)
    kinds = [type(x).__name__ for x in network.layers if "Normalization" in type(x).__name__]
    assert kinds == ["ConditionalBatchNormalization"] * 2 + ["BatchNormalization"]


@pytest.mark.parametrize("activation", ["maxout-2", "prelu"])
def test_activations_with_weights_or_pieces_end_the_way_down(activation):
    options = {"width": 3, "activation": activation}
    assert down((8, 8, 1), deviation=True, **options).output["code"].shape == (None, 4)
    reads, makes = {"latent": (3,)}, {"data": (8, 8, 2)}
    found = networks.decoder("resnet", reads, makes, **options)
    assert found.output["data"].shape == (None, 8, 8, 2)


@pytest.mark.once
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"growth": 0}, "growth and final_blocks are whole.*growth=0, final_blocks=2"),
        ({"growth": "2"}, "growth and final_blocks are whole.*growth='2', final_blocks=2"),
        ({"final_blocks": 0}, "growth and final_blocks are whole.*growth=1, final_blocks=0"),
        ({"pooling": "max"}, "pooling is one of mean, sum. Received: 'max'"),
        ({"width": [4]}, r"width has a number for each block.*width=\[4\], final_blocks=2"),
    ],
)
def test_what_is_no_option_is_rejected(options, message):
    with pytest.raises(ModelError, match=message):
        down((8, 8, 1), **options)
