"""Sounds out of noise: `python -m benchmarks.studies.sound`.

`denoising_autoencoder` beside filters, on tones, chirps and speech-like bursts in white noise.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from benchmarks.studies import arms

STEPS = 2000
RATE = 8000
HELD_OUT = 60
LEVELS = (0.05, 0.1, 0.2)
AUTOENCODER = "denoising_autoencoder"
FRAME = 512
OVERSUBTRACTION, LEAST_GAIN = 2.0, 0.05
METHODS = [
    ("moving average", ""),
    ("scipy.signal.wiener", ""),
    ("spectral subtraction", ""),
    (AUTOENCODER, "spectrum"),
]
ARMS: list[arms.Arm] = [
    {"noise": level, "method": method, "network": network}
    for level in LEVELS
    for method, network in METHODS + [(AUTOENCODER, "mlp")] * (level == 0.1)
]
CONDITIONS = f"""`sounds`: 600 sounds of a second at {RATE} in a second for training, cut into \
9,000 windows of 1,024 samples; {HELD_OUT} others, a third of each kind, and white noise of the \
standard deviation *noise* for the test. `{AUTOENCODER}` trains {STEPS} steps of 64 windows with \
its defaults for sounds at that noise (`mlp`: 1,024 units, a code of 512, ReLU); whole sounds are \
denoised window by window. The moving average is of 3 samples, `scipy.signal.wiener` of 9; \
spectral subtraction is told the noise: gains max(1 − {OVERSUBTRACTION:g}·noise²/power, \
{LEAST_GAIN:g}) of frames of {FRAME} samples. *before* and *after*: signal-to-noise ratio in \
decibels, mean over the sounds; then *after* of each kind. \
*bundle*: a sound of four seconds, written as a WAV file and denoised by \
`zoo denoise BUNDLE in.wav --out out.wav`, before and after; *keras*: the same by the model. \
*seconds* on one core."""
READING = """The mask on the spectrum is ahead of spectral subtraction at each noise, by 1.4 to \
2.0 decibels, most on chirps, least on speech. Both know the noise, one from its training, the \
other by its variance. A fully connected network of more weights leaves the sounds worse than they \
were in the same steps, so the mask is the default for sounds. Of the filters in time, the moving \
average helps at noise of 0.1 and above, Wiener's at 0.2 alone. The bundle gives what the model \
gives.

![spectrograms](sound.png)

