"""One WAV file becomes one array of floats, and an array a WAV file."""

from __future__ import annotations

import io
import math
import os
import struct
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from zoo.errors import DataError
from zoo.files import write_atomically

SUFFIXES = frozenset({".wav", ".wave"})
PCM = {"uint8": "int16", "int16": "int16", "int32": "int32", "int64": "int32"}
"""Integers of a file that is read → of one that is written; floats are written as float32."""


@dataclass(frozen=True)
class Sound:
    """What a WAV file holds.

    Attributes:
        samples: `(time, channels)`, float32; integers from -1 to 1, floats as they are.
        rate: Samples in a second.
        dtype: Of the file: uint8, int16, int32 (24 bits as well), int64, float32 or float64.
    """

    samples: np.ndarray
    rate: int
    dtype: str = "int16"


def read_wav(path: str | os.PathLike) -> Sound:
    """Reads a WAV file of integers or floats, with any number of channels.

    Raises:
        DataError: It cannot be read, is not whole, or holds no samples or other than finite ones.
    """
    from scipy.io import wavfile

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", wavfile.WavFileWarning)
            # Chunks of titles and authors, of which the reader says that it does not know them.
            warnings.filterwarnings("ignore", "Chunk .non-data", wavfile.WavFileWarning)
            rate, values = wavfile.read(Path(path).expanduser())
    except (UnboundLocalError, ZeroDivisionError) as error:  # SciPy's own, of chunks that lack.
        raise DataError(
            f"The sound cannot be read. Received: {path}, which has no samples or no channels."
        ) from error
    except (OSError, ValueError, struct.error, wavfile.WavFileWarning) as error:
        reason = str(getattr(error, "strerror", None) or error).splitlines()[0].rstrip(".")
        raise DataError(f"The sound cannot be read. Received: {path} ({reason}).") from error
    samples = _as_floats(np.asarray(values))
    samples = samples[:, None] if samples.ndim == 1 else samples
    if not samples.size or rate < 1 or not np.isfinite(samples).all():
        held = "other than finite numbers" if samples.size and rate else "none"
        raise DataError(f"A sound holds samples at a rate. Received: {path}, which holds {held}.")
    return Sound(samples, int(rate), str(values.dtype))


def write_wav(path: str | os.PathLike, sound: Sound) -> Path:
    """Writes a WAV file, whole or not at all: 16-bit integers, or those of `PCM`, or float32.

    Samples are rounded to the nearest integer, those beyond -1 to 1 cut.

    Raises:
        TargetError: The file cannot be written.
    """
    from scipy.io import wavfile

    samples, kind = sound.samples, PCM.get(sound.dtype)
    if kind is None:
        values = samples.astype("float32")
    else:
        limits = np.iinfo(kind)
        scaled = np.rint(samples.astype("float64") * -float(limits.min))
        values = np.clip(scaled, limits.min, limits.max).astype(kind)
    content = io.BytesIO()
    wavfile.write(content, sound.rate, values)
    return write_atomically(path, content.getvalue())


def resample(samples: np.ndarray, rate: int, to: int) -> np.ndarray:
    """Returns samples `(time, …)` at another rate, float32, ⌈time · to / rate⌉ of them.

    A polyphase filter removes what the lower of the two rates cannot hold.
    """
    if rate == to:
        return samples
    from scipy.signal import resample_poly

    shared = math.gcd(rate, to)
    return resample_poly(samples, to // shared, rate // shared, axis=0).astype("float32")


def _as_floats(values: np.ndarray) -> np.ndarray:
    """Integers divided by their most negative value; unsigned ones are around 128."""
    if values.dtype.kind == "f":
        return values.astype("float32")
    if values.dtype == np.uint8:
        return (values.astype("float32") - 128) / 128
    return (values / -float(np.iinfo(values.dtype).min)).astype("float32")
