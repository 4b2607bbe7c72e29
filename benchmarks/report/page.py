"""A self-contained HTML page: figures, plots, tables; light and dark; any width."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from importlib.resources import files

from benchmarks.report import plots
from benchmarks.report.analysis import Analysis, Comparison
from benchmarks.report.svg import Picture
from benchmarks.report.tables import Table, size, times
from benchmarks.report.timings import AGAINST, tables
from benchmarks.subjects import COMPILED, PLAIN, PREDICT

LONG = 24
"""Tables with more rows are folded."""


def page(analysis: Analysis) -> str:
    """The report of a run as HTML."""
    style = files("benchmarks.report").joinpath("page.css").read_text(encoding="utf-8")
    made = tables(analysis)
    body = [
        "<header>",
        "<h1>Generative networks: ONNX Runtime and the native backends</h1>",
        f'<p class="conditions">{escape(conditions(analysis))}</p>',
        _tiles(analysis),
        "</header>",
        *(table.html() for table in made[:1]),
        *_speedups(analysis),
        _latencies(analysis),
        _throughputs(analysis),
        _roofline(analysis),
        *(_table(table) for table in made[1:]),
    ]
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>genzoo benchmark</title>\n<style>\n{style}</style>\n</head>\n<body>\n"
        + "\n".join(part for part in body if part)
        + "\n</body>\n</html>\n"
    )


def conditions(analysis: Analysis) -> str:
    """The run's conditions in a paragraph."""
    known = analysis.conditions
    plan = known.plan
    phrases = [
        f"{known.processor or 'unknown processor'}, {known.cores or '?'} cores",
        " ".join(known.instructions),
        f"{known.threads or '?'} threads for every subject, idle spinning off",
        f"{size(known.memory)} of memory" if known.memory else "",
        f"device: {known.device or 'cpu'}",
        known.precision or "",
        ", ".join(f"{name} {number}" for name, number in known.versions.items()),
        f"Python {known.python}" if known.python else "",
        f"{plan['rounds']} rounds of {plan['round_seconds']} s" if "rounds" in plan else "",
        f"commit {known.commit[:12]}" if known.commit else "",
        known.started or "",
    ]
    return " · ".join(phrase for phrase in phrases if phrase)


def _tiles(analysis: Analysis) -> str:
    """The means as large figures."""
    tiles = [
        f'<div class="tile"><b>{times(mean.value)}</b>'
        f"<span>batch {batch}, against {escape(AGAINST[kind])}</span></div>"
        for kind, batch, mean, _, _ in analysis.means()
        if kind in (COMPILED, PREDICT)
    ]
    return f'<div class="tiles">{"".join(tiles)}</div>' if tiles else ""


def _speedups(analysis: Analysis) -> Iterable[str]:
    for kind in (COMPILED, PREDICT, PLAIN):
        compared = analysis.speedups(kind)
        if compared:
            yield _speedup_section(compared, AGAINST[kind])


def _speedup_section(compared: Sequence[Comparison], against: str) -> str:
    batches = sorted({c.task.batch for c in compared})
    named = [(f"batch-{min(place, 2)}", f"batch {batch}") for place, batch in enumerate(batches)]
    models = list(dict.fromkeys(c.task.model for c in compared))
    figures = []
    for model in models:
        own = [c for c in compared if c.task.model == model]
        label = f"Speed-up of ONNX Runtime over {against}: {model}"
        figures.append(_figure(plots.speedup_by_task(own, compared, label)))
    note = "Right of the line at 1×, ONNX Runtime is faster. The lines are 95% intervals."
    return _section(f"Speed-up over {against}", note, figures, named)


def _latencies(analysis: Analysis) -> str:
    figures = [
        _figure(plots.latency_by_batch(analysis, model, workload), f"{model} {workload}")
        for model, workload in plots.groups(analysis)
    ]
    note = "Seconds per call over batch size, both logarithmic. Dashed: Keras predict."
    return _section("Latency by batch", note, figures, plots.legend(analysis))


def _throughputs(analysis: Analysis) -> str:
    largest: dict[tuple[str, str], int] = {}
    for task in analysis.tasks:
        key = (task.model, task.workload)
        largest[key] = max(task.batch, largest.get(key, 0))
    figures = [
        _figure(plots.throughput(analysis, task), f"{task.model} {task.workload}, {task.batch}")
        for task in analysis.tasks
        if largest[task.model, task.workload] == task.batch
    ]
    note = "Samples a second at the largest batch size. Pale: Keras predict."
    return _section("Throughput", note, figures, plots.legend(analysis))


def _roofline(analysis: Analysis) -> str:
    picture = plots.roofline(analysis)
    if picture is None:
        return ""
    note = (
        "ONNX Runtime and the fastest compiled backend at every task, under the machine's "
        "ceilings: solid from its caches, dashed from memory."
    )
    return _section("Roofline", note, [_figure(picture)], plots.legend(analysis))


def _section(
    title: str, note: str, figures: Sequence[str], legend: Sequence[tuple[str, str]]
) -> str:
    if not figures:
        return ""
    keys = "".join(f'<li class="{kind}">{escape(name)}</li>' for kind, name in legend)
    return (
        f"<section><h2>{escape(title)}</h2>\n<p>{escape(note)}</p>\n"
        f'<ul class="legend">{keys}</ul>\n<div class="plots">\n'
        + "\n".join(figures)
        + "\n</div></section>"
    )


def _figure(picture: Picture, title: str = "") -> str:
    heading = f"<h3>{escape(title)}</h3>" if title else ""
    return f"<figure>{heading}{picture}</figure>"


def _table(table: Table) -> str:
    if len(table.rows) <= LONG:
        return table.html()
    return f"<details><summary>{escape(table.title)}</summary>{table.html()}</details>"
