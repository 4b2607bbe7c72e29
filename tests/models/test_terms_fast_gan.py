"""What makes FastGAN what it is: excited maps, gates, and what the discriminator rebuilds."""

import keras
import numpy as np
import pytest

import zoo
from tests.arrays import array, arrays, sigmoid, tensor
from tests.tolerances import EXACT, FORMULA
from zoo import networks
from zoo.errors import ModelError
from zoo.gans.fast_gan import quarter_of
from zoo.networks import apply, fastgan

SETTINGS = {"shape": (9, 8, 1), "latent_dim": 4, "decoder_width": 2}
SETTINGS |= {"network_options": {"width": 2, "depth": 2}, "augmentation": None}


def draws(*shape, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype("float32")


@pytest.fixture(scope="module")
def model():
    return zoo.create("fast_gan", **SETTINGS, reconstruction=3.0)


def test_the_discriminator_minimises_its_game_and_two_errors(model):
    data, far = draws(2, 9, 8, 1), np.array([[0, 1], [1, 0]], "int32")
    read = {"data": tensor(data), "latent": tensor(draws(2, 4, seed=1))}
    read["quarter"] = tensor(far, "int32")
    found = arrays(model.discriminator_loss(read, False))
    maps = arrays(apply(model.judge, read))
    assert maps["part"].shape == (2, 5, 4, 4) and maps["whole"].shape == (2, 3, 2, 8)
    parts = np.stack([maps["part"][0, :3, 2:], maps["part"][1, 2:, :2]])
    corners = np.stack([data[0, :5, 4:], data[1, 4:, :4]])
    rebuilt = (
        (model.whole_decoder, maps["whole"], halved(data)),
        (model.part_decoder, parts, corners),
    )
    errors = [
        np.abs(array(decoder({"map": tensor(x)})["data"]) - wanted).mean()
        for decoder, x, wanted in rebuilt
    ]
    real = maps["logit"]
    fake = model.use("discriminate", data=array(model.generate(read, False)))["logit"]
    game = np.maximum(1 - real, 0).mean() + np.maximum(1 + fake, 0).mean()
    FORMULA.check(found["reconstruction"], sum(errors))
    FORMULA.check(found["loss"], game + 3 * sum(errors))


def halved(x):
    """Means of blocks of two by two, those at the far edge of fewer."""
    rows = [x[:, i : i + 2].mean(axis=1, keepdims=True) for i in range(0, x.shape[1], 2)]
    x = np.concatenate(rows, axis=1)
    columns = [x[:, :, i : i + 2].mean(axis=2, keepdims=True) for i in range(0, x.shape[2], 2)]
    return np.concatenate(columns, axis=2)


def test_a_small_map_scales_the_channels_of_a_large_one():
    style = fastgan.Options(spectral=False)
    large, small = keras.Input((4, 4, 2)), keras.Input((4, 4, 3))
    network = keras.Model([large, small], fastgan.excited(large, small, 1, style))
    first, second = draws(12, 2, seed=2), draws(2, 2, seed=3)
    network.set_weights([first, second])
    x, y = draws(1, 4, 4, 2), draws(1, 4, 4, 3, seed=1)
    hidden = halved(y).reshape(1, 12) @ first
    scales = sigmoid(hidden * sigmoid(hidden) @ second)
    made = array(network([tensor(x), tensor(y)]))
    FORMULA.check(made, x * scales[:, None, None])


def test_half_of_the_channels_gate_the_other_half():
    x = draws(2, 3, 4)
    FORMULA.check(array(fastgan.gated(tensor(x))), x[..., :2] * sigmoid(x[..., 2:]))


def test_a_quarter_is_the_near_or_the_far_half_of_each_side():
    x = np.arange(20, dtype="float32").reshape(1, 5, 4, 1).repeat(2, axis=0)
    found = array(quarter_of(tensor(x), tensor([[0, 1], [1, 0]], "int32")))
    EXACT.check(found[0, ..., 0], [[2, 3], [6, 7], [10, 11]])
    EXACT.check(found[1, ..., 0], [[8, 9], [12, 13], [16, 17]])


@pytest.mark.once
def test_the_generator_has_the_authors_layers_at_256_by_256():
    """Less the strengths of the noise and the second image, at an eighth of their widths."""
    widths = [4, 8, 16, 16, 32, 64, 128]
    network = networks.decoder("fastgan", {"latent": (256,)}, {"data": (256, 256, 3)}, width=widths)

    def block(read, made, convolutions):
        first, second = 9 * read * 2 * made + 4 * made, 9 * made * 2 * made + 4 * made
        return first + (second if convolutions == 2 else 0)

    pairs = zip(widths[:0:-1], widths[-2::-1], (2, 1, 2, 1, 2, 1), strict=True)
    wanted = 256 * 16 * 256 + 2 * 256 + sum(block(*pair) for pair in pairs)
    wanted += sum(16 * low * high + high**2 for low, high in ((128, 16), (64, 8), (32, 4)))
    wanted += 9 * 4 * 3
    assert sum(int(np.prod(v.shape)) for v in network.trainable_variables) == wanted


@pytest.mark.once
def test_without_its_weight_there_are_no_decoders():
    model = zoo.create("fast_gan", **SETTINGS | {"reconstruction": 0.0, "network": "conv"})
    assert not hasattr(model, "judge") and "quarter" not in model.noise
    with pytest.raises(ModelError, match="of the network 'fastgan'.*Received: network='conv'"):
        zoo.create("fast_gan", **SETTINGS | {"network": "conv"})
