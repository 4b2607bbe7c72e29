"""Requested measurements that are skipped, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from benchmarks.records.schema import Skipped
from benchmarks.subjects import COMPILED, PLAIN
from benchmarks.tasks import TRAIN

if TYPE_CHECKING:
    from benchmarks.options import RunOptions
    from benchmarks.plan import Offer


def without_subject(options: RunOptions, offers: Mapping[str, Offer]) -> list[Skipped]:
    """Subjects that do not train, or are written for some of the models alone.

    `predict` and ONNX files never train, which is not worth a row.
    """
    rows = []
    trained = any(
        TRAIN in (offer.default if options.workloads is None else options.workloads)
        for offer in offers.values()
    )
    for subject in options.subjects:
        if trained and not subject.trains and subject.kind in (COMPILED, PLAIN):
            rows.append(Skipped(subject=subject.name, workload=TRAIN, reason="Does not train."))
        if subject.models is not None and not set(options.models) <= set(subject.models):
            reason = f"Written for {' and '.join(subject.models)} alone."
            rows.append(Skipped(subject=subject.name, reason=reason))
    return rows


def without_use(workloads: Sequence[str], offers: Mapping[str, Offer]) -> list[Skipped]:
    """Models that cannot be made, and requested workloads that a model does not have."""
    rows = [Skipped(model=name, reason=o.error) for name, o in offers.items() if o.error]
    return rows + [
        Skipped(
            model=name,
            workload=workload,
            reason=f"No such workload. Accepted: {', '.join(offer.workloads)}.",
        )
        for name, offer in offers.items()
        for workload in workloads
        if not offer.error and workload not in offer.workloads
    ]


def sentences(rows: Iterable[Skipped]) -> list[str]:
    """A line for each reason, with everything that is skipped for it."""
    found: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        found.setdefault((row.reason, row.workload or ""), []).append(row.subject or str(row.model))
    return [
        f"skipped: {f'{workload} of ' if workload else ''}{', '.join(names)}. {reason}"
        for (reason, workload), names in found.items()
    ]
