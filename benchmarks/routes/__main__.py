"""The direct route against each other converter on the same parts: `python -m benchmarks.routes`.

Writes a JSON line for each part and route, and a Markdown table with a row for each part.
"""

from __future__ import annotations

import argparse
import re
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

from benchmarks.measure.statistics import geometric_mean
from benchmarks.records.environment import conditions, sentence
from benchmarks.records.pages import show
from benchmarks.routes import foreign
from benchmarks.routes.compare import Row, Schedule, compare_routes
from benchmarks.workers.client import rows_of
from export.machine import cores
from export.routes import ROUTES
from zoo.registry import list_models

OURS, *OTHERS = ROUTES
FIRST = "jax"
"""The backend whose process converts by the direct route, which is the same on all of them."""
SLOWER = 0.98
"""The summary names parts below this ratio; rounds differ by less than that from 1."""
MAX_ERROR_LENGTH = 200
NONE = "–"

Part = dict[str, Row]


def convert(models: list[str], folder: Path) -> list[list[Row]]:
    """Converts every part by every route, a process a backend; the rows of each part."""
    rows: dict[tuple[str, str], Part] = {}
    backends = [backend for backend, _ in ROUTES.values() if backend is not None]
    for backend in sorted(backends, key=lambda name: name != FIRST):
        routes = [route for route, (needed, _) in ROUTES.items() if needed == backend]
        chosen = [OURS, *routes] if backend == FIRST else routes
        arguments = [str(folder), "--routes", *chosen, "--models", *models]
        for row in rows_of("benchmarks.routes.convert", backend, arguments):
            rows.setdefault((row["model"], row["part"]), {})[row["route"]] = row
    return [[part[route] for route in ROUTES] for part in rows.values()]


def parts_of(rows: Iterable[Row]) -> list[Part]:
    """Groups rows by part: the row of each route."""
    parts: dict[tuple[str, str], Part] = {}
    for row in rows:
        parts.setdefault((row["model"], row["part"]), {})[row["route"]] = row
    return list(parts.values())


def ratio(part: Part, route: str, batch: int) -> float | None:
    """The latency of another route's graph over that of the direct one."""
    if "error" in part[route] or "error" in part[OURS]:
        return None
    return part[route]["ratio"][str(batch)]["value"]


def best_ratio(part: Part, batch: int) -> float | None:
    """The ratio of the best of the other routes."""
    found = [value for route in OTHERS if (value := ratio(part, route, batch)) is not None]
    return min(found, default=None)


def table(parts: Sequence[Part], batches: Sequence[int]) -> str:
    """The Markdown table: a row for each part; below it, the errors of conversions."""
    four, three = "<br>".join(ROUTES), "<br>".join(OTHERS)
    header = ["model", "part", "data"]
    header += [f"{name}<br>{four}" for name in ("nodes", "Transposes", "seconds")]
    header += [f"ratio, batch {batch}<br>{three}" for batch in batches]
    lines = ["| " + " | ".join(header) + " |", "|---" * len(header) + "|"]
    errors: list[str] = []
    for part in parts:
        ours = part[OURS]
        cells = [ours["model"], ours["part"], "×".join(map(str, ours["shape"]))]
        marks = {}
        for route, row in part.items():
            if "error" in row:
                errors.append(f"{_name(part)} by {route}: {_short(row['error'])}")
                marks[route] = f"{NONE}<sup>{len(errors)}</sup>"
        for figure in ("nodes", "transposes", "seconds"):
            cells.append(_joined(marks.get(r) or _figure(part[r], figure) for r in ROUTES))
        for batch in batches:
            cells.append(_joined(_times(ratio(part, r, batch)) for r in OTHERS))
        lines.append("| " + " | ".join(cells) + " |")
    notes = [f"{number}. {error}" for number, error in enumerate(errors, 1)]
    return "\n".join([*lines, "", *notes]).rstrip()


