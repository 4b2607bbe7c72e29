"""Damages every file of a run and of a bundle, and has each command read it."""

import json
import multiprocessing
import random
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tests.campaigns import files
from tests.campaigns.changes import INSIDE, changes

SECONDS = 120
"""After which a command hangs."""
TRAIN = ["--batch-size", 16, "--every", 2, "--quiet"]
TINY = ["network=mlp", "network_options.width=4", "latent_dim=2"]


class Command(NamedTuple):
    """A command that reads a run or a bundle.

    Attributes:
        words: With the folder as `{0}`, its parent as `{1}` and the data as `{2}`.
        writes: What it may write: entries beside the folder, or `.` for the folder itself.
        without: Files that are removed first, so that others are read in their place.
        reads: The files of the folder that it reads, as patterns.
    """

    words: list[Any]
    writes: str = "out"
    without: tuple[str, ...] = ()
    reads: tuple[str, ...] = ("*",)


MODEL, WEIGHTS = ("model.keras", "run.json"), ("checkpoints/*", "run.json")
DATA = ["--data", "{2}"]
RUN = [
    Command(["sample", "{0}", "-n", 2, "--out", "{1}/out.png"], reads=MODEL),
    Command(["sample", "{0}", "-n", 2, "--out", "{1}/out.npy"], "out", ("model.keras",), WEIGHTS),
    Command(["reconstruct", "{0}", *DATA, "--out", "{1}/out.png"], reads=MODEL),
    Command(["export", "{0}", "--out", "{1}/out"], reads=("model.keras",)),
    Command(["train", "--resume", "--out", "{0}", "--steps", 10, *TRAIN], "."),
    Command(["train", "vae", *DATA, "--out", "{0}", "--overwrite", "--steps", 2, *TRAIN,
             "--set", *TINY], "."),
    Command(["train", "vae", *DATA, "--out", "{1}/out", "--init", "{0}", "--steps", 2, *TRAIN,
             "--set", *TINY], reads=MODEL),
]  # fmt: skip
BUNDLE = [
    Command(["sample", "{0}", "-n", 2, "--out", "{1}/out.png"]),
    Command(["reconstruct", "{0}", *DATA, "--out", "{1}/out.png"]),
    Command(["use", "{0}", "encode", *DATA, "--out", "{1}/out.npz"]),
    Command(["verify", "{0}"]),
    Command(["pipeline", "{0}", "reconstruct", "--out", "{1}/out.onnx"]),
]


def make(folder: Path) -> None:
    """The whole run and the whole bundle that are damaged, and the data."""
    np.save(folder / "data.npy", np.random.default_rng(0).integers(0, 255, (32, 8, 8, 1), np.uint8))
    train = ["train", "vae", "--data", folder / "data.npy", "--steps", 8, *TRAIN]
    for given in (
        [*train, "--out", folder / "run", "--set", *TINY],
        ["export", folder / "run", "--out", folder / "bundle"],
    ):
        outcome = files.command(*given)
        if outcome.code != 0:
            raise RuntimeError(f"{given}: {outcome.error or outcome.err}")


class Case(NamedTuple):
    """One damage to one file, and the command that reads it."""

    kind: str
    file: str
    damage: str
    command: int


def attempt(folder: Path, case: Case, change: Callable[[Path], None]) -> tuple[str, list[str]]:
    """Damages a copy and runs the command: how it ended, and the problems found."""
    home = Path(tempfile.mkdtemp(dir=folder))
    subject = home / case.kind
    shutil.copytree(folder / case.kind, subject)
    command = (RUN if case.kind == "run" else BUNDLE)[case.command]
    for name in command.without:
        (subject / name).unlink()
    (home / "thesis.txt").write_text("irreplaceable")
    (home / "out.txt").write_text("irreplaceable")
    change(subject)
    before = files.hashes(home)
    words = [str(w).format(subject, home, folder / "data.npy") for w in command.words]
    outcome = files.command(*words)
    problems = _problems(outcome, before, files.hashes(home), command.writes, case.kind)
    shutil.rmtree(home)
    if outcome.code is None:
        return "tracebacks", problems
    return ("accepted" if outcome.code == 0 else "rejected"), problems


