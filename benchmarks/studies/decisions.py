"""Whether an exported anomaly detector decides as the trained model does, on a whole test set.

`python -m benchmarks.studies.decisions RUN BUNDLE --data mnist.npz --out decisions.md`

The threshold is that of a contamination of the training data. The bundle's use `anomaly` is written
as one graph from bytes to decisions, which ONNX Runtime and OpenVINO run; the model scores the same
rows on every backend, in a process each. A decision may differ where a score lies within the band,
10⁻⁴ of the threshold, around it; the study fails where one differs elsewhere.

The run of the committed results is `zoo train conv_autoencoder --data mnist.npz --epochs 3
--batch-size 128`.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.records.environment import sentence
from benchmarks.records.pages import show
from zoo.backends import PACKAGES
from zoo.data import load_data

BACKENDS = tuple(PACKAGES)
ENGINES = {"ONNX Runtime": None, "OpenVINO": ["openvino"]}
BATCH = 250


def asked_rows(source: str, count: int) -> Any:
    """The first rows of the test data."""
    _, test = load_data(source)
    if test is None:
        raise SystemExit(f"The study is of test data. Received: {source}, which has none.")
    return test.select(np.arange(min(count, len(test))))


def score_natively(run: Path, source: str, count: int, out: Path) -> None:
    """Scores the rows on the backend of this process."""
    import zoo

    scores = zoo.load(run).use("anomaly", data=asked_rows(source, count), batch_size=BATCH)
    np.save(out, scores["score"])


def score_on_backends(run: Path, source: str, count: int) -> dict[str, np.ndarray]:
    """The scores of each backend."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for backend in BACKENDS:
            out = Path(folder) / f"{backend}.npy"
            words = [run, "--data", source, "--rows", count, "--worker", out]
            subprocess.run(
                [sys.executable, "-m", "benchmarks.studies.decisions", *map(str, words)],
                check=True,
                env={**os.environ, "KERAS_BACKEND": backend},
            )
            found[backend] = np.load(out)
    return found


def score_by_graph(path: Path, data: np.ndarray) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """The scores and the decisions of the graph in each engine."""
    from export.runtime.engine import open_graph, run

    found = {}
    for name, providers in ENGINES.items():
        graph = open_graph(path, providers=providers)
        parts = [
            run(graph, {"data": data[start : start + BATCH]})
            for start in range(0, len(data), BATCH)
        ]
        scores, decisions = (
            np.concatenate([part[key] for part in parts]) for key in ("score", "decision")
        )
        found[name] = (scores, decisions)
    return found


def study(run: Path, bundle: Path, source: str, contamination: float, count: int) -> list[str]:
    """The lines of the report.

    Raises:
        SystemExit: A decision differs outside the band.
    """
    import export
    from export.pipelines import compare_decisions
    from zoo.applications import anomalies, threshold_of

    train, _ = load_data(source)
    known = train.select(np.linspace(0, len(train) - 1, min(count, len(train))).astype(int))
    scores = anomalies(export.runtime.load(bundle), known).scores
    threshold = threshold_of(scores, contamination)
    native = score_on_backends(run, source, count)
    data = asked_rows(source, count).fields["data"].values
    if data.dtype != np.uint8:
        raise SystemExit(f"The data are bytes. Received: {data.dtype}.")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "anomaly.onnx"
        export.to_pipeline(bundle, path, "anomaly", uint8=True, threshold=threshold)
        exported = score_by_graph(path, data.reshape(len(data), *train.shape))
    for name, (made, decided) in exported.items():
        if not np.array_equal(decided, made > np.float32(threshold)):
            raise SystemExit(f"{name} decides otherwise than its own scores say.")
    first = BACKENDS[0]
    others = native | {name: made for name, (made, _) in exported.items()}
    lines = [
        f"Threshold {threshold:.8g}: contamination {contamination:g} of {len(known)} training "
        f"rows. {len(data)} test rows, of which {first} flags "
        f"{int((native[first] > np.float32(threshold)).sum())}.",
        "",
        f"| held against {first} | rows in the band | decisions that differ | outside the band "
        "| largest difference of scores, of the threshold |",
        "|---|---|---|---|---|",
    ]
    outside = 0
    for name, made in others.items():
        if name == first:
            continue
        found = compare_decisions(native[first], made, threshold)
        outside += found.outside
        lines.append(
            f"| {name} | {found.within} | {found.differing} | {found.outside} "
            f"| {found.largest:.1e} |"
        )
    band = compare_decisions(native[first], native[first], threshold).band
    lines += ["", f"The band is ±{band:.2g} around the threshold: 1e-4 of it."]
    if outside:
        raise SystemExit("\n".join([*lines, "", f"{outside} decisions differ outside the band."]))
    return lines


def described(run: Path) -> str:
    """The detector and its training."""
    record = json.loads((run / "run.json").read_text())
    training = ", ".join(f"{k} {v}" for k, v in record["training"].items() if v is not None)
    data = Path(record["data"]["source"]).name
    return f"The detector: `{record['name']}`, trained on {data}, {training}."


def main() -> None:
    """Runs the study, or one backend's part of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("bundle", type=Path, nargs="?")
    parser.add_argument("--data", required=True)
    parser.add_argument("--contamination", type=float, default=0.05)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--worker", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        score_natively(options.run, options.data, options.rows, options.worker)
        return
    if options.bundle is None:
        parser.error("a run and its bundle are needed")
    found = study(options.run, options.bundle, options.data, options.contamination, options.rows)
    words = [
        f"--data {Path(options.data).name}",
        f"--contamination {options.contamination:g}",
        f"--rows {options.rows}",
    ]
    command = f"python -m benchmarks.studies.decisions RUN BUNDLE {' '.join(words)}"
    lines = [
        "# Decisions of a trained and of an exported detector",
        "",
        sentence(command),
        "",
        described(options.run),
        *found,
    ]
    text = "\n".join(lines) + "\n"
    show(text, options.out)


if __name__ == "__main__":
    main()
