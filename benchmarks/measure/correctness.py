"""Checks of a subject's outputs against the reference's, before anything is timed."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from benchmarks.errors import WrongOutput
from export.certification.certificate import ABSOLUTE, RELATIVE

# Share of integers (codes) that may differ: rounding decides between equally near codes.
TIES = 0.01

# Below float32: root mean square of the difference over that of the values, and the share of
# integers that may differ.
COARSE = {"float16": 0.02, "bfloat16": 0.05, "int8": 0.2}


def check_outputs(
    outputs: Mapping[str, np.ndarray],
    reference: Mapping[str, np.ndarray],
    *,
    precision: str = "float32",
    factor: float = 1.0,
) -> None:
    """Raises where outputs differ from the reference's by more than a certificate allows.

    Args:
        outputs: Name → array; at least the reference's names.
        reference: Name → array.
        precision: The subject's; below float32 the tolerance is coarse.
        factor: On the tolerance, for outputs that are sensitive to rounding.

    Raises:
        WrongOutput: A name is missing, or a shape or value differs.
    """
    for name, expected in reference.items():
        if name not in outputs:
            raise WrongOutput(f"The output {name!r} is missing. Received: {sorted(outputs)}")
        actual = np.asarray(outputs[name])
        if actual.shape != expected.shape:
            raise WrongOutput(
                f"The output {name!r} has the shape {expected.shape}. Received: {actual.shape}"
            )
        if np.issubdtype(expected.dtype, np.integer):
            differing = float(np.mean(actual != expected))
            if differing > COARSE.get(precision, TIES):
                raise WrongOutput(f"{differing:.1%} of the integers of {name!r} differ.")
            continue
        _check_floats(name, actual.astype("float64"), expected, precision, factor)


def _check_floats(
    name: str, actual: np.ndarray, expected: np.ndarray, precision: str, factor: float
) -> None:
    difference = np.abs(actual - expected)
    if precision in COARSE:
        scale = float(np.sqrt(np.mean(np.square(expected, dtype="float64"))))
        used = float(np.sqrt(np.mean(difference**2))) / (COARSE[precision] * max(scale, 1e-12))
    else:
        largest = max(1.0, float(np.abs(expected).max(initial=0.0)))
        allowed = factor * (ABSOLUTE * largest + RELATIVE * np.abs(expected))
        used = float((difference / allowed).max(initial=0.0))
    if not used <= 1.0:  # NaN is not
        raise WrongOutput(
            f"The output {name!r} is {used:.3g} times the tolerance away from the reference; "
            f"the largest difference is {float(difference.max()):.3g}."
        )
