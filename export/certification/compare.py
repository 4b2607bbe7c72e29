"""Compares two predictors, output by output and family by family."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from export.certification.certificate import ABSOLUTE, RELATIVE, Agreement, Deviation
from export.certification.inputs import Probe
from export.errors import CertificateError

TRIALS = 64  # a response seen too rarely is underestimated, and a right graph rejected
ROUNDING = 2.0**-18  # what rounding in float32 sums of some hundred terms amounts to
EXPLICABLE = 1e3  # times the tolerance; what differs more is wrong, not rounded
LARGE_FAMILIES = ("large", "huge", "vast")  # whose rounding is that of their largest value

Predictor = Callable[[Mapping[str, np.ndarray]], dict[str, np.ndarray]]


def compare(
    native: Predictor, exported: Predictor, batches: list[Probe]
) -> tuple[tuple[Deviation, ...], tuple[Agreement, ...]]:
    """Compares two predictors batch by batch: a row per output and family of inputs."""
    deviations: dict[tuple[str, str], Deviation] = {}
    agreements: dict[tuple[str, str], Agreement] = {}
    for probe in batches:
        expected, received = native(probe.inputs), exported(probe.inputs)
        for output, truth in expected.items():
            key = (output, probe.family)
            answer = received[output]
            if answer.shape != truth.shape or not _holds(answer.dtype, truth.dtype):
                raise CertificateError(
                    f"Output {output!r} must be {truth.dtype} {truth.shape}. "
                    f"Received from ONNX Runtime: {answer.dtype} {answer.shape}."
                )
            if np.issubdtype(truth.dtype, np.floating):
                worst = _deviation(native, key, probe, truth, answer)
                deviations[key] = _worse(deviations.get(key), worst)
            else:
                row = _agreement(native, key, probe, truth, answer)
                agreements[key] = _sum(agreements.get(key), row)
    return tuple(deviations.values()), tuple(agreements.values())


def _holds(dtype: np.dtype, other: np.dtype) -> bool:
    """Whether a type is another, or a wider one of integers, which has its numbers."""
    return dtype == other or (
        dtype.kind in "iu" and other.kind in "iu" and np.can_cast(other, dtype, "safe")
    )


def _deviation(
    native: Predictor, key: tuple[str, str], probe: Probe, truth: np.ndarray, answer: np.ndarray
) -> Deviation:
    """Measures one output of one batch; infinite values must be equal, NaN must be NaN."""
    if truth.size == 0:
        return Deviation(*key, probe.count, 0.0, 0.0, 0.0, 0.0)
    wide, other = truth.astype(np.float64), answer.astype(np.float64)
    same = (wide == other) | (np.isnan(wide) & np.isnan(other))
    with np.errstate(invalid="ignore"):
        difference = np.where(same, 0.0, np.abs(other - wide))
    difference = np.where(np.isnan(difference), np.inf, difference)
    finite = np.where(np.isfinite(wide), np.abs(wide), 0.0)
    largest = float(finite.max())
    allowed = ABSOLUTE * max(1.0, largest) + RELATIVE * finite
    absolute = float(difference.max())
    relative = absolute / largest if largest else absolute
    used = conditioned = float((difference / allowed).max())
    if 1.0 < used < EXPLICABLE or (used > 1.0 and probe.family in LARGE_FAMILIES):
        each = probe.family not in LARGE_FAMILIES
        with np.errstate(invalid="ignore"):
            moves = [np.abs(near[key[0]] - wide) for near in _nearby(native, probe, each=each)]
        moved = np.nan_to_num(np.max(moves, axis=0), nan=0.0, posinf=0.0)
        conditioned = float((difference / (allowed + moved)).max())
    return Deviation(*key, probe.count, absolute, relative, used, conditioned)


def _worse(one: Deviation | None, two: Deviation) -> Deviation:
    if one is None:
        return two
    return Deviation(
        one.output,
        one.family,
        one.inputs + two.inputs,
        max(one.absolute, two.absolute),
        max(one.relative, two.relative),
        max(one.used, two.used),
        max(one.conditioned, two.conditioned),
    )


def _sum(one: Agreement | None, two: Agreement) -> Agreement:
    if one is None:
        return two
    return Agreement(
        one.output,
        one.family,
        one.inputs + two.inputs,
        one.values + two.values,
        one.equal + two.equal,
        one.ties + two.ties,
    )


def _agreement(
    native: Predictor, key: tuple[str, str], probe: Probe, truth: np.ndarray, answer: np.ndarray
) -> Agreement:
    differs = truth != answer
    ties = 0
    if differs.any():
        reached = np.any([near[key[0]] == answer for near in _nearby(native, probe)], axis=0)
        ties = int(np.sum(reached & differs))
    equal = truth.size - int(np.sum(differs))
    return Agreement(*key, probe.count, truth.size, equal, ties)


def _nearby(
    native: Predictor, probe: Probe, *, each: bool = False
) -> Iterator[dict[str, np.ndarray]]:
    """The native model's outputs for inputs that are moved by float32 rounding.

    That of the largest of them, or of `each`; inputs of zeros alone are taken for numbers near 1,
    since what a model makes of them is rounded all the same.
    """
    rng = np.random.default_rng([0])
    for _ in range(TRIALS):
        moved = {}
        for name, values in probe.inputs.items():
            if np.issubdtype(values.dtype, np.floating) and values.size:
                largest = float(np.abs(values).max())
                scale: Any = ROUNDING * max(1.0, largest)
                if each and largest:  # a large value does not excuse what a small one loses
                    scale = ROUNDING * np.abs(values)
                values = values + (scale * rng.uniform(-1, 1, values.shape)).astype(values.dtype)
            moved[name] = values
        yield native(moved)
