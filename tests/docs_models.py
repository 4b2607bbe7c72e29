"""The pages of the models in docs/models, and their index: from the registry and from results."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from tests.docs_table import TITLES, linked, names_by_kind
from zoo import pretrained, registry
from zoo.model.settings import CommonSettings, NetworkSettings

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "models"
RESULTS = ROOT / "benchmarks" / "results"
BOARD = RESULTS / "leaderboard-digits"
LINKS = "../../benchmarks/results"
COLUMNS = 4
BACKENDS = ("jax", "torch", "tensorflow")
NO_PICTURES = {
    "text_vae": ("sentences.txt --tokens words --lines --length 20", "made.txt"),
    "table_vae": ("people.csv", "made.csv"),
    "table_gan": ("people.csv", "made.csv"),
}
"""The models that read no images: a file of their data, and of their samples."""
PAIRS = {
    "pix2pix": ("target", "edges.npz --target drawn.npz"),
    "cyclegan": ("other", "edges.npz --target drawn.npz --unpaired"),
}
"""The models that learn to translate: the field that they read beside the data, and files."""
APPLIED = {
    "context_encoder": "inpaint",
    "cyclegan": "translate",
    "denoising_autoencoder": "denoise",
    "masked_autoencoder": "inpaint",
    "pix2pix": "translate",
    "srgan": "upscale",
    "stargan": "translate",
}
"""The commands that models are made for."""
COMMON = {*CommonSettings.fields, *NetworkSettings.fields}


@cache
def board() -> tuple[Mapping[str, Any], Mapping[str, Mapping[str, Any]]]:
    """The conditions of the leaderboard, and its rows by model."""
    first, *rows = map(json.loads, (BOARD / "leaderboard.jsonl").read_text().splitlines())
    return first["conditions"], {row["model"]: row for row in rows if "scores" in row}


@cache
def certificates() -> Mapping[str, list[Mapping[str, Any]]]:
    """The certificates of each model's parts."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for line in (RESULTS / "certificates.jsonl").read_text().splitlines():
        row = json.loads(line)
        if "part" in row:
            found.setdefault(row["model"], []).append(row)
    return found


def page(name: str) -> str:
    """The page of a model."""
    row = registry.TABLE[name]
    cls = row.load()
    first, _, rest = (inspect.getdoc(cls) or "").partition("\n\n")
    lines = [f"# {name}", "", f"*{row.summary[0].upper()}{row.summary[1:]}.*", ""]
    lines += [linked(" ".join(first.split())), ""] + ([linked(escaped(rest)), ""] if rest else [])
    lines += _picture(name) + _training(name) + _settings(name)
    lines += _results(name) + _certificate(name)
    path = f"{cls.__module__.replace('.', '/')}.py"
    lines += [
        "## Source",
        "",
        f"{linked(row.paper)}; here `{cls.__name__}` in [{path}](../../{path}).",
    ]
    lines += ["", "[All models](README.md)"]
    return "\n".join(lines) + "\n"


def index() -> str:
    """The page that shows all of them."""
    lines = ["# The models in pictures", ""]
    _, rows = board()
    for kind, names in names_by_kind().items():
        lines += [f"## {TITLES[kind]}", "", *["| " * COLUMNS + "|", "|---" * COLUMNS + "|"]]
        for start in range(0, len(names), COLUMNS):
            some = names[start : start + COLUMNS]
            shown = [f"![{n}]({_sheet(n)})<br>" if n in rows else "" for n in some]
            cells = [
                f"{picture}[{n}]({n}.md): {registry.TABLE[n].summary}"
                for n, picture in zip(some, shown, strict=True)
            ]
            lines.append("| " + " | ".join([*cells, *[""] * (COLUMNS - len(cells))]) + " |")
        lines.append("")
    return "\n".join([*lines, _caption(), ""])


def _sheet(name: str) -> str:
    return f"{LINKS}/{BOARD.name}/sheets/{name}.png"


def _caption() -> str:
    conditions, _ = board()
    return (
        f"Pictures and scores are of 8×8 digits after {conditions['steps']:,} steps of "
        f"{conditions['batch_size']} rows, with small networks: "
        f"[the leaderboard]({LINKS}/{BOARD.name}/leaderboard.md) has the conditions. Where a model "
        "rebuilds data, test data are in the first row and what it makes of them below, with the "
        "corrupted data or the attention where it has such; `pix2pix` and `cyclegan` make pictures "
        "of their edges; where a model samples, the last six rows are samples, which are not "
        "chosen."
    )


def _picture(name: str) -> list[str]:
    if name not in board()[1]:
        return []
    return [f"![{name}]({_sheet(name)})", "", _caption(), ""]


