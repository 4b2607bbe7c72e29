"""The spectrum's transforms are Fourier's, and sounds come back from them."""

import numpy as np
import pytest

from tests.arrays import array, tensor
from tests.tolerances import FORMULA
from zoo import networks
from zoo.errors import ModelError
from zoo.networks import apply, spectrum

OPTIONS = {"kernel": 16, "width": 4, "depth": 1}


def test_frames_are_those_of_numpy():
    frame = np.random.default_rng(0).normal(size=16)
    weight = np.sin(np.pi * (np.arange(16) + 0.5) / 16) ** 2
    expected = np.fft.rfft(frame * weight / np.sqrt(np.sum(weight**2)))
    FORMULA.check(spectrum.analysis(16) @ frame, [*expected.real, *expected.imag])


@pytest.mark.parametrize("length", [40, 37, 5])
def test_a_sound_without_a_mask_comes_back_to_its_ends(length):
    """A mask of 1 everywhere: the last convolution has no weights, and a large bias."""
    down = networks.encoder("spectrum", {"data": (length, 1)}, {"code": None}, **OPTIONS)
    code = tuple(down.output["code"].shape[1:])
    assert code == (-(-length // 4) + 3, 18)
    up = networks.decoder("spectrum", {"latent": code}, {"data": (length, 1)}, **OPTIONS)
    assert tuple(up.output["data"].shape[1:]) == (length, 1)
    *weights, kernel, bias = down.get_weights()
    down.set_weights([*weights, 0 * kernel, 0 * bias + 30])
    data = np.random.default_rng(1).normal(size=(2, length, 1)).astype("float32")
    found = apply(down, {"data": tensor(data)})["code"]
    FORMULA.check(array(apply(up, {"latent": found})["data"]), data)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: networks.family("spectrum", (8, 8, 1)), "'spectrum' is for sounds"),
        (lambda: networks.family("spectrum", (8,)), "Vectors"),
        (
            lambda: networks.encoder("spectrum", {"data": (40, 2)}, {"code": None}),
            "one channel, without labels. Received: 2",
        ),
        (
            lambda: networks.encoder("spectrum", {"data": (40, 1)}, {"code": None}, kernel=6),
            "multiple of 4 samples. Received: kernel=6",
        ),
    ],
)
@pytest.mark.once
def test_what_is_no_sound_is_refused(build, message):
    with pytest.raises(ModelError, match=message):
        build()


@pytest.mark.parametrize("option", [{"spectral": True}, {"normalization": "spectral"}])
def test_the_transforms_are_not_normalized(option):
    with pytest.raises(ModelError, match="transforms of a spectrum are fixed"):
        networks.encoder("spectrum", {"data": (40, 1)}, {"code": None}, **OPTIONS, **option)
