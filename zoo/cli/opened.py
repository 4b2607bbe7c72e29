"""A trained model in use: a run, a `.keras` file, or a bundle, which needs no Keras."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from zoo import pretrained
from zoo.cli import packages, terminal
from zoo.cli.errors import UsageError
from zoo.errors import suggestion
from zoo.uses import LABELS, Use

HELP = "a run folder, a .keras file, a bundle, or a pretrained model such as vae/digits"
ENGINES = ("auto", "onnxruntime", "openvino")
"""What bundles are computed with, for a parser without ONNX Runtime."""
Arrays = dict[str, np.ndarray]
Shape = tuple[int | None, ...]
"""Of one row; None is any size."""


@dataclass(frozen=True)
class Opened:
    """A model or a bundle, as commands use it.

    Attributes:
        path: The run folder, file or bundle.
        about: The model or the bundle's manifest: shape, value range, classes.
        table: Its uses.
        use: `(name, count=, seed=, …)` → results by name.
        shapes: A use's name → the shape of each of its inputs.
        class_names: The classes' names, where they have some.
        source: The source of the training data; empty where that is not recorded.
    """

    path: Path
    about: Any
    table: Mapping[str, Use]
    use: Callable[..., Arrays]
    shapes: Callable[[str], Mapping[str, Shape]]
    class_names: Sequence[str] | None = None
    source: Mapping[str, Any] = field(default_factory=dict)

    def require(self, name: str) -> Use:
        """The use of a name.

        Raises:
            UsageError: There is none.
        """
        if name not in self.table:
            hint = suggestion(name, self.table)
            if name == "sample" and {"encode", "decode"} <= set(self.table):
                hint = " Codes for it are drawn by --prior, of a run."
            raise UsageError(
                f"{self.path} has no use {name!r}.{hint} Accepted: {', '.join(self.table)}."
            )
        return self.table[name]

    def labels(self, text: str | None, *uses: Use) -> list[int]:
        """The classes that a list such as `3,7` or `cat,dog` names; by default all of them.

        Args:
            text: The list.
            uses: The uses that read the labels; no classes where none of them reads labels.

        Raises:
            UsageError: One of them is unknown, or nothing reads labels.
        """
        if not any(set(LABELS) & set(use.inputs) for use in uses):
            if text is not None:
                raise UsageError(f"{self.path} reads no labels. Received: --labels {text}.")
            return []
        classes = self.about.num_classes or 0
        if text is None:
            return list(range(classes))
        names = list(self.class_names or [])
        numbers = [str(index) for index in range(classes)]
        found = []
        for word in (word.strip() for word in text.split(",")):
            known = names if word in names else numbers
            if word not in known:
                hint = suggestion(word, names or numbers)
                raise UsageError(
                    f"--labels names classes. Received: {word!r}.{hint} "
                    f"Accepted: {', '.join(names or numbers)}."
                )
            found.append(known.index(word))
        return found


def given(use: Use, fields: Mapping[str, np.ndarray]) -> Arrays:
    """Those fields that a use reads."""
    return {name: fields[name] for name in use.inputs if name in fields}


def add_subject(parser: argparse.ArgumentParser) -> None:
    """Adds the run or bundle, and the engine of a bundle."""
    parser.add_argument("subject", type=Path, metavar="RUN_OR_BUNDLE", help=HELP)
    parser.add_argument(
        "--engine",
        choices=ENGINES,
        help="of a bundle; auto is what it was measured to run fastest in (onnxruntime)",
    )


def open_subject(path: Path, engine: str | None = None) -> Opened:
    """Opens a bundle or loads a run; a pretrained model is its bundle where ONNX Runtime is.

    Args:
        path: The bundle, run, file or name.
        engine: What computes a bundle; see `export.runtime.load`.

    Raises:
        RunError: There is no model.
        BundleError: The bundle was changed or is malformed.
        UsageError: The engine is not installed, or is one of bundles and this is none.
    """
    found = pretrained.find(path)
    if found is not None and packages.version("onnxruntime"):
        path = found / pretrained.BUNDLE
    if (path / "bundle.json").is_file():
        opened = _open_bundle(path, engine)
    else:
        check_no_engine(engine, f"{path}, which is none")
        opened = _load(path)
    return opened if found is None else replace(opened, source=pretrained.source(found))


def check_no_engine(engine: str | None, received: str) -> None:
    """Checks that no engine is named where no bundle is opened.

    Raises:
        UsageError: One is.
    """
    if engine is not None:
        raise UsageError(f"--engine is of bundles. Received: --engine {engine}, and {received}.")


def open_model(path: Path, rule: str) -> Opened:
    """Loads a run, a `.keras` file or a pretrained model with Keras.

    Args:
        path: The run, file or name.
        rule: For the message, where it is a bundle.

    Raises:
        RunError: There is no model.
        UsageError: It is a bundle.
    """
    if (path / "bundle.json").is_file():
        raise UsageError(f"{rule}. Received: {path}, a bundle.")
    found = pretrained.find(path)
    opened = _load(path)
    return opened if found is None else replace(opened, source=pretrained.source(found))


def _open_bundle(path: Path, engine: str | None) -> Opened:
    load = packages.import_own("export.runtime").load  # which needs no Keras
    try:
        session = load(path, engine=engine)
    except ValueError as error:  # of an engine that is not installed
        raise UsageError(str(error)) from error
    about = session.manifest

    def shapes(name: str) -> dict[str, Shape]:
        return {value: port.shape for value, port in about.inputs(name).items()}

    return Opened(path, about, session.uses, session.use, shapes, about.class_names)


def _load(path: Path) -> Opened:
    terminal.choose_backend()
    from zoo.training.loading import load
    from zoo.training.run_folder import read_run

    model = load(path)
    run = read_run(path) if (path / "run.json").is_file() else {}
    names, source = run.get("class_names"), run.get("source", {})
    return Opened(path, model, model.table(), model.use, model.shapes, names, source)
