"""A denoiser of sounds, from WAV files to a WAV file, by a run and by a bundle without Keras."""

import json
import subprocess
import sys

import numpy as np
import pytest
from scipy.io import wavfile

from tests.tolerances import CERTIFICATE
from zoo.cli import main

pytestmark = pytest.mark.once

RATE = 2000
PLAIN = """
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in MISSING:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Missing())
from zoo.cli import main
sys.exit(main(sys.argv[1:]))
"""
WITHOUT_KERAS = 'MISSING = ("keras", "jax", "torch", "tensorflow", "pandas", "sklearn")' + PLAIN
WITHOUT_SCIPY = 'MISSING = ("scipy",)' + PLAIN


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two sounds, a run and a bundle; `both.wav` has two channels and another rate."""
    home = tmp_path_factory.mktemp("sounds")
    (home / "wavs").mkdir()
    rng = np.random.default_rng(0)
    for name in "ab":
        tone = np.sin(2 * np.pi * rng.uniform(50, 300) * np.arange(RATE) / RATE)
        wavfile.write(home / "wavs" / f"{name}.wav", RATE, (16000 * tone).astype("int16"))
    noisy = rng.integers(-9000, 9000, (3000, 2), dtype="int16")
    wavfile.write(home / "both.wav", 3000, noisy)
    wavfile.write(home / "clean.wav", 3000, noisy // 2)
    run, bundle = str(home / "run"), str(home / "bundle")
    words = ["train", "denoising_autoencoder", "--data", str(home / "wavs"), "--window", "64"]
    words += ["--set", "network_options.width=4", "network_options.kernel=16", "--steps", "4"]
    assert main([*words, "--out", run, "--quiet"]) == 0
    assert main(["export", run, "--out", bundle, "--certify", "quick"]) == 0
    return home


def test_a_run_knows_the_rate_and_how_sounds_are_read(folder):
    record = json.loads((folder / "run" / "run.json").read_text())
    settings = record["model"]["settings"]
    assert (settings["shape"], settings["sample_rate"]) == ([64, 1], RATE)
    assert (settings["network"], settings["corruption"]) == ("spectrum", "gaussian")
    assert settings["value_range"] == [-1, 1] == record["value_range"]
    assert (record["data"]["rate"], record["data"]["window"]) == (RATE, 64)
    card = (folder / "bundle" / "README.md").read_text()
    assert f"| sample_rate | `{RATE}` |" in card and f"rate {RATE}, window 64" in card


def test_a_run_and_its_bundle_without_keras_clean_a_sound_alike(zoo, folder):
    words = [folder / "both.wav", "--clean", folder / "clean.wav", "--json", "--out"]
    done = zoo("denoise", folder / "run", *words, folder / "run.wav")
    assert done.code == 0, done.err
    bundle = ["denoise", folder / "bundle", *words, folder / "bundle.wav"]
    bundle += ["--spectrogram", folder / "both.png"]
    plain = subprocess.run(
        [sys.executable, "-c", WITHOUT_KERAS, *map(str, bundle)], capture_output=True, text=True
    )
    assert plain.returncode == 0, plain.stderr
    found, other = json.loads(done.out), json.loads(plain.stdout)
    assert (found["seconds"], found["rate"], found["channels"]) == (1, 3000, 2)
    for name in ("decibels_before", "decibels_after"):
        CERTIFICATE.check(other[name], found[name], name=name)
    (rate, samples), (_, own) = (wavfile.read(folder / f"{n}.wav") for n in ("bundle", "run"))
    assert (rate, samples.shape, samples.dtype) == (3000, (3000, 2), "int16")
    assert np.abs(samples.astype(int) - own).max() <= 1
    assert (folder / "both.png").is_file()


def test_other_sounds_are_read_as_the_model_was_trained_on(zoo, folder):
    done = zoo("reconstruct", folder / "bundle", "--data", folder / "both.wav", "-n", 4, "--out",
               folder / "r.png")  # fmt: skip
    assert done.code == 0, done.err
    done = zoo("reconstruct", folder / "bundle", "--data", "sounds", "--rate", 8000, "--out",
               folder / "r.png")  # fmt: skip
    assert done.code == 2 and f"--rate is as in training. Received: 8000. Accepted: {RATE}" in (
        done.err
    )


def test_scipy_is_named_where_it_is_missing(folder):
    words = ["denoise", folder / "bundle", folder / "both.wav", "--out", folder / "no.wav"]
    plain = subprocess.run(
        [sys.executable, "-c", WITHOUT_SCIPY, *map(str, words)], capture_output=True, text=True
    )
    assert plain.returncode == 1 and "pip install 'genzoo[metrics]'" in plain.stderr
    assert not (folder / "no.wav").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["both.wav"], "--out is a .wav file for a sound"),
        (["both.wav", "--out", "x.png"], "--out is a .wav file for a sound"),
        (["both.wav", "--out", "x.wav", "--level", "0.1"], "--level is for other data"),
        (["both.wav", "--out", "x.wav", "--clean", "wavs/a.wav"], "rate, length and channels"),
        (["--out", "x.wav"], "A .wav file is of a sound"),
        (["--out", "x.png", "--spectrogram", "y.png"], "--spectrogram is for a sound"),
    ],
)
def test_what_does_not_go_together_is_named(zoo, folder, monkeypatch, words, message):
    monkeypatch.chdir(folder)
    done = zoo("denoise", "bundle", *words)
    assert done.code == 2 and message in done.err


def test_a_model_of_other_data_is_named(zoo, folder, vae_bundle):
    done = zoo("denoise", vae_bundle, folder / "both.wav", "--out", folder / "x.wav")
    assert done.code == 2 and "denoised by a model of sounds" in done.err


def test_a_sound_is_not_written_over_and_takes_no_options_of_other_data(zoo, folder):
    before = (folder / "both.wav").read_bytes()
    for words, message in (
        (["--out", folder / "both.wav"], "--out is another file than the sounds"),
        (["--rate", "4000", "--out", folder / "x.wav"], "--rate is for other data"),
    ):
        code, _, err = zoo("denoise", folder / "bundle", folder / "both.wav", *words)
        assert code == 2 and message in err
    assert (folder / "both.wav").read_bytes() == before and not (folder / "x.wav").exists()