The sound of *bundle* at noise 0.1: a tone, a chirp and speech-like bursts, clean, noisy and \
cleaned. What is left of the noise are spots: frames and frequencies that are taken for sound."""


def train(arm: arms.Arm, seed: int, quick: bool) -> Mapping[str, float]:
    """Denoises the held-out sounds by one method, which is trained first where it learns."""
    model = None
    method: Callable[[np.ndarray], np.ndarray]
    if arm["method"] == AUTOENCODER:
        model = trained(arm, seed, STEPS // (10 if quick else 1))
        method = by_model(model)
    else:
        method = FILTERS[arm["method"]](arm["noise"])
    found = measured(method, arm["noise"], seed)
    if model is None or arm["network"] != "spectrum":
        return found
    keeps = not quick and (arm["noise"], seed) == (0.1, 0)
    return found | demonstrated(model, arm["noise"], seed, arms.RESULTS if keeps else None)


def trained(arm: arms.Arm, seed: int, steps: int) -> Any:
    """The model of an arm."""
    import zoo

    data = zoo.load_data("sounds")[0]
    chosen: dict[str, Any] = {"network": arm["network"], "level": arm["noise"], "seed": seed}
    if arm["network"] == "mlp":
        options = {"width": 1024, "depth": 1}
        chosen |= {"latent_dim": 512, "activation": "relu", "network_options": options}
    row = zoo.describe(AUTOENCODER).load()
    model = row(**{**row.facts(data), **chosen})
    model.fit(data, steps=steps, batch_size=64, seed=seed, verbose=0)
    return model


def by_model(model: Any) -> Callable[[np.ndarray], np.ndarray]:
    """A model as a function of a sound."""
    from zoo.applications import denoise_sound

    return lambda sound: denoise_sound(model, sound, RATE)


def moving_average(noise: float) -> Callable[[np.ndarray], np.ndarray]:
    """The mean of 3 samples."""
    return lambda sound: np.convolve(sound, np.full(3, 1 / 3), "same")


def wiener(noise: float) -> Callable[[np.ndarray], np.ndarray]:
    """The filter of `scipy.signal`, which estimates the noise."""
    from scipy.signal import wiener

    return lambda sound: wiener(sound, 9)


def spectral_subtraction(noise: float) -> Callable[[np.ndarray], np.ndarray]:
    """Gains of frames and frequencies, from a known level of white noise."""
    from scipy.signal import istft, stft

    frame = {"nperseg": FRAME, "noverlap": FRAME * 3 // 4}
    weight = np.sin(np.pi * np.arange(FRAME) / FRAME) ** 2
    expected = noise**2 * np.sum(weight**2) / np.sum(weight) ** 2

    def clean(sound: np.ndarray) -> np.ndarray:
        spectrum = stft(sound, **frame)[2]
        power = np.maximum(np.abs(spectrum) ** 2, 1e-12)
        gain = np.maximum(1 - OVERSUBTRACTION * expected / power, LEAST_GAIN)
        return istft(gain * spectrum, **frame)[1][: len(sound)]

    return clean


FILTERS = {
    "moving average": moving_average,
    "scipy.signal.wiener": wiener,
    "spectral subtraction": spectral_subtraction,
}


def measured(
    method: Callable[[np.ndarray], np.ndarray], noise: float, seed: int
) -> dict[str, float]:
    """Signal-to-noise ratios of held-out sounds, before and after."""
    from zoo.applications import signal_to_noise_ratio
    from zoo.data.sources.made_sounds import KINDS, make

    rng = np.random.default_rng([seed, 2])  # Other sounds than the data set's.
    before: list[float] = []
    after: dict[str, list[float]] = {kind: [] for kind in KINDS}
    for _ in range(HELD_OUT // len(KINDS)):
        for kind in KINDS:
            clean = make(kind, RATE, rng)
            noisy = clean + noise * rng.normal(size=len(clean)).astype("float32")
            before.append(signal_to_noise_ratio(clean, noisy))
            after[kind].append(signal_to_noise_ratio(clean, method(noisy)))
    found = {"before": np.mean(before), "after": np.mean([*after.values()])}
    return {name: float(x) for name, x in found.items()} | {
        kind: float(np.mean(values)) for kind, values in after.items()
    }


def demonstrated(model: Any, noise: float, seed: int, keep: Path | None) -> dict[str, float]:
    """A WAV file that the model's bundle denoises, by the command line.

    Args:
        model: A model of sounds.
        noise: Standard deviation of the noise.
        seed: Of the noise.
        keep: The folder of the spectrogram; None for no picture.
    """
    import export
    from zoo.applications import denoise_sound, signal_to_noise_ratio
    from zoo.cli import main
    from zoo.data.sources.made_sounds import make
    from zoo.data.sources.wav import Sound, read_wav, write_wav

    rng = np.random.default_rng([seed, 3])
    kinds = ("tone", "chirp", "speech", "speech")
    clean = np.concatenate([make(kind, RATE, rng) for kind in kinds])[:, None]
    noisy = clean + noise * rng.normal(size=clean.shape).astype("float32")
    with TemporaryDirectory() as name:
        folder = Path(name)
        export.to_bundle(model, folder / "bundle", certify="quick", samples=False)
        for file, samples in (("clean", clean), ("in", noisy)):
            write_wav(folder / f"{file}.wav", Sound(samples, RATE))
        words = ["denoise", folder / "bundle", folder / "in.wav", "--out", folder / "out.wav"]
        words += ["--clean", folder / "clean.wav", "--json"]
        words += [] if keep is None else ["--spectrogram", keep / "sound.png"]
        printed = io.StringIO()
        with redirect_stdout(printed):
            code = main([str(word) for word in words])
        if code:
            raise RuntimeError(f"zoo denoise ended with {code}.")
        outcome = json.loads(printed.getvalue())
        read = [read_wav(folder / f"{file}.wav").samples for file in ("clean", "in")]
    own = signal_to_noise_ratio(read[0], denoise_sound(model, read[1], RATE))
    return {
        "bundle_before": outcome["decibels_before"],
        "bundle": outcome["decibels_after"],
        "keras": own,
    }


def main() -> int:
    """Runs the study."""
    return arms.run(
        "sound",
        ARMS,
        train,
        title="Sounds out of noise",
        conditions=CONDITIONS,
        reading=READING,
        about=str(__doc__),
    )


if __name__ == "__main__":
    raise SystemExit(main())
