"""The leaky rectifier, at 0 in particular."""

import keras
import numpy as np

from tests.arrays import array
from tests.tolerances import EXACT, FORMULA
from zoo.backends import input_gradient
from zoo.layers import LeakyReLU

POINTS = np.array([[-2.0, -1e-30, 0.0, 1e-30, 3.0]], "float32")


def test_it_is_that_of_keras():
    EXACT.check(
        array(LeakyReLU(negative_slope=0.2)(POINTS)),
        array(keras.layers.LeakyReLU(negative_slope=0.2)(POINTS)),
    )


def test_its_derivative_at_zero_is_the_slope_on_every_backend():
    slopes = input_gradient(LeakyReLU(negative_slope=0.2), keras.ops.convert_to_tensor(POINTS))
    FORMULA.check(array(slopes), [[0.2, 0.2, 0.2, 1.0, 1.0]])
