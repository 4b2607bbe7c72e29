"""The plots of a report, drawn 360 pixels wide so that they are legible on a phone."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.measure.statistics import summarize
from benchmarks.records.schema import SubjectInfo, of_kind
from benchmarks.report.analysis import OURS, Analysis, Comparison, family
from benchmarks.report.svg import LogScale, Picture
from benchmarks.report.tables import seconds
from benchmarks.report.timings import interval
from benchmarks.subjects import ONNX, PREDICT
from benchmarks.tasks import Task

WIDTH = 360
LEFT, RIGHT = 50, 348
ROW, NAME = 44, 20
"""Height of a row, and of its name at the top of it."""


def speedup_by_task(
    compared: Sequence[Comparison], everything: Sequence[Comparison], label: str
) -> Picture:
    """Each workload of a model on a line: one dot a batch size, with its interval.

    Args:
        compared: The comparisons that are drawn.
        everything: Comparisons that set the scale, so that pictures can be compared.
        label: The picture's text alternative.
    """
    lines = list(dict.fromkeys((c.task.model, c.task.workload) for c in compared))
    batches = sorted({c.task.batch for c in everything})
    bounds = [b for c in everything for b in (c.speedup.low, c.speedup.high)]
    scale = LogScale.over([*bounds, 0.9, 1.6], 12, RIGHT)
    picture = Picture(WIDTH, 24 + ROW * len(lines), label)
    for tick in scale.ticks(7):
        for number in range(len(lines)):  # interrupted where the rows' names are
            top, bottom = ROW * number + NAME, ROW * (number + 1)
            kind = "unit" if tick == 1 else "grid"
            picture.line([(scale(tick), top), (scale(tick), bottom)], kind)
        picture.text(scale(tick), picture.height - 7, f"{tick:g}×", "tick", "middle")
    for number, (model, workload) in enumerate(lines):
        top = ROW * number
        picture.text(12, top + NAME - 5, f"{model} {workload}", "row")
        for comparison in compared:
            task = comparison.task
            if (task.model, task.workload) != (model, workload):
                continue
            place = batches.index(task.batch)
            y = top + NAME + 4 + 7 * place
            found = comparison.speedup
            kind = f"batch-{min(place, 2)}"
            picture.line([(scale(found.low), y), (scale(found.high), y)], f"range {kind}")
            tip = f"{task.key}: {interval(found)} against {comparison.other}"
            picture.dot(scale(found.value), y, kind, tip, 3.5)
    return picture


def latency_by_batch(analysis: Analysis, model: str, workload: str) -> Picture:
    """Seconds per call by batch size, one line a subject."""
    tasks = [t for t in analysis.tasks if (t.model, t.workload) == (model, workload)]
    medians = {
        name: [(t.batch, _median(analysis, t, name)) for t in tasks if name in analysis.times[t]]
        for name in _drawn(analysis, tasks)
    }
    values = [value for line in medians.values() for _, value in line]
    batches = [task.batch for task in tasks]
    picture = Picture(WIDTH, 210, f"Seconds per call by batch size: {model} {workload}")
    across = LogScale.over(batches, LEFT, RIGHT)
    up = LogScale.over(values, 184, 10)
    for tick in up.ticks():
        picture.line([(LEFT, up(tick)), (RIGHT, up(tick))], "grid")
        picture.text(LEFT - 4, up(tick) + 4, _tick(tick), "tick", "end")
    for batch in batches:
        picture.text(across(batch), 202, str(batch), "tick", "middle")
    for name, line in medians.items():
        kind = _style(analysis, name)
        picture.line([(across(batch), up(value)) for batch, value in line], f"curve {kind}")
        for batch, value in line:
            tip = f"{name}, batch {batch}: {seconds(value)}"
            picture.dot(across(batch), up(value), kind, tip, 3.5)
    return picture


def throughput(analysis: Analysis, task: Task) -> Picture:
    """Samples a second, one bar a subject, the fastest first."""
    rates = {name: task.batch / _median(analysis, task, name) for name in analysis.times[task]}
    ordered = sorted(rates, key=rates.__getitem__, reverse=True)
    picture = Picture(WIDTH, 8 + 24 * len(ordered), f"Samples a second: {task.key}")
    longest = max(rates.values())
    for number, name in enumerate(ordered):
        y = 6 + 24 * number
        length = 150 * rates[name] / longest
        picture.text(128, y + 12, name, "row", "end")
        tip = f"{name}: {rates[name]:.0f} samples a second"
        picture.bar(134, y, length, 16, _style(analysis, name), tip)
        picture.text(138 + length, y + 12, f"{rates[name]:,.0f}", "tick")
    return picture


def roofline(analysis: Analysis) -> Picture | None:
    """Operations a second over operations a byte, under the machine's measured ceilings."""
    ceiling = analysis.ceiling()
    points = []
    for task, cost in analysis.costs.items():
        for name in (OURS, analysis.fastest(task, "compiled") if task in analysis.times else None):
            share = analysis.share(task, name) if name else None
            if share is not None and name and task in analysis.tasks and cost.flops > 0:
                rate = cost.flops / _median(analysis, task, name)
                points.append((cost.flops / cost.bytes, rate, name, task, share))
    if ceiling is None or not points:
        return None
    picture = Picture(WIDTH, 280, "Operations a second over operations a byte")
    ridge = ceiling.flops / ceiling.cache
    across = LogScale.over([*(p[0] for p in points), ridge], LEFT, RIGHT)
    up = LogScale.over([*(p[1] for p in points), ceiling.flops], 246, 10)
    for tick in up.ticks():
        picture.line([(LEFT, up(tick)), (RIGHT, up(tick))], "grid")
        picture.text(LEFT - 4, up(tick) + 4, f"{tick / 1e9:g}", "tick", "end")
    for tick in across.ticks():
        picture.text(across(tick), 262, f"{tick:g}", "tick", "middle")
    picture.text(RIGHT, 276, "operations a byte", "tick", "end")
    picture.text(LEFT, 276, "GFLOP/s", "tick")
    for bandwidth, kind in ((ceiling.cache, "roof"), (ceiling.memory, "roof memory")):
        corner = ceiling.flops / bandwidth
        start = max(across.low, up.low / bandwidth)
        corners = [(start, start * bandwidth), (corner, ceiling.flops)]
        if corner < across.high:
            corners.append((across.high, ceiling.flops))
        else:
            corners[1] = (across.high, across.high * bandwidth)
        picture.line([(across(x), up(y)) for x, y in corners], kind)
    for intensity, rate, name, task, share in points:
        tip = f"{task.key} {name}: {rate / 1e9:.1f} GFLOP/s, {share:.0%} of the ceiling"
        picture.dot(across(intensity), up(rate), _style(analysis, name), tip)
    return picture


