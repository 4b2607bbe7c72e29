"""StyleGAN2's networks: the sizes of the authors' code, and what they reject."""

import keras
import pytest

from zoo import networks
from zoo.errors import ModelError
from zoo.gans.stylegan2 import _synthesis
from zoo.networks import stylegan2

CONVOLUTIONS = 2_622_465, 1_442_561, 721_409, 426_369, 213_249
"""Weights of 512 → 512 channels, 512 → 256, 256 → 256, 256 → 128 and 128 → 128, style included."""
IMAGES = 264_195, 132_099, 66_051
"""Weights of an image's layer at 512, 256 and 128 channels."""


@pytest.mark.once
def test_the_networks_have_as_many_weights_as_the_authors():
    """Sources: the logs of the authors' PyTorch code, at 256×256 and, of the other, 1024×1024."""
    style = stylegan2.Options(width=128)
    made = _synthesis((256, 256, 3), 512, style)
    wide, down, middle, narrower, narrow = CONVOLUTIONS
    first, second, third = IMAGES
    convolutions = 9 * wide + down + middle + narrower + narrow
    assert made.count_params() == 4 * 4 * 512 + convolutions + 5 * first + second + third
    latent = keras.Input((512,))
    assert keras.Model(latent, stylegan2.mapped(latent, style)).count_params() == 8 * 262_656
    reads = {"data": (1024, 1024, 3)}
    judge = networks.encoder("stylegan2", reads, {"logit": 1}, width=32, deviation=True)
    assert judge.count_params() == 29_012_513


@pytest.mark.once
@pytest.mark.parametrize(
    "options",
    [{"normalization": "batch"}, {"spectral": True}, {"kernel": 5}, {"activation": "maxout-2"}],
)
def test_what_is_not_equalized_is_rejected(options):
    with pytest.raises(ModelError, match="equalized and of size 3.*Received"):
        networks.encoder("stylegan2", {"data": (8, 8, 1)}, {"logit": 1}, **options)


@pytest.mark.once
def test_sizes_of_noise_and_the_number_of_styles():
    style = stylegan2.Options(width=2, widest=5)
    assert stylegan2.sizes_of_noise((9, 7, 3), style) == [(5, 4), (9, 7), (9, 7)]
    assert stylegan2.number_of_styles((28, 28, 1), style) == 8
    assert stylegan2.plan((28, 28, 1), style)[1] == [2, 4, 5, 5]
    with pytest.raises(ModelError, match="whole numbers from 1. Received: widest=0"):
        stylegan2.Options(widest=0)
