"""Shows several runs side by side on one page: settings, curves of every log, last pictures.

The page is one HTML file without links to others. Curves are over steps; logs of the same name
share a chart.
"""

from __future__ import annotations

import argparse
import base64
import json
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from zoo.cli import terminal
from zoo.errors import RunError
from zoo.files import write_atomically
from zoo.plotting.curves import colour_of, draw_chart

EXAMPLES = """\
examples:
  zoo compare runs/vae runs/beta_vae --out compare.html
"""
NOT_LOGS = ("epoch", "step", "seconds")
STYLE = """\
body { font: 14px sans-serif; margin: 2em; color: #222; }
svg text { font: 10px sans-serif; fill: #444; }
svg text[font-weight] { font: bold 12px sans-serif; }
table { border-collapse: collapse; } td, th { padding: .2em .8em; text-align: left; }
tr { border-bottom: 1px solid #ddd; }
figure { display: inline-block; margin: 0 1.5em 1.5em 0; vertical-align: top; }
img { max-width: 420px; image-rendering: pixelated; }"""


@dataclass(frozen=True)
class RunFiles:
    """A run on the page.

    Attributes:
        path: Its folder.
        record: The content of `run.json`.
        lines: Those of its log.
    """

    path: Path
    record: dict[str, Any]
    lines: list[dict[str, Any]]

    @property
    def picture(self) -> Path | None:
        """The last picture."""
        found = [(path.stat().st_mtime, path) for path in (self.path / "samples").glob("*.png")]
        return max(found)[1] if found else None

    @property
    def settings(self) -> dict[str, Any]:
        """Of the model."""
        return self.record.get("model", {}).get("settings", {})


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the runs and the page."""
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN", help="a run folder")
    parser.add_argument(
        "--out", type=Path, default=Path("compare.html"), metavar="FILE", help="(compare.html)"
    )


def run(options: argparse.Namespace) -> None:
    """Writes the page and prints its path."""
    runs = [read(path) for path in options.runs]
    write_atomically(options.out, page(runs))
    terminal.note(f"compared {len(runs)} runs")
    print(options.out)


def read(path: Path) -> RunFiles:
    """Reads a run folder; imports no backend.

    Raises:
        RunError: It is none, or its files cannot be read.
    """
    try:
        record = json.loads((path / "run.json").read_text())
        log = path / "log.jsonl"
        text = log.read_text() if log.is_file() else ""
        lines = [json.loads(line) for line in text.splitlines()]
    except (OSError, ValueError) as error:
        raise RunError(f"A run is a folder that zoo train made. Received: {path}.") from error
    return RunFiles(path, record, lines)


def page(runs: list[RunFiles]) -> str:
    """The page."""
    names = dict.fromkeys(n for run in runs for line in run.lines for n in line)
    charts = [
        draw_chart(
            name,
            {
                str(run.path): [(line["step"], line[name]) for line in run.lines if name in line]
                for run in runs
            },
        )
        for name in names
        if name not in NOT_LOGS
    ]
    sections = [_table(runs), "<h2>Curves</h2>", *charts, "<h2>Last pictures</h2>"]
    sections += [_figure(run) for run in runs if run.picture is not None]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>{len(runs)} runs</title><style>\n{STYLE}\n</style></head><body>\n"
        f"<h1>{len(runs)} runs</h1>\n" + "\n".join(sections) + "\n</body></html>\n"
    )


def _table(runs: list[RunFiles]) -> str:
    """A row for each run, with the settings in which runs differ."""
    keys = dict.fromkeys(key for run in runs for key in run.settings)
    different = [
        key for key in keys if len({json.dumps(run.settings.get(key)) for run in runs}) > 1
    ]
    heads = ["", "run", "model", "data", "step", *different]
    rows = []
    for number, run in enumerate(runs):
        last = run.lines[-1] if run.lines else {}
        source = run.record.get("source", {}).get("data", "")
        cells = [run.path, run.record.get("name", ""), Path(str(source)).name, last.get("step", 0)]
        cells += [run.settings.get(key, "") for key in different]
        mark = f'<td style="color:{colour_of(number)}">■</td>'
        rows.append(f"<tr>{mark}{''.join(f'<td>{escape(str(cell))}</td>' for cell in cells)}</tr>")
    head = "".join(f"<th>{escape(name)}</th>" for name in heads)
    return f"<table><tr>{head}</tr>\n" + "\n".join(rows) + "\n</table>"


def _figure(run: RunFiles) -> str:
    content = base64.b64encode(run.picture.read_bytes()).decode() if run.picture else ""
    image = f'<img alt="{escape(str(run.path))}" src="data:image/png;base64,{content}">'
    return f"<figure>{image}<figcaption>{escape(str(run.path))}</figcaption></figure>"
