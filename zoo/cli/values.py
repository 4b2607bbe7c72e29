"""The numbers that options take, checked as they are read."""

from __future__ import annotations

import argparse
import math
from pathlib import Path


def count(text: str) -> int:
    """A whole number from 1."""
    return _whole(text, least=1)


def seed(text: str) -> int:
    """A whole number from 0."""
    return _whole(text, least=0)


def opset(text: str) -> int:
    """An ONNX operator set: a whole number from 17."""
    return _whole(text, least=17)


def picture(text: str) -> Path:
    """The name of a PNG file."""
    return _file(text, (".png",))


def picture_or_array(text: str) -> Path:
    """The name of a PNG file or of a NumPy array."""
    return _file(text, (".png", ".npy"))


def picture_array_or_folder(text: str) -> Path:
    """The name of a PNG file, of a NumPy array, or, without an ending, of a folder."""
    return _file(text, (".png", ".npy", ""))


def picture_array_or_sound(text: str) -> Path:
    """The name of a PNG file, of a NumPy array, or of a WAV file."""
    return _file(text, (".png", ".npy", ".wav"))


def sound(text: str) -> Path:
    """The name of a WAV file."""
    return _file(text, (".wav", ".wave"))


def picture_or_text(text: str) -> Path:
    """The name of a PNG file, of a text, or of a table."""
    return _file(text, (".png", ".txt", ".csv"))


def result(text: str) -> Path:
    """The name of a PNG file, of a NumPy array, of a text, or of a table."""
    return _file(text, (".png", ".npy", ".txt", ".csv"))


def results(text: str) -> Path:
    """The name of a PNG file, of arrays, of a text, or of a table."""
    return _file(text, (".png", ".npy", ".npz", ".txt", ".csv"))


def share(text: str) -> float:
    """A number from 0, below 1."""
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a share from 0, below 1")
    return number


def number(text: str) -> float:
    """A finite number."""
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number")
    return found


def _file(text: str, endings: tuple[str, ...]) -> Path:
    path = Path(text)
    if path.suffix.lower() not in endings:
        known = " or ".join(ending or "nothing, as a folder" for ending in endings)
        raise argparse.ArgumentTypeError(f"{text!r} does not end in {known}")
    return path


def _whole(text: str, *, least: int) -> int:
    try:
        number = int(text)
    except ValueError:
        number = least - 1
    if number < least:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {least}")
    return number
