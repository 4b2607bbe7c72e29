"""Sounds that the program makes: tones, chirps, and bursts like those of speech."""

from __future__ import annotations

import math

import numpy as np

from zoo.data.sources.raw import Raw, Split
from zoo.data.sources.sound import WINDOW, check_window
from zoo.data.windows import windows

RATE = 8000
SECONDS = 1.0
COUNTS = (600, 60)  # Training and test.
LOWEST, HIGHEST = 80.0, 0.4
"""Of tones and chirps: hertz, and a share of the rate."""
PITCH = (90.0, 250.0)
FORMANTS = (
    ((250.0, 800.0), 80.0, 1.0),
    ((900.0, 2200.0), 120.0, 0.6),
    ((2300.0, 3200.0), 180, 0.3),
)
"""Of a burst: the range of the centre and the half-width in hertz, and the gain."""
VOICED = (0.08, 0.3)
PAUSE = (0.03, 0.15)
"""Seconds of a burst, and of the silence after it."""


def sounds(seed: int, *, rate: int | None = None, window: int | None = None) -> Raw:
    """Draws 600 sounds of a second for training and 60 for the test, cut as those of files.

    The classes, drawn alike often, are `tone`, `chirp` and `speech`.

    Args:
        seed: Of the draws.
        rate: Samples in a second (8,000).
        window: Samples of a window.

    Raises:
        DataError: An option is out of bounds.
    """
    window = WINDOW if window is None else window
    check_window(window, rate)
    rate = RATE if rate is None else rate

    def draw(stream: int) -> Split:
        rng = np.random.default_rng([seed, stream])
        kinds = [list(KINDS)[n % len(KINDS)] for n in range(COUNTS[stream])]
        cut = [windows(make(kind, rate, rng)[:, None], window, window // 2) for kind in kinds]
        return Split(np.concatenate(cut), np.repeat(kinds, list(map(len, cut))))

    return Raw(
        draw(0), draw(1), (-1.0, 1.0), details={"seed": seed, "rate": rate, "window": window}
    )


def make(kind: str, rate: int, rng: np.random.Generator, seconds: float = SECONDS) -> np.ndarray:
    """One sound `(time,)`, float32, whose largest sample is between 0.35 and 0.7.

    Args:
        kind: A row of `KINDS`.
        rate: Samples in a second.
        rng: What is drawn.
        seconds: Its length.
    """
    made = KINDS[kind](np.arange(max(round(seconds * rate), 2)) / rate, rate, rng)
    loudest = float(np.abs(made).max()) or 1.0
    return (made * rng.uniform(0.35, 0.7) / loudest).astype("float32")


def _tone(time: np.ndarray, rate: int, rng: np.random.Generator) -> np.ndarray:
    """One to three sines."""
    sines = [
        rng.uniform(0.3, 1) * np.sin(2 * math.pi * (_pitch(rate, rng) * time + rng.random()))
        for _ in range(rng.integers(1, 4))
    ]
    return np.sum(sines, axis=0)


def _chirp(time: np.ndarray, rate: int, rng: np.random.Generator) -> np.ndarray:
    """A sine whose frequency changes linearly."""
    first, last = _pitch(rate, rng), _pitch(rate, rng)
    turns = first * time + (last - first) * time**2 / (2 * time[-1])
    return np.sin(2 * math.pi * (turns + rng.random()))


def _speech(time: np.ndarray, rate: int, rng: np.random.Generator) -> np.ndarray:
    """Bursts of harmonics under formants, with silence between them."""
    made = np.zeros(len(time))
    start = int(rng.uniform(0, 0.1) * rate)
    while start < len(made):
        burst = _burst(time[: max(int(rng.uniform(*VOICED) * rate), 2)], rate, rng)
        burst = burst[: len(made) - start]
        made[start : start + len(burst)] = burst
        start += len(burst) + int(rng.uniform(*PAUSE) * rate)
    return made


def _burst(time: np.ndarray, rate: int, rng: np.random.Generator) -> np.ndarray:
    """Harmonics of a gliding pitch, each as loud as the formants make it."""
    pitch, glide = rng.uniform(*PITCH), rng.uniform(-0.1, 0.1)
    turns = pitch * (time + glide * time**2 / time[-1])
    peaks = [(rng.uniform(*centre), width, gain) for centre, width, gain in FORMANTS]
    order = np.arange(1, max(int(0.45 * rate / pitch), 1) + 1)
    loudness = np.sum(
        [gain / (1 + ((order * pitch - centre) / width) ** 2) for centre, width, gain in peaks],
        axis=0,
    )
    phases = order[:, None] * turns + rng.random((len(order), 1))
    made = loudness @ np.sin(2 * math.pi * phases)
    made *= np.sqrt(np.sin(np.pi * (np.arange(len(time)) + 0.5) / len(time)))
    return made * rng.uniform(0.5, 1) / np.abs(made).max()


def _pitch(rate: int, rng: np.random.Generator) -> float:
    """A frequency in hertz, its logarithm evenly distributed."""
    highest = max(HIGHEST * rate, LOWEST)
    return math.exp(rng.uniform(math.log(LOWEST), math.log(highest)))


KINDS = {"tone": _tone, "chirp": _chirp, "speech": _speech}
