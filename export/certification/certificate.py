"""The certificate: how far ONNX Runtime and the native model were apart, and under what terms."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from export.errors import ExportError
from export.precision.record import PrecisionCertificate

# |difference| <= ABSOLUTE * max(1, max|y|) + RELATIVE * |y|, max|y| over one output of one batch.
ABSOLUTE = 1e-5
RELATIVE = 1e-4


@dataclass(frozen=True)
class Deviation:
    """The largest differences of one output over one family of inputs.

    `absolute` is max|difference|, `relative` is that over max|y| of its batch, and `used` is the
    part of the tolerance that the worst value took. `conditioned` decides where that is more than
    1: it adds to the tolerance how far the native model itself moves when its inputs do by
    rounding, as large inputs, a step or a difference of large sums make it.
    """

    output: str
    family: str
    inputs: int
    absolute: float
    relative: float
    used: float
    conditioned: float

    @property
    def passed(self) -> bool:
        return self.conditioned <= 1.0


@dataclass(frozen=True)
class Agreement:
    """How many values of an integer output were equal over one family of inputs.

    A differing value is a tie where the native model itself gives ONNX Runtime's answer once its
    inputs move by float32 rounding; every other difference fails.
    """

    output: str
    family: str
    inputs: int
    values: int
    equal: int
    ties: int

    @property
    def passed(self) -> bool:
        return self.equal + self.ties == self.values


@dataclass(frozen=True)
class Certificate:
    """The comparison of an ONNX file with its native model, and its result.

    Of a file in lower precision it is that of the float32 graph it was made of, as are `bytes` and
    `file_sha256`; `lowered` holds those of the file, and what it keeps.
    """

    name: str
    route: str
    opset: int
    backend: str
    deviations: tuple[Deviation, ...]
    agreements: tuple[Agreement, ...]
    inputs: int
    batches: tuple[int, ...]
    seed: int
    nodes: int
    transposes: int
    bytes: int
    file_sha256: str
    weights_sha256: str
    seconds: dict[str, float]
    versions: dict[str, str]
    second_opinion: dict[str, Any] | None = None
    notes: tuple[str, ...] = ()
    lowered: PrecisionCertificate | None = None
    tolerance: dict[str, float] = field(
        default_factory=lambda: {"absolute": ABSOLUTE, "relative": RELATIVE}
    )

    @property
    def passed(self) -> bool:
        return all_passed(self.deviations, self.agreements)

    @property
    def worst(self) -> Deviation | None:
        """The deviation that came closest to failing."""
        return worst(self.deviations)

    @property
    def largest(self) -> float | None:
        """The largest |difference| of all floats; None where there are none."""
        return max((row.absolute for row in self.deviations), default=None)

    @property
    def closeness(self) -> str:
        """The part of the tolerance that was taken; without floats, how many integers are equal."""
        return closeness(self.deviations, self.agreements)

    def failures(self) -> list[str]:
        """One line for each output and family that is out of tolerance."""
        return failures(self.deviations, self.agreements)

    def summary(self) -> str:
        """A few lines for a person: what was compared and how close it came."""
        lines = [
            f"{self.name}: {'passed' if self.passed else 'FAILED'} on {self.inputs} inputs, "
            f"ONNX Runtime {self.versions.get('onnxruntime', '?')} against {self.backend}, "
            f"route {self.route}, opset {self.opset}, {self.nodes} nodes"
        ]
        if self.worst:
            lines.append(
                f"  largest difference {self.largest:.3g}, at most "
                f"{self.worst.conditioned:.1%} of the tolerance ({self.worst.output}, "
                f"{self.worst.family} inputs)"
            )
            beyond = max(row.used for row in self.deviations)
            if beyond > 1.0 and self.passed:
                families = [r.family for r in self.deviations if r.used > 1.0]
                lines.append(
                    f"  {beyond:.3g} times the tolerance on "
                    f"{' and '.join(dict.fromkeys(families))} inputs, which the native "
                    f"model's own response to their rounding accounts for"
                )
        if self.agreements:
            total = sum(row.values for row in self.agreements)
            equal = sum(row.equal for row in self.agreements)
            ties = sum(row.ties for row in self.agreements)
            lines.append(f"  integer outputs: {equal} of {total} equal, {ties} ties")
        lines += [f"  {note}" for note in self.notes]
        if self.lowered:
            lines.append(f"  {self.lowered.summary()}")
        if self.second_opinion:
            lines.append(f"  second opinion: {opinion_text(self.second_opinion)}")
        return "\n".join(lines + [f"  {line}" for line in self.failures()])

    def to_json(self) -> dict[str, Any]:
        """The certificate in JSON terms, with its verdict."""
        return {"passed": self.passed, **asdict(self)}

    @classmethod
    def from_json(cls, content: dict[str, Any] | str) -> Certificate:
        """Reads what `to_json` wrote.

        Raises:
            ExportError: The content is not a certificate.
        """
        try:
            values = dict(json.loads(content) if isinstance(content, str) else content)
            values.pop("passed", None)
            values["deviations"] = tuple(Deviation(**row) for row in values["deviations"])
            values["agreements"] = tuple(Agreement(**row) for row in values["agreements"])
            values["batches"] = tuple(values["batches"])
            values["notes"] = tuple(values.get("notes", ()))
            if values.get("lowered"):
                values["lowered"] = PrecisionCertificate.from_json(values["lowered"])
            return cls(**values)
        except (TypeError, ValueError, KeyError) as error:
            expected = ", ".join(entry.name for entry in fields(cls))
            raise ExportError(
                f"A certificate could not be read: {error}. Accepted: an object with {expected}."
            ) from error


def all_passed(deviations: Sequence[Deviation], agreements: Sequence[Agreement]) -> bool:
    """Whether every row of a comparison is within the tolerance."""
    return all(row.passed for row in deviations) and all(row.passed for row in agreements)


def worst(deviations: Sequence[Deviation]) -> Deviation | None:
    """The deviation that came closest to failing."""
    return max(deviations, key=lambda row: row.conditioned, default=None)


def closeness(deviations: Sequence[Deviation], agreements: Sequence[Agreement]) -> str:
    """The part of the tolerance that was taken; without floats, how many integers are equal."""
    if row := worst(deviations):
        return f"{row.conditioned:.1%}"
    equal = sum(row.equal for row in agreements)
    return f"{equal} of {sum(row.values for row in agreements)} equal"


def failures(deviations: Sequence[Deviation], agreements: Sequence[Agreement]) -> list[str]:
    """One line for each output and family that is out of tolerance."""
    lines = [
        f"{row.output} on {row.family} inputs: max |difference| {row.absolute:.3g} "
        f"({row.relative:.3g} of the largest value), {row.used:.3g} times the tolerance"
        for row in deviations
        if not row.passed
    ]
    lines += [
        f"{row.output} on {row.family} inputs: {row.values - row.equal - row.ties} of "
        f"{row.values} values differ"
        for row in agreements
        if not row.passed
    ]
    return lines


def opinion_text(opinion: dict[str, Any]) -> str:
    """A second opinion in a line: the converter, and how far it agrees or why it does not."""
    route = opinion["route"]
    if route is None:
        return opinion["reason"]
    if not opinion["converts"]:
        return f"{route} gives no graph that runs: {opinion['reason']}"
    verdict = "agrees" if opinion["agrees"] else "DISAGREES"
    phrases = [f"{route} {verdict}"]
    if opinion["used"] is not None:
        phrases.append(f"{opinion['used']:.1%} of the tolerance")
    if opinion.get("values"):
        phrases.append(f"{opinion['equal']} of {opinion['values']} integers equal")
    return ", ".join(phrases)
