"""A trained model to draw from: a run, a `.keras` file, or a bundle, which needs no Keras."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from zoo.cli import terminal
from zoo.cli.errors import UsageError

HELP = "a run folder, a .keras file, or a bundle"


@dataclass(frozen=True)
class Subject:
    """What the commands ask of a model or of a bundle.

    Attributes:
        path: Where it lies.
        about: The model or the bundle's manifest: shape, value range, classes, prior, code.
        sample: `(count, labels=, seed=)` → data.
        encode: `(data, labels=)` → codes.
        decode: `(codes, labels=)` → data.
        reconstruct: `(data, labels=)` → data.
        reads_labels: Whether the part of a name reads labels.
        class_names: The classes' names, where they have some.
        source: Where the training data came from; empty where nobody knows.
    """

    path: Path
    about: Any
    sample: Callable[..., np.ndarray]
    encode: Callable[..., np.ndarray]
    decode: Callable[..., np.ndarray]
    reconstruct: Callable[..., np.ndarray]
    reads_labels: Callable[[str], bool]
    class_names: Sequence[str] | None = None
    source: Mapping[str, Any] = field(default_factory=dict)

    def labels(self, text: str | None) -> list[int]:
        """The classes that a list such as `3,7` or `cat,dog` names; by default all of them.

        Raises:
            UsageError: One of them is unknown, or the model reads no labels.
        """
        classes = self.about.num_classes or 0
        if text is None:
            return list(range(classes))
        names = list(self.class_names or [])
        numbers = [str(index) for index in range(classes)]
        found = []
        for word in (word.strip() for word in text.split(",")):
            known = names if word in names else numbers
            if word not in known:
                near = difflib.get_close_matches(word, names or numbers, n=1)
                hint = f" Did you mean {near[0]!r}?" if near else ""
                accepted = ", ".join(names or numbers) or "none, as the model reads no labels"
                raise UsageError(
                    f"--labels names classes. Received: {word!r}.{hint} Accepted: {accepted}."
                )
            found.append(known.index(word))
        return found


def open_subject(path: Path) -> Subject:
    """Opens a bundle or loads a run.

    Raises:
        RunError: There is no model.
        BundleError: The bundle was changed or is malformed.
    """
    return _open_bundle(path) if (path / "bundle.json").is_file() else _load(path)


def _open_bundle(path: Path) -> Subject:
    session = import_module("export.runtime").load(path)  # which needs no Keras
    about = session.manifest
    return Subject(
        path,
        about,
        session.generate,
        session.encode,
        session.decode,
        session.reconstruct,
        lambda part: about.parts[part].input("labels") is not None,
        about.class_names,
    )


def _load(path: Path) -> Subject:
    terminal.choose_backend()
    from zoo.inference import input_names
    from zoo.training.loading import load
    from zoo.training.run_folder import read_run

    model = load(path)
    run = read_run(path) if (path / "run.json").is_file() else {}
    return Subject(
        path,
        model,
        model.sample,
        model.encode,
        model.decode,
        model.reconstruct,
        lambda part: "labels" in input_names(model.parts()[part]),
        run.get("class_names"),
        run.get("source", {}),
    )
