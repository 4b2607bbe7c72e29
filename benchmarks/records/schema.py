"""The rows of a file of results: one record for each kind.

| kind       | record      | content                                                           |
|------------|-------------|-------------------------------------------------------------------|
| conditions | Conditions  | the machine, the versions and the settings; the first row         |
| subject    | SubjectInfo | a subject's versions, device and start-up                         |
| model      | ModelInfo   | a model's workloads, shape and number of weights                  |
| export     | Export      | seconds, bytes and nodes of a part by a route                     |
| cost       | Cost        | floating-point operations and bytes of a workload                 |
| time       | Timing      | seconds per call of a subject at a task, round by round           |
| operators  | Operators   | ONNX Runtime's seconds by operator, where it was not the fastest  |
| cold       | ColdStart   | a new process: start, load, first answer, peak memory             |
| skipped    | Skipped     | a requested measurement that is skipped, and the reason           |
| done       | Done        | the unit of the rows before it is complete                        |

A row of any kind with the key `error` is a `Failure`, except that `skipped` keeps its reason there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from benchmarks.errors import BenchmarkError
from benchmarks.records.row import Row
from benchmarks.tasks import Task

FORMAT = 1
COMPARED = ("processor", "cores", "threads", "device", "commit", "versions", "plan")
"""Conditions that must not change within one file."""


@dataclass(frozen=True, kw_only=True)
class Conditions(Row):
    """The machine, the versions and the settings of a run."""

    kind = "conditions"
    format: int = FORMAT
    started: str | None = None
    processor: str | None = None
    instructions: Sequence[str] = ()
    cores: int | None = None
    threads: int | None = None
    memory: int | None = None
    device: str | None = None
    system: str | None = None
    python: str | None = None
    versions: Mapping[str, Any] = field(default_factory=dict)
    commit: str | None = None
    precision: str | None = None
    spinning: str | None = None
    plan: Mapping[str, Any] = field(default_factory=dict)

    def comparable(self) -> dict[str, Any]:
        """The conditions that must not change within one file, as JSON gives them back."""
        return {key: json.loads(json.dumps(getattr(self, key))) for key in COMPARED}


@dataclass(frozen=True, kw_only=True)
class SubjectInfo(Row):
    """A subject's versions, device and start-up; `type` is its kind."""

    kind = "subject"
    subject: str
    type: str
    precision: str = "float32"
    versions: Mapping[str, Any] = field(default_factory=dict)
    device: str | None = None
    import_seconds: float | None = field(default=None, metadata={"key": "import"})
    start: float | None = None


@dataclass(frozen=True, kw_only=True)
class ModelInfo(Row):
    """A model's workloads, parts, shape, number of weights by part, and size on the disk."""

    kind = "model"
    model: str
    workloads: Sequence[str]
    parts: Sequence[str] = ()
    shape: Sequence[int] = ()
    weights: Mapping[str, Any] = field(default_factory=dict)
    file: int = 0


@dataclass(frozen=True, kw_only=True)
class Export(Row):
    """A part by a route; with a certificate also seconds by step, nodes and the tolerance used."""

    kind = "export"
    model: str
    part: str
    route: str
    bytes: int
    precision: str = "float32"
    seconds: Mapping[str, Any] | None = None
    nodes: int | None = None
    opset: int | None = None
    tolerance_used: float | None = None

    def __post_init__(self) -> None:
        certificate = {"seconds": self.seconds, "nodes": self.nodes}
        missing = [name for name, value in certificate.items() if value is None]
        if self.tolerance_used is not None and missing:
            raise BenchmarkError(
                f"A row of the kind export with tolerance_used has {' and '.join(certificate)}. "
                f"Received: no {missing[0]}"
            )


@dataclass(frozen=True, kw_only=True)
class _AtTask(Row):
    model: str
    workload: str
    batch: int

    @property
    def task(self) -> Task:
        """The task that the row belongs to."""
        return Task(self.model, self.workload, self.batch)


@dataclass(frozen=True, kw_only=True)
class Cost(_AtTask):
    """Floating-point operations and bytes of one call of a workload."""

    kind = "cost"
    flops: float
    bytes: float
    traffic: float


@dataclass(frozen=True, kw_only=True)
class Timing(_AtTask):
    """Seconds per call of a subject at a task: the median of each round, and the best call."""

    kind = "time"
    subject: str
    load: float
    first: float
    calls: int
    best: float
    rounds: Sequence[float]


@dataclass(frozen=True, kw_only=True)
class Operators(_AtTask):
    """Seconds per call by operator of a subject, where `fastest` was faster."""

    kind = "operators"
    subject: str
    fastest: str
    seconds: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class ColdStart(_AtTask):
    """Seconds of a new process until it has started, loaded and answered, and its peak memory."""

    kind = "cold"
    subject: str
    start: float
    load: float
    first: float
    peak_memory: int


@dataclass(frozen=True, kw_only=True)
class Skipped(Row):
    """A requested measurement that is skipped."""

    kind = "skipped"
    reason: str = field(metadata={"key": "error"})
    model: str | None = None
    workload: str | None = None
    subject: str | None = None


@dataclass(frozen=True, kw_only=True)
class Failure(Row):
    """A row that could not be measured: the kind of the row in its place, and the error."""

    of: str = field(metadata={"key": "kind"})
    error: str
    model: str | None = None
    workload: str | None = None
    batch: int | None = None
    subject: str | None = None
    part: str | None = None
    route: str | None = None
    precision: str | None = None


@dataclass(frozen=True, kw_only=True)
class Done(Row):
    """The end of a complete unit."""

    kind = "done"
    unit: str


KINDS: dict[str, type[Row]] = {
    record.kind: record
    for record in (
        *(Conditions, SubjectInfo, ModelInfo, Export, Cost),
        *(Timing, Operators, ColdStart, Skipped, Done),
    )
}
FORMER_KINDS = {"left_out": Skipped}
"""Names of kinds in older files."""

AnyRow = TypeVar("AnyRow", bound=Row)


def to_row(row: Mapping[str, Any]) -> Row:
    """The record of a JSON object of any kind.

    Raises:
        KeyError: The kind is unknown.
        BenchmarkError: A field is missing or has another type.
    """
    record = (KINDS | FORMER_KINDS)[row["kind"]]
    return (Failure if "error" in row and record is not Skipped else record).from_json(row)


def first(rows: Sequence[Row]) -> Conditions:
    """The conditions that rows begin with."""
    conditions = rows[0]
    if not isinstance(conditions, Conditions):
        raise TypeError(f"Rows begin with their conditions. Received: {conditions}")
    return conditions


def of_kind(rows: Iterable[Row], record: type[AnyRow]) -> list[AnyRow]:
    """The rows of one kind."""
    return [row for row in rows if isinstance(row, record)]
