"""Sounds as pictures: time from left to right, frequency upwards, level as brightness."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from zoo.data.windows import sine_squared
from zoo.errors import DataError
from zoo.files import write_atomically
from zoo.plotting.drawing import GREY, WHITE

FRAME = 0.032
"""Seconds of a frame, rounded to a power of two of samples."""
RANGE = 70.0
"""Decibels from the loudest value of all sounds to black."""
SHADES = 32
"""Colours of a picture."""
SIZE = (480, 128)
"""Width and height of one spectrogram."""
MARGIN = 16
COLOURS = np.array(
    [[0, 0, 0], [40, 17, 89], [122, 28, 109], [203, 65, 73], [246, 142, 32], [252, 253, 191]],
    "float64",
)
"""Evenly spaced from the lowest level to the highest; each is brighter than the last."""


QUIETEST = RANGE - 120.0
"""Decibels of the brightest colour, at least: silence, of -120 decibels, is black."""


def levels(signal: np.ndarray, rate: int) -> np.ndarray:
    """Returns the power of a signal `(time,)` in decibels: `(frames, frequencies)`.

    Frames of a Hann window begin a quarter of their length after each other, or more in a long
    signal, of which a picture shows no more. A sine of amplitude 1
    has 0 decibels.
    """
    size = max(2 ** round(math.log2(FRAME * rate)), 4)
    weight = sine_squared(size)
    padded = np.pad(np.asarray(signal, "float64"), size // 2)
    hop = max(size // 4, len(padded) // (4 * SIZE[0]))  # No more than are seen.
    starts = np.arange(0, len(padded) - size + 1, hop)
    frames = padded[starts[:, None] + np.arange(size)]
    power = np.abs(2 * np.fft.rfft(frames * weight) / weight.sum()) ** 2
    return 10 * np.log10(np.maximum(power, 1e-12))


def save_spectrograms(sounds: Mapping[str, np.ndarray], rate: int, path: str | os.PathLike) -> Path:
    """Writes one spectrogram under the other as a PNG, each with its name above it.

    Args:
        sounds: Name → signal `(time,)`; all of one length.
        rate: Samples in a second.
        path: The file.

    Raises:
        DataError: The file name does not end in `.png`, or there is no sound.
        TargetError: The file cannot be written.
    """
    from PIL import Image, ImageDraw

    if Path(path).suffix.lower() != ".png" or not sounds:
        raise DataError(
            f"Spectrograms of sounds are PNG files. Received: {os.fspath(path)!r}, "
            f"{len(sounds)} sounds."
        )
    found = {name: levels(signal, rate) for name, signal in sounds.items()}
    loudest = max(QUIETEST, *(float(level.max()) for level in found.values()))
    width, height = SIZE
    sheet = Image.new("RGB", (width, len(found) * (height + MARGIN)), WHITE)
    pen = ImageDraw.Draw(sheet)
    for index, (name, level) in enumerate(found.items()):
        top = index * (height + MARGIN)
        picture = Image.fromarray(coloured((level.T[::-1] - loudest) / RANGE + 1))
        sheet.paste(picture.resize(SIZE, Image.Resampling.BILINEAR), (0, top + MARGIN))
        pen.text((2, top + 2), name, fill=(60, 60, 60))
        scale = f"{len(sounds[name]) / rate:.3g} s, 0 to {rate / 2000:.3g} kHz"
        pen.text((width - 2, top + 2), scale, fill=(60, 60, 60), anchor="ra")
        pen.line((0, top, width, top), fill=GREY)
    sheet = sheet.quantize(SHADES)  # Noise does not compress otherwise.
    return write_atomically(path, lambda file: sheet.save(file, format="PNG", optimize=True))


def coloured(values: np.ndarray) -> np.ndarray:
    """Returns the colours of values from 0 to 1, uint8 `(…, 3)`; others are cut to that."""
    places = np.linspace(0, 1, len(COLOURS))
    inside = np.clip(values, 0, 1)
    channels = [np.interp(inside, places, channel) for channel in COLOURS.T]
    return np.rint(np.stack(channels, axis=-1)).astype(np.uint8)
