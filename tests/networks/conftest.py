"""What the tests of networks run under."""

import pytest

from zoo.layers.initialization import numpy_weights


@pytest.fixture(autouse=True)
def weights_from_numpy():
    """Draws weights with NumPy: JAX compiles its own draw anew for every shape of a weight."""
    with numpy_weights(seed=0):
        yield
