"""Sounds of any rate and number of channels go through a model of windows and come back."""

from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from tests.tolerances import FORMULA
from zoo.applications import denoise_sound, signal_to_noise_ratio
from zoo.errors import UseError
from zoo.metrics.judged import Runner
from zoo.plotting.spectrogram import MARGIN, coloured, levels, save_spectrograms
from zoo.uses import Step, Use

pytestmark = pytest.mark.once


def halving(value_range=(-1.0, 1.0), rate=8000, shape=(8, 1)):
    """A model of sounds that makes each window half as loud as it was."""
    use = Use([Step("encoder", {"data": "data"})], {"clean": "x/y"})
    about = SimpleNamespace(shape=shape, value_range=value_range, settings={"sample_rate": rate})
    middle = sum(value_range or (0.0, 0.0)) / 2

    def run(name, *, data, seed=0):
        assert data.shape[1:] == shape and data.dtype == "float32"
        return {"clean": middle + (data - middle) / 2}

    return Runner(about, {"denoise": use}, run)


@pytest.mark.parametrize("value_range", [(-1.0, 1.0), (0.0, 1.0), None])
@pytest.mark.parametrize("shape", [(1,), (21,), (40, 2)])
def test_every_window_of_every_channel_goes_through_the_model(shape, value_range):
    signal = np.random.default_rng(0).uniform(-0.9, 0.9, shape).astype("float32")
    found = denoise_sound(halving(value_range), signal, 8000)
    assert found.dtype == "float32"
    FORMULA.check(found, signal / 2)


def test_sounds_beyond_full_scale_are_not_cut():
    signal = np.random.default_rng(0).normal(0, 5, 30).astype("float32")
    FORMULA.check(denoise_sound(halving(), signal, 8000), signal / 2)


def test_a_sound_comes_back_at_its_own_rate():
    tone = np.sin(2 * np.pi * 300 * np.arange(2205) / 22050).astype("float32")
    found = denoise_sound(halving(), tone, 22050)
    assert found.shape == tone.shape
    np.testing.assert_allclose(found[300:-300], tone[300:-300] / 2, atol=5e-3)


@pytest.mark.parametrize(
    ("model", "signal", "message"),
    [
        (halving(rate=None), np.ones(9), "a model of sounds, which has a sample_rate"),
        (halving(shape=(8, 2)), np.ones(9), r"samples \(8, 2\)"),
        (halving(), np.ones((2, 2, 2)), r"Received: shape \(2, 2, 2\), rate 8000"),
        (halving(), np.ones(0), r"Received: shape \(0,\)"),
    ],
)
def test_what_is_no_sound_or_no_model_of_sounds_is_refused(model, signal, message):
    with pytest.raises(UseError, match=message):
        denoise_sound(model, signal, 8000)


def test_ten_times_the_power_of_the_noise_are_ten_decibels():
    clean = np.array([3.0, -1.0])
    FORMULA.check(signal_to_noise_ratio(clean, clean + [1.0, 0.0]), 10.0)
    assert signal_to_noise_ratio(clean, clean) == np.inf
    with pytest.raises(UseError, match="the shape of the other"):
        signal_to_noise_ratio(clean, clean[:1])


def test_a_sine_of_amplitude_one_has_no_decibels_at_its_frequency():
    found = levels(np.sin(2 * np.pi * 1000 * np.arange(8000) / 8000), 8000)
    assert found.shape == (126, 129)  # frames of 256 samples, one each 64
    middle = found[60]
    assert np.argmax(middle) == 32  # 1000 of 4000 hertz
    FORMULA.check(middle[32], 0.0)
    assert middle[64] < -60


def test_spectrograms_stand_under_each_other(tmp_path):

    sounds = {"before": np.zeros(800), "after": np.sin(np.arange(800.0))}
    with Image.open(save_spectrograms(sounds, 8000, tmp_path / "x.png")) as picture:
        assert picture.size == (480, 2 * (128 + 16))
        pixels = np.asarray(picture.convert("L"), "float64")
    assert pixels[16:144].max() < 8 < pixels[160:288].max()  # silence is black
    brightness = coloured(np.linspace(-1, 2, 30)).sum(axis=-1)
    assert (np.diff(brightness.astype(int)) >= 0).all()


def test_silence_alone_is_black(tmp_path):
    path = save_spectrograms({"silence": np.zeros(4000)}, 8000, tmp_path / "x.png")
    with Image.open(path) as picture:
        below = np.asarray(picture.convert("RGB"))[MARGIN + 2 : -2]
    assert below.max() == 0