def summary(parts: Sequence[Part], batches: Sequence[int]) -> str:
    """Conversions by route, node counts, and the speed-up of the direct route."""
    count = {r: sum("error" not in part[r] for part in parts) for r in ROUTES}
    converts = ", ".join(f"{route} {number}" for route, number in count.items())
    lines = [f"Of {len(parts)} parts, converted with the same outputs: {converts}."]
    lines.append(_more_nodes(parts))
    for batch in batches:
        found = [(part, value) for part in parts if (value := best_ratio(part, batch)) is not None]
        if not found:
            continue
        means = ", ".join(f"{r} {_times(_mean(parts, r, batch))}" for r in OTHERS)
        mean = geometric_mean([value for _, value in found]).value
        least, lowest = min(found, key=lambda entry: entry[1])
        slower = [f"{_name(p)} ({_times(value)})" for p, value in found if value < SLOWER]
        lines.append(
            f"Latency of the best other route over direct's at batch {batch}: geometric mean "
            f"{_times(mean)} ({means}), least {_times(lowest)} ({_name(least)}); below {SLOWER}: "
            f"{', '.join(slower) or 'none'}."
        )
    return "\n".join(f"- {line}" for line in lines)


def _mean(parts: Sequence[Part], route: str, batch: int) -> float | None:
    """The geometric mean of a route's ratios; None without any."""
    found = [value for part in parts if (value := ratio(part, route, batch)) is not None]
    return geometric_mean(found).value if found else None


def _more_nodes(parts: Sequence[Part]) -> str:
    """Parts whose direct graph has more nodes than another route's."""
    more = []
    for part in parts:
        for route in OTHERS:
            if "error" in part[route] or "error" in part[OURS]:
                continue
            if part[route]["nodes"] < part[OURS]["nodes"]:
                counts = f"{part[OURS]['nodes']} to {part[route]['nodes']} of {route}"
                more.append(f"{_name(part)} ({counts})")
    return f"More nodes by direct than by another route: {', '.join(more) or 'none'}."


def _name(part: Part) -> str:
    return f"{part[OURS]['model']} {part[OURS]['part']}"


def _figure(row: Row, figure: str) -> str:
    return f"{row[figure]:.2g}" if figure == "seconds" else str(row[figure])


def _times(value: float | None) -> str:
    return NONE if value is None else f"{value:.2f}"


def _joined(cells: Iterable[str]) -> str:
    return " / ".join(cells)


def _short(error: str) -> str:
    """An error in one line, without ONNX Runtime's codes."""
    text = " ".join(re.sub(r"\[ONNXRuntimeError\][^:]*:[^:]*:[^:]*:", "", error).split())
    return text if len(text) <= MAX_ERROR_LENGTH else f"{text[: MAX_ERROR_LENGTH - 1]}…"


def report(parts: Sequence[Part], schedule: Schedule) -> str:
    """The whole page."""
    return (
        "# The direct route and the other converters, on the same parts\n\n"
        f"{sentence('python -m benchmarks.routes')}\n\n"
        "Weights of seed 0, the same on every backend, their biases and statistics moved off zero "
        "and one; each route's own default opset. "
        "Nodes are those of the file; Transposes those of the graph that ONNX Runtime "
        "optimizes. Seconds are those of the first conversion of a part, in a process whose "
        "converters are loaded. A ratio is the other route's latency over direct's, above 1 "
        f"where direct is faster: the median of {schedule.rounds} rounds of "
        f"{schedule.round_seconds * 1000:.0f} ms, in turn in one process of {len(cores())} threads,"
        " after a check that their outputs agree; two sessions of one and the same graph differ by "
        "up to 2 %.\n\n"
        f"{summary(parts, schedule.batches)}\n\n{table(parts, schedule.batches)}\n"
    )


def main() -> int:
    """Converts, compares and writes; 1 where the direct route does not convert a part."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, help="a file for the table; the lines go beside it")
    parser.add_argument(
        "--models",
        nargs="+",
        default=list_models(),
        metavar="NAME",
        help="of the zoo, of benchmarks.routes.foreign, or `foreign` for all of those",
    )
    parser.add_argument("--rounds", type=int, default=Schedule.rounds, help="%(default)s")
    options = parser.parse_args()
    options.models = foreign.names(options.models)
    schedule = Schedule(rounds=options.rounds)
    plan = {"models": options.models, "routes": list(ROUTES), **asdict(schedule)}
    started = conditions(plan, threads=len(cores())).to_json()
    with tempfile.TemporaryDirectory() as folder:
        parts = convert(options.models, Path(folder))
        rows = [row for part in parts for row in compare_routes(part, Path(folder), schedule)]
    text = report(parts_of(rows), schedule)
    show(text, options.out, (started, *rows))
    return int(any("error" in row for row in rows if row["route"] == OURS))


if __name__ == "__main__":
    raise SystemExit(main())
