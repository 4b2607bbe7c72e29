"""What the tests of networks run under."""

import keras
import numpy as np
import pytest

from zoo.initialization import draw


@pytest.fixture(autouse=True)
def weights_from_numpy(monkeypatch):
    """Draws weights with NumPy: JAX compiles its own draw anew for every shape of a weight."""
    rng = np.random.default_rng(0)
    monkeypatch.setattr(
        keras.initializers.VarianceScaling,
        "__call__",
        lambda initializer, shape, dtype=None: draw(initializer, tuple(shape), rng),
    )