def _problems(
    outcome: files.Outcome, before: dict[str, str], after: dict[str, str], writes: str, kind: str
) -> list[str]:
    """What a command did that it should not."""
    if outcome.code is None:
        return [f"traceback: {outcome.error.strip().splitlines()[-1]}", outcome.error[-1500:]]
    lines = outcome.err.splitlines()
    errors = [line for line in lines if line.startswith("zoo: error: ")]
    problems = []
    expected = outcome.code != 0 and not (outcome.code == 1 and outcome.out)  # A report of verify.
    if outcome.code not in (0, 1, 2) or len(errors) != expected:
        problems.append(f"code {outcome.code} and {len(errors)} error lines: {outcome.err[-500:]}")
    if errors and len(errors[-1]) > 2000:
        problems.append(f"an error line of {len(errors[-1])} characters: {errors[-1][:200]}")
    changed = {name for name in before | after if before.get(name) != after.get(name)}
    if writes == ".":
        changed = {name for name in changed if name.partition("/")[0] != kind}
    elif outcome.code == 0:
        written = ("out.png", "out.npy", "out.npz", "out.onnx", "out")
        changed = {name for name in changed if name.partition("/")[0] not in written}
    if changed:
        problems.append(f"touched {', '.join(sorted(changed))[:300]}")
    return problems


def cases(folder: Path, share: float, seed: int) -> Iterator[tuple[Case, int]]:
    """Every damage of every file with every command that reads the file."""
    drawn = random.Random(seed)
    for kind, commands in (("run", RUN), ("bundle", BUNDLE)):
        for name in sorted(files.hashes(folder / kind)):
            path = folder / kind / name
            if not path.is_file() or path.name == ".lock":
                continue
            for number, (damage, _) in enumerate(changes(folder / kind, name, seed)):
                reading = [
                    index
                    for index, command in enumerate(commands)
                    if name not in command.without
                    and any(Path(name).match(pattern) for pattern in command.reads)
                ]
                if damage.startswith(INSIDE):  # Many: each is read by one command.
                    reading = [drawn.choice(reading)] if reading else []
                for index in reading:
                    if drawn.random() < share:
                        yield Case(kind, name, damage, index), number


def work(pipe: Connection, folder: Path, seed: int) -> None:
    """Attempts the cases that come through a pipe."""
    while True:
        case, number = pipe.recv()
        _, change = changes(folder / case.kind, case.file, seed)[number]
        pipe.send(attempt(folder, case, change))


class Worker:
    """A process that attempts cases, started anew where one ends it."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder, self.seed = folder, seed
        self.start()

    def start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, other = context.Pipe()
        self.process = context.Process(target=work, args=(other, self.folder, self.seed))
        self.process.start()
        other.close()

    def attempt(self, case: Case, number: int) -> tuple[str, list[str]]:
        self.pipe.send((case, number))
        try:
            # Twice: a machine that was suspended meanwhile has used up the first.
            if self.pipe.poll(SECONDS) or self.pipe.poll(SECONDS):
                return self.pipe.recv()
            self.process.kill()
            problem = f"hangs for {SECONDS} s"
        except EOFError:
            self.process.join()
            problem = f"ends the process with {self.process.exitcode}"
        self.start()
        return "crashed", [problem]

    def stop(self) -> None:
        self.process.kill()
        self.process.join()


def campaign(share: float, seed: int) -> dict[str, Any]:
    """Damages files; what was found."""
    counts: Counter[str] = Counter()
    found: list[str] = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        make(folder)
        worker = Worker(folder, seed)
        damages = set()
        for case, number in cases(folder, share, seed):
            ending, problems = worker.attempt(case, number)
            damages.add(case[:3])
            counts.update(["commands", ending])
            counts["others touched"] += any(p.startswith("touched") for p in problems)
            if not counts["commands"] % 50:
                print(f"{counts['commands']} commands", file=sys.stderr, flush=True)
            words = (RUN if case.kind == "run" else BUNDLE)[case.command].words
            label = f"{case.kind}/{case.file} {case.damage}, {words[0]} {case.command}"
            found += [f"{label}: {problem}" for problem in problems]
            for problem in problems:
                print(f"{label}: {problem}", file=sys.stderr, flush=True)
        worker.stop()
    counts["damages"] = len(damages)
    names = ["damages", "commands", "rejected", "accepted", "crashed", "tracebacks"]
    numbers = {name: counts[name] for name in [*names, "others touched"]}
    return numbers | {"problems": [json.dumps(p)[:400] for p in found]}