def groups(analysis: Analysis) -> list[tuple[str, str]]:
    """Models with their workloads, in the order they were measured."""
    return list(dict.fromkeys((task.model, task.workload) for task in analysis.tasks))


def legend(analysis: Analysis) -> list[tuple[str, str]]:
    """CSS class and name of every family that is drawn, and of `predict`."""
    names = [row.subject for row in of_kind(analysis.rows, SubjectInfo)]
    return [(f"family-{name}", name) for name in dict.fromkeys(family(n) for n in names)]


def _drawn(analysis: Analysis, tasks: Sequence[Task]) -> list[str]:
    """The subjects of a latency plot; other routes' lines would cover the direct one's."""
    names = dict.fromkeys(name for task in tasks for name in analysis.times[task])
    return [n for n in names if analysis.kinds.get(n) != ONNX or n in (OURS, "openvino")]


def _tick(value: float) -> str:
    """A duration without superfluous digits: `20 ms`."""
    number, unit = seconds(value).split()
    return f"{float(number):g} {unit}"


def _median(analysis: Analysis, task: Task, name: str) -> float:
    return summarize(analysis.times[task][name].rounds).median


def _style(analysis: Analysis, name: str) -> str:
    """A subject's classes: its family's colour; fainter where it is `predict`."""
    faint = " faint" if analysis.kinds.get(name) == PREDICT else ""
    return f"family-{family(name)}{faint}"
