"""Data sets that are known by name: embedded, synthetic, or downloaded by Keras."""

import math
import sys
from contextlib import redirect_stdout

import numpy as np

from zoo.data.sources.raw import Raw, Split
from zoo.errors import DataError

DOWNLOADS = ("mnist", "fashion_mnist", "cifar10", "cifar100")
DIGITS_PER_CLASS = 150
MIXTURE_COUNTS = (50_000, 10_000)  # Training and test.
DEVIATIONS = {"ring": 0.01, "grid": 0.05}


def digits() -> Raw:
    """Handwritten digits, 8x8, values 0 to 16 (scikit-learn; UCI Optical Recognition).

    Of each class 150 samples, evenly spaced, are for training; the remaining 297 are the test.
    """
    from sklearn.datasets import load_digits

    bunch = load_digits()
    images, labels = bunch.images.astype(np.uint8)[..., None], bunch.target
    training = np.zeros(len(images), bool)
    for digit in range(10):
        members = np.flatnonzero(labels == digit)
        chosen = np.linspace(0, len(members) - 1, DIGITS_PER_CLASS).astype(int)
        training[members[chosen]] = True
    return Raw(
        train=Split(images[training], labels[training]),
        test=Split(images[~training], labels[~training]),
        source_range=(0.0, 16.0),
    )


def mixture_centres(name: str) -> np.ndarray:
    """Returns the modes `(modes, 2)` of "ring" or "grid" (PacGAN: Lin et al., 2018, 1712.04086).

    The ring has 8 modes on the unit circle, the grid 5x5 at -4, -2, 0, 2, 4.
    """
    if name == "ring":
        angles = 2 * math.pi * np.arange(8) / 8
        return np.stack([np.cos(angles), np.sin(angles)], axis=1)
    axis = np.arange(-4.0, 5.0, 2.0)
    return np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)


def mixture(name: str, seed: int) -> Raw:
    """Draws a "ring" or a "grid": float32 points around equally likely modes; labels say which.

    The standard deviation is 0.01 on the ring and 0.05 on the grid.
    """
    centres = mixture_centres(name)

    def draw(stream: int) -> Split:
        generator = np.random.default_rng([seed, stream])
        labels = generator.integers(len(centres), size=MIXTURE_COUNTS[stream])
        points = generator.normal(centres[labels], DEVIATIONS[name])
        return Split(points.astype(np.float32), labels)

    return Raw(draw(0), draw(1), details={"seed": seed})


def download(name: str) -> Raw:
    """Loads one of `keras.datasets`, from Keras's cache or the network.

    Raises:
        DataError: It is not in the cache and cannot be downloaded.
    """
    import keras

    try:
        with redirect_stdout(sys.stderr):  # Keras reports the download where results belong.
            (x_train, y_train), (x_test, y_test) = getattr(keras.datasets, name).load_data()
    except Exception as error:
        # Keras raises a bare Exception where a download fails.
        if type(error) is not Exception and not isinstance(error, OSError):
            raise
        reason = str(error).splitlines()[0]
        raise DataError(
            f"The data set cannot be downloaded. Received: {name!r} ({reason}). "
            'Accepted: "digits", "ring", "grid", "sounds", or a path to data.'
        ) from error
    return Raw(Split(x_train, y_train, "x_train"), Split(x_test, y_test, "x_test"))
