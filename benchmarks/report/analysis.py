"""Speed-ups, and shares of the machine's ceiling, from the rows of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.measure.statistics import Interval, Summary, geometric_mean, speedup, summarize
from benchmarks.records.schema import Cost, Row, SubjectInfo, Timing, first, of_kind
from benchmarks.subjects import COMPILED, PLAIN, PREDICT
from benchmarks.tasks import PEAK, TRAIN, Task
from benchmarks.workload import roofline

OURS = "onnxruntime"
"""The subject of the report: ONNX Runtime on the direct route's files."""

HAND_WRITTEN = "plain-torch"
"""The baseline of training: eager PyTorch without the zoo."""


@dataclass(frozen=True)
class Comparison:
    """How much faster `subject` is than `other`, the fastest of its kind, at a task."""

    task: Task
    subject: str
    other: str
    kind: str
    seconds: Summary
    other_seconds: Summary
    speedup: Interval


@dataclass(frozen=True)
class Ceiling:
    """The highest rates of any subject in this run: operations and bytes a second."""

    flops: float
    cache: float
    memory: float
    holders: Mapping[str, str]

    def bandwidth(self, moved: float) -> float:
        """Bytes a second for a call that moves so many: from the caches, or from memory."""
        sizes = [roofline.work(name, roofline.BATCHES[name])[1] for name in roofline.TRIADS]
        return self.cache if moved**2 < sizes[0] * sizes[1] else self.memory

    def seconds(self, cost: Cost) -> float:
        """The least time that a call can take on this machine."""
        return max(cost.flops / self.flops, cost.bytes / self.bandwidth(cost.bytes))


class Analysis:
    """The rows of a run, by task and subject."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows
        self.conditions = first(rows)
        self.kinds = {row.subject: row.type for row in of_kind(rows, SubjectInfo)}
        self.times: dict[Task, dict[str, Timing]] = {}
        for row in of_kind(rows, Timing):
            self.times.setdefault(row.task, {})[row.subject] = row
        self.costs = {row.task: row for row in of_kind(rows, Cost)}

    @property
    def tasks(self) -> list[Task]:
        """The tasks of models, each model's and workload's together, in the order they began."""
        tasks = [task for task in self.times if task.model != PEAK]
        models = list(dict.fromkeys(task.model for task in tasks))
        workloads = list(dict.fromkeys((task.model, task.workload) for task in tasks))
        return sorted(
            tasks,
            key=lambda t: (models.index(t.model), workloads.index((t.model, t.workload))),
        )

    def names(self, kind: str) -> list[str]:
        """The subjects of a kind."""
        return [name for name, found in self.kinds.items() if found == kind]

    def fastest(self, task: Task, kind: str) -> str | None:
        """The fastest subject of a kind at a task."""
        timed = self.times[task]
        candidates = [name for name in self.names(kind) if name in timed]
        medians = {name: summarize(timed[name].rounds).median for name in candidates}
        return min(medians, key=medians.__getitem__, default=None)

    def compare(self, task: Task, subject: str, other: str) -> Comparison | None:
        """One subject against another at a task; None where either has no timing."""
        timed = self.times[task]
        if subject not in timed or other not in timed:
            return None
        ours, theirs = timed[subject].rounds, timed[other].rounds
        ratio = speedup(theirs, ours)
        kind = self.kinds[other]
        return Comparison(task, subject, other, kind, summarize(ours), summarize(theirs), ratio)

    def speedups(self, kind: str) -> list[Comparison]:
        """ONNX Runtime against the fastest subject of a kind, task by task."""
        found = []
        for task in self.tasks:
            other = self.fastest(task, kind)
            compared = self.compare(task, OURS, other) if other else None
            if compared:
                found.append(compared)
        return found

    def against(self, other: str) -> list[Comparison]:
        """ONNX Runtime against one subject, task by task."""
        compared = [self.compare(t, OURS, other) for t in self.tasks if t.workload != TRAIN]
        return [comparison for comparison in compared if comparison]

    def training(self) -> list[Comparison]:
        """Our training steps against the hand-written one, task by task."""
        tasks = [task for task in self.tasks if task.workload == TRAIN]
        ours = self.names(COMPILED)
        compared = [self.compare(t, name, HAND_WRITTEN) for t in tasks for name in ours]
        return [comparison for comparison in compared if comparison]

    def means(self) -> list[tuple[str, int, Interval, float, int]]:
        """By kind and batch size: geometric mean of the speed-ups, the least one, how many."""
        found = []
        for kind in (COMPILED, PREDICT, PLAIN):
            compared = self.speedups(kind)
            for batch in sorted({c.task.batch for c in compared}):
                ratios = [c.speedup.value for c in compared if c.task.batch == batch]
                found.append((kind, batch, geometric_mean(ratios), min(ratios), len(ratios)))
        return found

    def ceiling(self) -> Ceiling | None:
        """The machine's ceilings; None where they were not measured."""
        best: dict[str, tuple[float, str]] = {}
        for name in roofline.BATCHES:
            flops, moved = roofline.work(name, roofline.BATCHES[name])
            work = moved if name in roofline.TRIADS else flops
            timed = self.times.get(Task(PEAK, name, roofline.BATCHES[name]), {})
            for subject, row in timed.items():
                rate = work / row.best  # a ceiling is what was possible at any time
                best[name] = max(best.get(name, (0.0, "")), (rate, subject))
        if set(best) != set(roofline.BATCHES):
            return None
        holders = {name: subject for name, (_, subject) in best.items()}
        flops = max(best["matmul"][0], best["convolution"][0])
        return Ceiling(flops, best["triad_cache"][0], best["triad_memory"][0], holders)

    def share(self, task: Task, subject: str) -> float | None:
        """The share of the ceiling that a subject reached at a task."""
        ceiling, cost = self.ceiling(), self.costs.get(task)
        if ceiling is None or cost is None or subject not in self.times.get(task, {}):
            return None
        return ceiling.seconds(cost) / summarize(self.times[task][subject].rounds).median


def family(subject: str) -> str:
    """The backend or engine of a subject, such as `torch`, `onnxruntime` or `plain`."""
    return "openvino" if subject == "openvino" else subject.split("-")[0]
