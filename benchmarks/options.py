"""The options of a run, checked, their names resolved to records."""

from __future__ import annotations

import argparse
import fnmatch
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Any

from benchmarks.errors import BenchmarkError
from benchmarks.records.schema import Skipped
from benchmarks.subjects import QUICK, Subject, select

QUICK_MODELS = ("vae", "vq_vae", "dcgan")


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
    cold: int = 2
    threads: int = 0
    device: str = "cpu"
    peaks: bool = True
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The options in JSON terms; subjects by name."""
        values = {name: value for name, value in vars(self).items() if name != "unavailable"}
        return values | {"subjects": [subject.name for subject in self.subjects]}


def from_arguments(args: argparse.Namespace) -> RunOptions:
    """The options that a command line gives.

    Raises:
        BenchmarkError: A name is unknown, or a number is out of bounds.
    """
    from benchmarks.records.environment import cores

    batches = args.batches or ([1, 64] if args.quick else [1, 8, 64])
    rounds = (7 if args.quick else 11) if args.rounds is None else args.rounds
    cold = (1 if args.quick else 2) if args.cold is None else args.cold
    threads = len(cores()) if args.threads is None else args.threads
    _check_bounds("threads", [threads], least=1, most=len(cores()))
    _check_bounds("rounds", [rounds], least=1)
    _check_bounds("batches", batches, least=1)
    _check_bounds("cold", [cold], least=0)
    if not 0 < args.round_seconds < inf:
        raise BenchmarkError(
            f"round-seconds must be positive and finite. Received: {args.round_seconds}. "
            "Accepted: seconds, such as 0.07"
        )
    available, unavailable = select(args.subjects or (QUICK if args.quick else ["*"]))
    return RunOptions(
        models=select_models(args.models or (QUICK_MODELS if args.quick else ["*"])),
        subjects=available,
        unavailable=unavailable,
        workloads=list(dict.fromkeys(args.workloads)) if args.workloads else None,
        batches=list(dict.fromkeys(batches)),
        rounds=rounds,
        cold=cold,
        round_seconds=args.round_seconds,
        threads=threads,
        device=args.device,
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


def _check_bounds(name: str, values: Iterable[int], *, least: int, most: int | None = None) -> None:
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
