"""A leaderboard as a page: conditions, what data and trivial baselines reach, a row a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.leaderboard.folder import sheet

COLUMNS = {
    "squared error": ("mean_squared_error",),
    "SSIM": ("ssim",),
    "restored": ("restoration_error",),
    "translated": ("translation_error",),
    "Fréchet": ("frechet_distance", "translation_distance"),
    "coverage": ("coverage",),
    "density": ("density",),
    "labels": ("label_accuracy", "translation_label_accuracy"),
    "probe": ("probe_accuracy",),
    "copies": ("memorisation",),
}
"""Heading → metrics, of which the first that a model has stands there."""
OWN_BASELINE = ("restored", "translated")
"""Columns whose baseline depends on the model, and stands beside its value."""
UNIT = "vae"
"""The model whose step is the unit of time."""


def page(
    rows: Sequence[Mapping[str, Any]],
    conditions: Mapping[str, Any],
    command: str,
    notes: str = "",
) -> str:
    """The page in Markdown.

    Args:
        rows: One for each model.
        conditions: What they have in common.
        command: That made them.
        notes: What someone who looked at the sheets has to say, in Markdown.
    """
    done = [row for row in rows if "scores" in row]
    features = conditions["features"]
    hashed = f", SHA-256 `{features['sha256'][:16]}…`" if "sha256" in features else ""
    known = f" (test accuracy {features['accuracy']:.4f})" if "accuracy" in features else ""
    lines = [
        f"# Leaderboard: {conditions['data']}",
        "",
        f"`{command}`, {conditions['backend']}, {conditions['machine']}. Every model: "
        f"{conditions['steps']} steps of {conditions['batch_size']} rows, seed "
        f"{conditions['seed']}, judged on {conditions['count']} rows of the "
        f"{conditions['held_out']}. Networks are small: {conditions['width_factor']} times the "
        f"widths and {conditions['size_factor']} times the other sizes of the tests, at most the "
        f"defaults; learning rates are at least {conditions['least_rate']:g}. The budget suits "
        "some models better than others: the table tells that a model learns, not which one is "
        "best.",
        "",
        f"Fréchet distance, coverage and density are on {features['name']} features{hashed}"
        f"{known}; errors are squared, of data in (0, 1): `restored` after a model damaged data "
        "itself, `translated` of pictures that it made of their edges, both beside a trivial "
        "answer. Of models that translate, the Fréchet distance is that of translations; `labels` "
        "is the share of samples, or of translations, of the class asked for; `probe` a logistic "
        "regression on codes; `copies` the chance that a sample is nearer to the training data "
        f"than a row of test data is. A step's time is over that of `{UNIT}`.",
        "",
        *_table(done),
        "",
    ]
    skipped = [row for row in rows if "skipped" in row]
    if skipped:
        reasons = "; ".join(f"`{row['model']}` {row['skipped']}" for row in skipped)
        lines += [f"Not trained on these data: {reasons}.", ""]
    failed = [row for row in rows if "failed" in row]
    if failed:
        lines += ["Failed:", "", *(f"- `{row['model']}`: {row['failed']}" for row in failed), ""]
    if notes:
        lines += ["## What is weak, and why", "", notes.strip(), ""]
    lines += _sheets(done)
    return "\n".join(lines)


def _table(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    unit = next((row.get("step_milliseconds") for row in rows if row["model"] == UNIT), None)
    heads = ["model", "weights", "step", *COLUMNS]
    lines = ["| " + " | ".join(heads) + " |", "|---|" + "---:|" * (len(heads) - 1)]
    beside = _beside(rows)
    if any(beside.values()):
        cells = ["*data, or a baseline*", "", "", *beside.values()]
        lines.append("| " + " | ".join(cells) + " |")
    for row in rows:
        found = {score["metric"]: score for score in row["scores"]}
        timed = unit is not None and "step_milliseconds" in row
        step = f"{row['step_milliseconds'] / unit:.2f}" if timed else ""
        cells = [f"`{row['model']}`", f"{row['weights']:,}", step]
        cells += [_cell(heading, found) for heading in COLUMNS]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def _cell(heading: str, found: Mapping[str, Mapping[str, Any]]) -> str:
    """The first of a column's metrics that a model has."""
    score = next((found[metric] for metric in COLUMNS[heading] if metric in found), None)
    if score is None:
        return ""
    own = score.get("beside", {}) if heading in OWN_BASELINE else {}
    return ", ".join([_text(score["value"]), *(f"*{_text(v)} {name}*" for name, v in own.items())])


def _beside(rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """By heading, what does not depend on the model: the data's scores, the mean's error."""
    found: dict[str, str] = {}
    for row in rows:
        for score in row["scores"]:
            for name, value in score.get("beside", {}).items():
                if not name.startswith("PCA"):
                    found.setdefault(score["metric"], f"*{_text(value)} {name}*")
    return {
        heading: "" if heading in OWN_BASELINE else found.get(metrics[0], "")
        for heading, metrics in COLUMNS.items()
    }


def _sheets(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    lines = [
        "## Contact sheets",
        "",
        "Where a model rebuilds data: test data, and below them what it makes of them, with the "
        "corrupted data or the attention where it has such. Where it samples: six rows of samples, "
        "which are not chosen.",
        "",
    ]
    for row in rows:
        lines += [f"### {row['model']}", "", f"![{row['model']}]({sheet(row['model'])})", ""]
    return lines


def _text(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}"
