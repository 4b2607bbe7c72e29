"""The plan that the options of a run make."""

from __future__ import annotations

import argparse
import fnmatch
from collections.abc import Iterable, Sequence
from math import inf

from benchmarks.errors import BenchmarkError
from benchmarks.plan import WORKLOADS, Plan

QUICK_MODELS = ("vae", "vq_vae", "dcgan")


def plan(args: argparse.Namespace) -> Plan:
    """The plan that the options of a run make.

    Raises:
        BenchmarkError: A name is unknown, or a number is out of bounds.
    """
    from benchmarks.records.environment import cores
    from benchmarks.subjects import choose

    batches = args.batches or ([1, 64] if args.quick else [1, 8, 64])
    rounds = (7 if args.quick else 11) if args.rounds is None else args.rounds
    cold = (1 if args.quick else 2) if args.cold is None else args.cold
    threads = len(cores()) if args.threads is None else args.threads
    _check("threads", [threads], least=1, most=len(cores()))
    _check("rounds", [rounds], least=1)
    _check("batches", batches, least=1)
    _check("cold", [cold], least=0)
    if not 0 < args.round_seconds < inf:
        raise BenchmarkError(
            f"round-seconds must be positive and finite. Received: {args.round_seconds}. "
            "Accepted: seconds, such as 0.07"
        )
    return Plan(
        models=_models(args.models or (QUICK_MODELS if args.quick else ["*"])),
        subjects=choose(subject_patterns(args))[0],
        workloads=list(dict.fromkeys(args.workloads or WORKLOADS)),
        batches=list(dict.fromkeys(batches)),
        rounds=rounds,
        cold=cold,
        round_seconds=args.round_seconds,
        threads=threads,
        device=args.device,
    )


def subject_patterns(args: argparse.Namespace) -> Sequence[str]:
    """Which subjects the options ask for."""
    from benchmarks.subjects import QUICK

    return args.subjects or (QUICK if args.quick else ["*"])


def _check(name: str, values: Iterable[int], *, least: int, most: int | None = None) -> None:
    """Refuses whole numbers that are out of bounds."""
    for value in values:
        accepted = f"{least} or more" if most is None else f"{least} to {most}"
        if value < least:
            bound = f"at least {least}"
        elif most is not None and value > most:
            bound = f"at most {most}"
        else:
            continue
        raise BenchmarkError(f"{name} must be {bound}. Received: {value}. Accepted: {accepted}")


def _models(patterns: Sequence[str]) -> list[str]:
    from zoo.registry import TABLE, describe

    for pattern in patterns:
        if not fnmatch.filter(TABLE, pattern):
            try:
                describe(pattern)
            except KeyError as error:
                raise BenchmarkError(str(error)) from None
    return [name for name in TABLE if any(fnmatch.fnmatchcase(name, p) for p in patterns)]
