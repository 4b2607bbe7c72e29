"""The plan of a run, resolved once: models, tasks and the subjects that are timed at each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.errors import BenchmarkError
from benchmarks.options import RunOptions
from benchmarks.records.schema import Skipped
from benchmarks.skipped import without_subject, without_use
from benchmarks.subjects import Subject
from benchmarks.tasks import PEAK, TRAIN, Task
from benchmarks.workload import roofline
from zoo.errors import suggestion


@dataclass(frozen=True)
class Offer:
    """The workloads of a model, or the error of making it.

    Attributes:
        workloads: Everything that can be timed.
        default: Those of them that are timed where none is named.
        error: The reason why there are none.
    """

    workloads: Sequence[str] = ()
    default: Sequence[str] = ()
    error: str | None = None


@dataclass(frozen=True)
class Measurement:
    """A task and the subjects that are timed at it."""

    task: Task
    subjects: Sequence[Subject]


@dataclass(frozen=True)
class ModelPlan:
    """A model, the settings that replace its usual ones, and its measurements."""

    name: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    measurements: Sequence[Measurement] = ()
    cold: Measurement | None = None

    @property
    def workloads(self) -> list[str]:
        """The workloads, each once."""
        return list(dict.fromkeys(m.task.workload for m in self.measurements))

    @property
    def cold_unit(self) -> str:
        """The name of the cold starts in a file of results."""
        return f"{self.name}/cold"


@dataclass(frozen=True)
class Plan:
    """The measurements of a run, and the requested ones that are skipped."""

    options: RunOptions
    models: Sequence[ModelPlan]
    skipped: Sequence[Skipped] = ()

    def to_json(self) -> dict[str, Any]:
        """The plan in JSON terms: models, subjects and workloads by name."""
        models = [model for model in self.models if model.name != PEAK]
        workloads = dict.fromkeys(name for model in models for name in model.workloads)
        return self.options.to_json() | {"workloads": list(workloads)}


def resolve(options: RunOptions, offers: Mapping[str, Offer]) -> Plan:
    """The plan of a run.

    Args:
        options: The request.
        offers: Model → its workloads.

    Raises:
        BenchmarkError: No model has a requested workload, or no subject can be timed.
    """
    _check_workloads(options, offers)
    models = [
        _model_plan(options, name, offers[name], cold=position < options.cold)
        for position, name in enumerate(options.models)
    ]
    if not any(model.measurements for model in models):
        raise _nothing(options, offers)
    if options.peaks:
        models.insert(0, _peak_plan(options))
    skipped = [
        *options.unavailable,
        *without_subject(options, offers),
        *without_use(options.workloads or (), offers),
    ]
    return Plan(options, models, skipped)


def _model_plan(options: RunOptions, name: str, offer: Offer, *, cold: bool) -> ModelPlan:
    chosen = offer.default if options.workloads is None else options.workloads
    workloads = [workload for workload in offer.workloads if workload in chosen]
    tasks = [Task(name, workload, batch) for workload in workloads for batch in options.batches]
    measurements = [m for task in tasks if (m := _measurement(options, task)).subjects]
    # A new process first computes a use; the table of uses begins with the most usual one.
    first = next((w for w in workloads if w != TRAIN), TRAIN)
    started = _measurement(options, Task(name, first, 1)) if cold and measurements else None
    return ModelPlan(name, options.settings.get(name, {}), measurements, started)


def _peak_plan(options: RunOptions) -> ModelPlan:
    tasks = [Task(PEAK, name, batch) for name, batch in roofline.BATCHES.items()]
    found = [m for task in tasks if (m := _measurement(options, task)).subjects]
    return ModelPlan(PEAK, measurements=found)


def _measurement(options: RunOptions, task: Task) -> Measurement:
    return Measurement(task, [s for s in options.subjects if s.supports(task)])


def _check_workloads(options: RunOptions, offers: Mapping[str, Offer]) -> None:
    """Raises where no model has one of the requested workloads."""
    known = dict.fromkeys(name for offer in offers.values() for name in offer.workloads)
    for workload in options.workloads or ():
        if workload not in known and known:
            raise BenchmarkError(
                f"A workload is {TRAIN} or a use of a chosen model. Received: {workload!r}."
                f"{suggestion(workload, known)} Accepted: {', '.join(known)}"
            )


def _nothing(options: RunOptions, offers: Mapping[str, Offer]) -> BenchmarkError:
    errors = [f"{name}: {offer.error}" for name, offer in offers.items() if offer.error]
    if len(errors) == len(offers):
        return BenchmarkError(f"No model can be made. Received: {'; '.join(errors)}")
    by_model = "; ".join(f"{name}: {', '.join(o.workloads)}" for name, o in offers.items())
    return BenchmarkError(
        f"There is nothing to time. Received: {', '.join(options.workloads or ['all workloads'])}, "
        f"by {', '.join(subject.name for subject in options.subjects)}. Accepted: workloads that "
        f"the subjects support, of {by_model}"
    )
