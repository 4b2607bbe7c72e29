"""The tolerances of the tests: how far two numbers that should agree may be apart, and why."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Tolerance:
    """Accepts `|actual - expected| <= absolute * max(1, max|expected|) + relative * |expected|`."""

    absolute: float
    relative: float

    def check(self, actual, expected, *, name: str = "values") -> None:
        """Raises AssertionError, naming the worst element, where `actual` is out of tolerance."""
        actual, expected = np.asarray(actual), np.asarray(expected)
        scale = max(1.0, float(np.max(np.abs(expected), initial=0.0)))
        np.testing.assert_allclose(
            actual,
            expected,
            rtol=self.relative,
            atol=self.absolute * scale,
            err_msg=f"{name} differ by more than {self}",
        )


# Saving, loading, resuming on one backend: the same bits.
EXACT = Tolerance(absolute=0.0, relative=0.0)

# Formulas in float32 against numbers worked out by hand or in float64.
FORMULA = Tolerance(absolute=1e-6, relative=1e-5)

# One forward pass on two backends: sums in another order.
FORWARD = Tolerance(absolute=1e-5, relative=1e-5)

# Losses of a training run on two backends, or in two ways on one, after 30 updates. In float64 the
# promise is exact: the order of sums is all that differs, and the losses agree to 14 digits.
PARITY_FLOAT64 = Tolerance(absolute=0.0, relative=1e-9)

# TensorFlow's GELU holds √2 in single precision, also in float64: 5e-9 off at inputs of about 3.
GELU_FLOAT64 = Tolerance(absolute=1e-8, relative=1e-9)

# In float32 a log is judged by the size of the terms that it is made of, the largest log of its
# phase: a critic's distance is the small difference of two means, and has their last digits for its
# second ones; and where a unit is next to the kink of its activation, rounding chooses the slope.
PARITY = Tolerance(absolute=0.0, relative=1e-4)

# The tolerance of a certificate between ONNX Runtime and the native model.
CERTIFICATE = Tolerance(absolute=1e-5, relative=1e-4)

# Gradients against central finite differences in float32: the difference itself is this coarse.
FINITE_DIFFERENCE = Tolerance(absolute=1e-3, relative=1e-2)

# The float32 gradient of a gradient against float64: two backward passes of rounding.
SECOND_DERIVATIVE = Tolerance(absolute=1e-5, relative=1e-4)

# Moments of 60,000 random numbers against their distribution: five standard errors of the mean.
SAMPLING = Tolerance(absolute=2e-2, relative=0.0)

# Deviations of two samples of 1,200 random numbers and more: four standard errors.
SMALL_SAMPLES = Tolerance(absolute=7e-2, relative=0.0)

# Float32 against products and activations rounded to bfloat16: eight bits, through a few layers.
BFLOAT16 = Tolerance(absolute=2e-2, relative=2e-2)
