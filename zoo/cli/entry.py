"""The table of commands, and what happens around each of them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from zoo import __version__
from zoo.cli import errors, packages, terminal
from zoo.errors import suggestion

COMMANDS = {
    "list": "list the models",
    "fetch": "download a trained model into the folder that GENZOO_HOME names",
    "describe": "show a model's paper and its settings",
    "train": "train a model on your data, in a run folder",
    "sample": "draw new data from a run or a bundle",
    "reconstruct": "pass data through encoder and decoder",
    "interpolate": "walk between points of the latent space",
    "traverse": "change one entry of a code at a time",
    "augment": "write data and what a model makes of their perturbed codes",
    "anomaly": "score what does not look like the training data, and show where",
    "inpaint": "fill holes in data",
    "denoise": "clean noisy data",
    "translate": "turn data into what a translator makes of them",
    "upscale": "enlarge data",
    "cluster": "sort data into clusters of similar codes",
    "classify": "tell classes from few labels",
    "compress": "write data as codes, with ratio and error",
    "decompress": "read data back from codes",
    "import-weights": "read weights of another library into a model",
    "use": "run any use of a run or a bundle",
    "evaluate": "judge a run or a bundle by the metrics that its uses allow",
    "compare": "show several runs side by side on one page",
    "features": "train a classifier in whose features samples are compared",
    "export": "turn a run into certified ONNX files, a bundle",
    "pipeline": "write a bundle's parts as one ONNX graph, bytes to bytes",
    "verify": "check a bundle's files and its numbers",
    "bench": "time ONNX Runtime against the native backend",
    "leaderboard": "train and judge every image model at one small budget",
    "demo": "train, export, certify and time two models on digits",
    "doctor": "show what is installed, and how to install what is not",
}
# Commands live with what they command; the others are in this package.
HOMES = {
    "features": "export.commands",
    "export": "export.commands",
    "pipeline": "export.commands",
    "verify": "export.commands",
    "doctor": "export.commands",
    "bench": "benchmarks.commands",
    "leaderboard": "benchmarks.commands",
    "demo": "benchmarks.commands",
}
RUN = {"run.json", "log.jsonl", "model.keras", "checkpoints"}
"""What a run is made of, beside its pictures."""
EXAMPLES = """\
examples:
  zoo list "*gan"
  zoo train vae --data digits --epochs 20 --out runs/digits
  zoo sample runs/digits --out digits.png
  zoo export runs/digits --out bundles/digits

Exit codes: 0 done, 1 failed, 2 wrong use, 130 interrupted, 143 terminated.
KERAS_BACKEND chooses the backend: jax, torch or tensorflow."""


class Help(argparse.RawDescriptionHelpFormatter):
    """Help with room for the names of options."""

    def __init__(self, prog: str, **options: Any) -> None:
        super().__init__(prog, **({"max_help_position": 28} | options))


class Parser(argparse.ArgumentParser):
    """A parser whose errors are exceptions, to be shown like all others."""

    def __init__(self, **options: Any) -> None:
        super().__init__(formatter_class=Help, **options)

    def error(self, message: str) -> NoReturn:
        raise errors.UsageError(f"{message}. See: {self.prog} --help")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code; see `EXAMPLES`.

    Args:
        arguments: The words after `zoo`; those of the process by default.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        with terminal.quiet():
            words = _expand(words)
            options = build_parser(words).parse_args(words)
            check_out(getattr(options, "out", None))
            code = options.handler(options)
            sys.stdout.flush()  # A reader that has gone is noticed here.
        return code or 0
    except SystemExit as stop:  # --help and --version
        return int(stop.code or 0)
    except BaseException as error:
        failure = errors.explain(error)
        if failure is None:
            raise
        return failure.report(debug="--debug" in words)


def check_out(out: Path | None) -> None:
    """Checks that a file, which is replaced where it is there, is no part of a run or a bundle.

    Raises:
        UsageError: It is.
    """
    if out is None or not Path(out).is_file():
        return
    path = Path(out).resolve()
    for folder in path.parents:
        own = (folder / "run.json").is_file() and path.relative_to(folder).parts[0] in RUN
        if own or (folder / "bundle.json").is_file():
            raise errors.UsageError(
                f"--out replaces no part of a run or a bundle. Received: {out}, of {folder}."
            )


def _expand(words: list[str]) -> list[str]:
    """`translate RUN …` as `use RUN translate …`: a use is a command of the models that have it."""
    for position, word in enumerate(words):
        if word.startswith("-"):
            continue
        subject = words[position + 1 : position + 2]
        if word not in COMMANDS and subject and Path(subject[0]).exists():
            return [*words[:position], "use", *subject, word, *words[position + 2 :]]
        break
    return words


def build_parser(words: Sequence[str]) -> Parser:
    """The parser, of which only the command that the words name is filled in."""
    parser = Parser(
        prog="zoo",
        description="Autoencoders, GANs and their hybrids: trained with Keras on JAX, PyTorch\n"
        "or TensorFlow, exported to ONNX with a certificate.",
        epilog=EXAMPLES,
    )
    parser.add_argument("--version", action="version", version=f"genzoo {__version__}")
    _add_debug(parser, default=False)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    chosen = next((word for word in words if not word.startswith("-")), None)
    if chosen is not None and chosen not in COMMANDS:
        hint = suggestion(chosen, COMMANDS)
        raise errors.UsageError(
            f"Unknown command {chosen!r}.{hint} Accepted: {', '.join(COMMANDS)}."
        )
    for name, summary in COMMANDS.items():
        if name != chosen:
            commands.add_parser(name, help=summary)
            continue
        module = packages.import_own(f"{HOMES.get(name, 'zoo.cli')}.{name.replace('-', '_')}")
        command = commands.add_parser(
            name, help=summary, description=module.__doc__, epilog=module.EXAMPLES
        )
        module.add_arguments(command)
        _add_debug(command, default=argparse.SUPPRESS)
        command.set_defaults(handler=module.run)
    return parser


def _add_debug(parser: argparse.ArgumentParser, *, default: Any) -> None:
    parser.add_argument(
        "--debug", action="store_true", default=default, help="show the traceback of an error"
    )
