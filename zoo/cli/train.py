"""Trains a model and leaves a run folder: settings, log, pictures, checkpoints, trained model.

What is in the data's test split is used for validation. A run that was interrupted, or killed,
continues with --resume as if it had not been; what the command then leaves out is read from the
run folder.
"""

from __future__ import annotations

import argparse
import json
import shlex
import signal
import sys
from pathlib import Path
from typing import Any

import zoo
from zoo.cli import settings, sources, terminal, values
from zoo.cli.errors import Interrupted, UsageError
from zoo.data.load import NAMES, PATHS
from zoo.errors import RunError, ZooError
from zoo.registry import describe
from zoo.settings import FORMAT, is_trained_model

EXAMPLES = """\
examples:
  zoo train vae --data digits --epochs 20
  zoo train wgan_gp --data faces/ --image-size 64 --steps 20000 --out runs/faces
  zoo train cgan --data mnist.npz --set latent_dim=64 network_options.width=16
  zoo train --resume --out runs/faces
  zoo train my_models.py:MyVAE --data digits

zoo describe NAME tells what --set accepts.
"""
EPOCHS = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the model, its data, its settings, and the run."""
    parser.add_argument(
        "name",
        nargs="?",
        metavar="NAME",
        help="a name that zoo list shows, or a class of your own: file.py:Class, module:Class",
    )
    sources.add_arguments(
        parser,
        help=f"{', '.join(NAMES)}, or a path to {PATHS}",
    )
    length = parser.add_mutually_exclusive_group()
    length.add_argument(
        "--epochs", type=values.count, metavar="N", help=f"passes over the data ({EPOCHS})"
    )
    length.add_argument("--steps", type=values.count, metavar="N", help="steps, in place of epochs")
    parser.add_argument(
        "--batch-size", type=values.count, metavar="N", help="rows of an update (64, or all)"
    )
    parser.add_argument(
        "--set",
        action="extend",
        nargs="+",
        default=[],
        metavar="KEY=VALUE",
        help="settings of the model",
    )
    parser.add_argument(
        "--from",
        dest="from_runs",
        action="append",
        default=[],
        metavar="NAME=RUN",
        help="a trained model for the setting NAME, kept as it is",
    )
    parser.add_argument(
        "--init", type=Path, metavar="RUN", help="start from the weights of a run or a .keras file"
    )
    parser.add_argument(
        "--seed", type=values.seed, metavar="N", help="of weights, noise and the data's order (0)"
    )
    parser.add_argument(
        "--steps-per-call",
        type=values.count,
        default=1,
        metavar="N",
        help="steps that one compiled call runs (1)",
    )
    parser.add_argument(
        "--every",
        type=values.count,
        metavar="N",
        help="write a log line, a picture and a checkpoint every N steps, too",
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="the run folder (runs/NAME)")
    existing = parser.add_mutually_exclusive_group()
    existing.add_argument("--resume", action="store_true", help="continue the run in the folder")
    existing.add_argument("--overwrite", action="store_true", help="replace the run in the folder")
    parser.add_argument("--quiet", action="store_true", help="show no progress")
    parser.add_argument("--json", action="store_true", help="print the outcome as JSON")


def run(options: argparse.Namespace) -> None:
    """Trains, or continues to train, and prints the last logs."""
    if options.name is not None:
        describe(options.name)
    elif options.out is None:
        raise UsageError("A model's name is needed. zoo list shows them.")
    out = options.out or Path("runs") / options.name.rpartition(":")[2]
    before = _recorded(out) if options.resume else {}
    name = options.name or before.get("name")
    if name is None:
        raise UsageError(f"A model's name is needed. Received: no NAME, and {out} holds no run.")
    if before.get("name", name) != name:
        raise RunError(
            f"A run is resumed with its own model. Received: {name}. Accepted: {before['name']}."
        )
    source = sources.source_of(options, before.get("source"))
    if "data" not in source:
        raise UsageError(f"--data is needed. Accepted: {', '.join(NAMES)}, or a path.")
    data, test = sources.load(source)
    terminal.choose_backend()
    model = _model(name, data, options, before)
    _check_read(name, model, options)
    length = _length(options, before)
    terminal.note(f"training {name} on {len(data)} samples of shape {data.shape}, into {out}")
    every = options.every or before.get("training", {}).get("every")
    _fit(model, data, test, length, options, before, _run_folder(out, name, source, every))
    _report(out, name, as_json=options.json)


def _recorded(out: Path) -> dict[str, Any]:
    """The content of `run.json`, where there is one."""
    if not out.is_dir():
        return {}
    terminal.choose_backend()
    from zoo.training.run_folder import RunFolder, read_run

    RunFolder(out).settle()
    return read_run(out) if (out / "run.json").is_file() else {}


def _model(name: str, data: Any, options: argparse.Namespace, before: dict[str, Any]) -> Any:
    """The model: what the data decide, then the row, the run before, and the options."""
    from zoo.training.loading import class_of, copy_weights

    row = describe(name)
    cls = class_of(before["model"], options.out or Path()) if before else row.load()
    chosen = settings.parse(options.set, row.fields())
    for entry in options.from_runs:
        setting, path = _pretrained(entry, cls)
        chosen[setting] = zoo.load(path)
    if options.seed is not None:
        chosen["seed"] = options.seed
    recorded = before.get("model", {}).get("settings", {"format": FORMAT})
    facts = {} if before else {**cls.facts(data), **row.settings}
    model = _create(name, cls, {**facts, **recorded, **chosen})
    if options.init is not None:
        copy_weights(model, options.init)
    return model


def _check_read(name: str, model: Any, options: argparse.Namespace) -> None:
    """Looks whether a model reads what is given beside the data.

    Raises:
        UsageError: It reads no second source, no masks, or no small data.
    """
    for option in sources.BESIDE:
        fields = sources.SECOND if option == "target" else (option,)
        if getattr(options, option) is not None and not set(fields) & set(model.reads):
            raise UsageError(
                f"{name} reads no {' or '.join(fields)}. Received: --{option} "
                f"{getattr(options, option)}. Accepted: --data alone."
            )
    if options.label is not None and model.num_classes is None:
        terminal.note(
            f"warning: {name} reads no labels: the column {options.label!r} is no part of its data"
        )


def _pretrained(entry: str, cls: Any) -> tuple[str, Path]:
    """The setting and the run of `NAME=RUN`."""
    name, equals, path = entry.partition("=")
    accepted = [key for key, setting in cls.fields.items() if is_trained_model(setting)]
    if not equals or name not in accepted:
        raise UsageError(
            f"--from takes NAME=RUN, a trained model as a setting. Received: {entry!r}. "
            f"Accepted names: {', '.join(accepted) or 'none, this model has no such setting'}."
        )
    return name, Path(path)


def _create(name: str, cls: Any, config: dict[str, Any]) -> Any:
    try:
        return cls.from_config(config)
    except ZooError:
        raise
    except (TypeError, ValueError) as error:  # Keras's, about an activation or a width of 0.
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise UsageError(f"{name} cannot be made with these settings: {first}") from error


def _length(options: argparse.Namespace, before: dict[str, Any]) -> dict[str, int | None]:
    """Epochs and steps, of which the second decides where it is given."""
    if options.epochs is None and options.steps is None and before:
        return {key: before["training"][key] for key in ("epochs", "steps")}
    return {"epochs": options.epochs or EPOCHS, "steps": options.steps}


def _run_folder(out: Path, name: str, source: dict[str, Any], every: int | None) -> Any:
    from zoo.training.run_folder import RunFolder

    return RunFolder(out, details={"name": name, "source": source}, every=every)


def _fit(
    model: Any,
    data: Any,
    test: Any,
    length: dict[str, int | None],
    options: argparse.Namespace,
    before: dict[str, Any],
    folder: Any,
) -> None:
    from zoo.training.health import HealthChecks

    recorded = before.get("training", {})
    progress_bar = 1 if sys.stderr.isatty() else 2
    try:
        with terminal.results_only():
            model.fit(
                data,
                **length,
                batch_size=options.batch_size or recorded.get("batch_size"),
                validation_data=test,
                seed=options.seed if options.seed is not None else recorded.get("seed"),
                steps_per_call=options.steps_per_call,
                callbacks=[HealthChecks(data)],
                verbose=0 if options.quiet else progress_bar,
                run=folder,
                resume=options.resume,
                overwrite=options.overwrite,
            )
    except KeyboardInterrupt as error:
        command = f"zoo train --resume --out {shlex.quote(str(folder.path))}"
        number = getattr(error, "number", signal.SIGINT)
        raise Interrupted(f"interrupted; resume with: {command}", number) from error


def _report(out: Path, name: str, *, as_json: bool) -> None:
    """Prints the last line of the run's log."""
    log = out / "log.jsonl"
    lines = log.read_text().splitlines() if log.is_file() else []
    outcome = {"run": str(out), "name": name} | (json.loads(lines[-1]) if lines else {})
    if as_json:
        terminal.print_json(outcome)
    else:
        terminal.print_pairs(outcome)
