"""The options of a run, checked, their names resolved to records."""

from __future__ import annotations

import argparse
import fnmatch
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Any

from benchmarks.errors import BenchmarkError
from benchmarks.presets import PRESETS
from benchmarks.records.schema import Skipped
from benchmarks.subjects import Subject, select, usual


@dataclass(frozen=True)
class RunOptions:
    """The request of a run.

    Attributes:
        models: Names that `zoo.registry.describe` knows.
        subjects: Those that can run here.
        unavailable: Those that cannot, each with the reason.
        workloads: Names; by default those that each model's table suggests.
        batches: Batch sizes.
        rounds: Rounds of each task.
        round_seconds: Duration of a round.
        longest: Seconds after which a task ends before its last round.
        minutes: Time of the whole run, spread over its tasks; None for as long as they take.
        cold: How many models, from the first, are started cold.
        threads: Of each subject.
        device: `cpu` or `gpu`.
        peaks: Whether the machine's ceilings are measured.
        settings: Model → settings that replace its usual ones.
    """

    models: Sequence[str]
    subjects: Sequence[Subject]
    unavailable: Sequence[Skipped] = ()
    workloads: Sequence[str] | None = None
    batches: Sequence[int] = (1, 8, 64)
    rounds: int = 11
    round_seconds: float = 0.07
    longest: float = 60.0
    minutes: float | None = None
    cold: int = 2
    threads: int = 0
    device: str = "cpu"
    peaks: bool = True
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The options in JSON terms that results depend on; subjects by name.

        A run may be continued for another number of minutes.
        """
        left_out = ("unavailable", "minutes")
        values = {name: value for name, value in vars(self).items() if name not in left_out}
        return values | {"subjects": [subject.name for subject in self.subjects]}


def from_arguments(args: argparse.Namespace) -> RunOptions:
    """The options that a command line gives.

    Raises:
        BenchmarkError: A name is unknown, or a number is out of bounds.
    """
    from export.machine import cores

    preset = PRESETS[args.preset]
    device = args.device or preset.device
    batches = args.batches or preset.batches
    rounds = preset.rounds if args.rounds is None else args.rounds
    cold = preset.cold if args.cold is None else args.cold
    minutes = preset.minutes if args.minutes is None else args.minutes
    threads = len(cores()) if args.threads is None else args.threads
    check_bounds("threads", [threads], least=1, most=len(cores()))
    check_bounds("rounds", [rounds], least=1)
    check_bounds("batches", batches, least=1)
    check_bounds("cold", [cold], least=0)
    _check_time("round-seconds", args.round_seconds, "seconds, such as 0.07")
    if minutes is not None:
        _check_time("minutes", minutes, "minutes, such as 40")
    subjects = args.subjects or preset.subjects or usual(device)
    available, unavailable = select(subjects, device=device)
    return RunOptions(
        models=select_models(args.models or preset.models),
        subjects=available,
        unavailable=unavailable,
        workloads=list(dict.fromkeys(args.workloads)) if args.workloads else None,
        batches=list(dict.fromkeys(batches)),
        rounds=rounds,
        cold=cold,
        round_seconds=args.round_seconds,
        minutes=minutes,
        threads=threads,
        device=device,
        peaks=preset.peaks,
    )


def select_models(patterns: Sequence[str]) -> list[str]:
    """The names of models that match any of the patterns, in the table's order.

    A name that no row has, such as `my_models.py:MyVAE`, is one that `describe` knows.

    Raises:
        BenchmarkError: A pattern matches nothing.
    """
    from zoo.errors import ZooError
    from zoo.registry import describe, list_models

    known = list_models()
    others: list[str] = []
    for pattern in patterns:
        if fnmatch.filter(known, pattern):
            continue
        try:
            describe(pattern)
        except ZooError as error:
            raise BenchmarkError(str(error)) from None
        others.append(pattern)
    chosen = [name for name in known if any(fnmatch.fnmatchcase(name, p) for p in patterns)]
    return [*chosen, *dict.fromkeys(others)]


def _check_time(name: str, value: float, accepted: str) -> None:
    """Raises where a duration is not positive and finite."""
    if not 0 < value < inf:
        raise BenchmarkError(
            f"{name} must be positive and finite. Received: {value}. Accepted: {accepted}"
        )


def check_bounds(name: str, values: Iterable[int], *, least: int, most: int | None = None) -> None:
    """Raises where a whole number is out of bounds."""
    for value in values:
        accepted = f"{least} or more" if most is None else f"{least} to {most}"
        if value < least:
            bound = f"at least {least}"
        elif most is not None and value > most:
            bound = f"at most {most}"
        else:
            continue
        raise BenchmarkError(f"{name} must be {bound}. Received: {value}. Accepted: {accepted}")
