"""Sounds of any length, rate and number of channels, window by window."""

from __future__ import annotations

from typing import Any

import numpy as np

from zoo.applications.restoration import denoise
from zoo.applications.subjects import runner_of
from zoo.data.sources.wav import resample
from zoo.data.windows import overlap_add, windows
from zoo.errors import UseError

BATCH = 256
"""Windows that the model is given at once."""
OVERLAP = 2
"""Windows that each sample is in."""


def denoise_sound(subject: Any, signal: np.ndarray, rate: int, *, seed: int = 0) -> np.ndarray:
    """A noisy sound restored by a model of sounds, float32, of the same shape and rate.

    The signal is resampled to the model's rate, each channel cut into windows that begin half a
    window after each other, these restored as `denoise` does, and put together again by
    overlap-add. A signal that leaves -1 to 1 is made quieter for the model and louder again.

    Args:
        subject: A model, or a session of `export.runtime.load`.
        signal: `(time,)` or `(time, channels)`; full scale is -1 to 1.
        rate: Samples of it in a second.
        seed: Of what the use draws.

    Raises:
        UseError: The model is not of sounds, has neither use, or the signal is none.
    """
    runner = runner_of(subject, "denoise")
    own = runner.about.settings.get("sample_rate")
    shape = tuple(runner.about.shape)
    if own is None or len(shape) != 2 or shape[1] != 1:
        raise UseError(
            "A sound is denoised by a model of sounds, which has a sample_rate. "
            f"Received: a model of samples {shape} with the sample_rate {own}. "
            "Accepted: one trained on WAV files, or on the data set 'sounds'."
        )
    signal = np.asarray(signal, dtype="float32")
    if signal.ndim not in (1, 2) or not signal.size or rate < 1:
        raise UseError(
            "A sound is (time,) or (time, channels), with a rate. "
            f"Received: shape {signal.shape}, rate {rate}."
        )
    scale = max(float(np.abs(signal).max()), 1.0)
    channels = signal.reshape(len(signal), -1).T / scale
    cleaned = [_denoised(runner, resample(x, rate, own), shape[0], seed) for x in channels]
    back = [resample(x, own, rate)[: len(signal)] for x in cleaned]
    return (np.stack(back, axis=-1) * scale).reshape(signal.shape)


def signal_to_noise_ratio(clean: np.ndarray, signal: np.ndarray) -> float:
    """10·log10(Σ clean² / Σ (signal - clean)²) in decibels; infinite where both are equal.

    Raises:
        UseError: They have different shapes.
    """
    if clean.shape != signal.shape:
        raise UseError(
            "The clean sound has the shape of the other. "
            f"Received: {clean.shape} and {signal.shape}."
        )
    power = np.sum(np.square(clean, dtype="float64"))
    with np.errstate(divide="ignore", invalid="ignore"):
        noise = np.sum(np.square(np.subtract(signal, clean, dtype="float64")))
        return float(10 * np.log10(power / noise))


def _denoised(runner: Any, signal: np.ndarray, size: int, seed: int) -> np.ndarray:
    """One channel at the model's rate.

    Zeros stand before it and behind, so that every sample is in as many windows.
    """
    hop = max(size // OVERLAP, 1)
    lead = size - hop
    low, high = runner.about.value_range or (-1.0, 1.0)
    middle, half = (low + high) / 2, (high - low) / 2
    cut = windows(np.pad(signal, lead), size, hop)[..., None] * half + middle
    made = [
        denoise(runner, cut[start : start + BATCH].astype("float32"), seed=seed)
        for start in range(0, len(cut), BATCH)
    ]
    parts = (np.concatenate(made)[..., 0] - middle) / half
    return overlap_add(parts, hop)[lead : lead + len(signal)].astype("float32")