def _training(name: str) -> list[str]:
    """Commands, and the leaderboard's settings in Python."""
    source, sampled = NO_PICTURES.get(name, ("digits", ""))
    source = PAIRS[name][1] if name in PAIRS else source
    words = f"zoo train {name} --data {source} --epochs 20 --out runs/{name}"
    lines = ["## Training", "", "```sh", words]
    if sampled:
        lines += [f"zoo sample runs/{name} --out {sampled}", f"zoo reconstruct runs/{name} -n 4"]
        lines.append(f"zoo export runs/{name} --out bundles/{name}")
    row = board()[1].get(name)
    if row is not None:
        scores = {score["metric"] for score in row["scores"]}
        if "frechet_distance" in scores:
            lines.append(f"zoo sample runs/{name} --out samples.png")
        if "mean_squared_error" in scores:
            lines.append(f"zoo reconstruct runs/{name} --out rebuilt.png")
        if name in APPLIED:
            lines.append(f"zoo {APPLIED[name]} runs/{name} --out made.png")
        lines.append(f"zoo export runs/{name} --out bundles/{name}")
    if f"{name}/digits" in pretrained.available():
        lines.append(f"zoo sample {name}/digits --out pretrained.png  # comes with the package")
    lines += ["```", ""]
    return lines if row is None else lines + _in_python(name, row)


def _in_python(name: str, row: Mapping[str, Any]) -> list[str]:
    conditions, _ = board()
    options = "".join(f"    {key}={_literal(value)},\n" for key, value in row["settings"].items())
    made = f'model = zoo.create(\n    "{name}",\n{options})'
    steps = f"steps={conditions['steps']}, batch_size={conditions['batch_size']}"
    lines = ["import zoo", "", 'train, test = zoo.load_data("digits")']
    if name in PAIRS:
        lines.insert(1, "from benchmarks.leaderboard.pairs import of_edges")
        lines.append(f'train = of_edges(train, ["{PAIRS[name][0]}"])')
    lines.append(made)
    return ["As in the picture:", "", "```python", *lines, f"model.fit(train, {steps})", "```", ""]


def _literal(value: Any) -> str:
    return repr(tuple(value)) if isinstance(value, list) else repr(value).replace("'", '"')


def _settings(name: str) -> list[str]:
    """The settings that are its own, or its family's."""
    fields = {n: f for n, f in registry.TABLE[name].fields().items() if n not in COMMON}
    if not fields:
        return []
    lines = ["## Settings", "", "| setting | default | meaning |", "|---|---|---|"]
    for key, field in fields.items():
        default = "" if field.required else f"`{_literal(field.default)}`"
        lines.append(f"| `{key}` | {default} | {escaped(field.doc)} |")
    shared = "Settings that all models have are in [training](../training.md#settings)."
    return [*lines, "", shared, ""]


def _results(name: str) -> list[str]:
    row = board()[1].get(name)
    if row is None:
        return []
    lines = ["## Scores", "", "| metric | value | beside |", "|---|---:|---|"]
    for score in row["scores"]:
        beside = score.get("beside", {}).items()
        told = ", ".join(f"{value:.3g} {what}" for what, value in beside if value is not None)
        value = "" if score["value"] is None else f"{score['value']:.3g}"
        lines.append(f"| {score['metric'].replace('_', ' ')} | {value} | {told} |")
    told = f"{row['weights']:,} weights. What each metric is: [evaluating](../evaluating.md)."
    return [*lines, "", told, ""]


def _certificate(name: str) -> list[str]:
    rows = certificates().get(name, [])
    if not rows:
        return []
    parts = list(dict.fromkeys(row["part"] for row in rows))
    known = {(row["part"], row["backend"]): row for row in rows}
    lines = [
        "## Certificate",
        "",
        f"The share of the tolerance that the worst of {max(r.get('inputs', 0) for r in rows)} "
        f"inputs takes, by backend ([conditions]({LINKS}/certificates.md)).",
        "",
        "| part | data | nodes | " + " | ".join(BACKENDS) + " |",
        "|---|---|---:|" + "---:|" * len(BACKENDS),
    ]
    for part in parts:
        some = next(row for row in rows if row["part"] == part)
        cells = [_share(known.get((part, backend))) for backend in BACKENDS]
        shape = "×".join(map(str, some["shape"]))
        lines.append(f"| `{part}` | {shape} | {some.get('nodes', '')} | {' | '.join(cells)} |")
    return [*lines, ""]


def _share(row: Mapping[str, Any] | None) -> str:
    if row is None:
        return ""
    return f"{row['conditioned']:.1%}" if row["passed"] else "fails"


def escaped(text: str) -> str:
    """Text in Markdown, where bars and asterisks mean something else."""
    return text.replace("|", "\\|").replace("*", "\\*")


def pages() -> dict[Path, str]:
    """The files, and their text as it should be."""
    made = {FOLDER / f"{name}.md": page(name) for name in registry.TABLE}
    return {FOLDER / "README.md": index(), **made}
