"""Kills trainings at random moments, and resumes them."""

import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from tests.campaigns import files

STEPS, HALF = 80, 32
LEFT = 0.7
"""Of an uninterrupted run's time, what a run that is resumed has left."""
STARTING = 0.2
"""The share of kills that come before the training has begun."""
MODES = ("new", "overwrite", "resume")
TINY = ["network=mlp", "network_options.width=4", "latent_dim=2", "ema=0.9"]


def words(folder: Path, run: Path, *, seed: int = 0, steps: int = STEPS) -> list[str]:
    """The command that trains the model of the campaign."""
    options = ["--batch-size", 8, "--every", 5, "--seed", seed, "--steps", steps, "--quiet"]
    words = ["train", "vae", "--data", folder / "data.npy", *options, "--out", run, "--set", *TINY]
    return [str(word) for word in words]


class Campaign:
    """The files of a campaign: data, runs that nothing interrupts, and what must stay untouched."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.random = random.Random(seed)
        self.folder = folder
        self.counts: Counter[str] = Counter()
        self.problems: list[str] = []
        images = np.random.default_rng(0).integers(0, 255, (64, 8, 8, 1), np.uint8)
        np.save(folder / "data.npy", images)
        self.older = self._straight("older", seed=1, steps=HALF)
        self.half = self._straight("half", steps=HALF)
        started = time.monotonic()
        begun, code, err = self._killed(words(folder, folder / "straight"), None, 0)
        self.seconds = time.monotonic() - started - begun, begun
        if code:
            raise RuntimeError(f"A run that nothing interrupts failed: {err}")
        self.straight = folder / "straight"

    def _straight(self, name: str, **options: int) -> Path:
        self._run(words(self.folder, self.folder / name, **options))
        return self.folder / name

    def _run(self, given: list[str]) -> files.Outcome:
        outcome = files.command(*given)
        if outcome.code != 0:
            raise RuntimeError(f"{' '.join(given)}: {outcome.error or outcome.err}")
        return outcome

    def _killed(
        self, given: list[str], number: int | None, fraction: float, starting: bool = False
    ) -> tuple[float, int, str]:
        """Runs a command and sends it a signal; the seconds until it trained, code and stderr."""
        started = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, "-m", "zoo", *given], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL
        )
        assert process.stderr is not None
        lines: list[bytes] = []
        if starting:
            time.sleep(fraction * self.seconds[1])
        else:
            for line in process.stderr:
                lines.append(line)
                if b"training vae" in line:
                    break
        begun = time.monotonic() - started
        if number is not None:
            if not starting:
                time.sleep(fraction * self.seconds[0])
            process.send_signal(number)
        rest = process.stderr.read()
        return begun, process.wait(), (b"".join(lines) + rest).decode(errors="replace")

    def kill(self, index: int) -> None:
        """One kill, and what follows it."""
        mode = MODES[index % len(MODES)]
        number = self.random.choice([signal.SIGKILL, signal.SIGTERM])
        starting = self.random.random() < STARTING
        fraction = self.random.random() * (1 if starting or mode != "resume" else LEFT)
        home = self.folder / f"kill-{index}"
        home.mkdir()
        (home / "thesis.txt").write_text("irreplaceable")
        run = home / "run"
        template = {"new": None, "overwrite": self.older, "resume": self.half}[mode]
        if template is not None:
            shutil.copytree(template, run)
        flags = {"new": [], "overwrite": ["--overwrite"], "resume": ["--resume"]}[mode]
        given = [*words(self.folder, run), *flags]
        _, code, err = self._killed(given, number, fraction, starting)
        ended = code == 0
        stage = "start" if starting else "training"
        label = f"kill {index} ({mode}, {number.name} at {fraction:.2f} of {stage}, code {code})"
        self.counts.update(["kills", number.name, mode, *(["ended before"] if ended else [])])
        allowed = {0, -number, 128 + number} if number == signal.SIGTERM else {0, -number}
        problems = [] if code in allowed else [f"exit code {code}: {err[-300:]}"]
        if "Traceback" in err:
            self.counts["tracebacks"] += 1
            problems.append(f"traceback: {err[-300:]}")
        problems += self._recover(run, given, mode)
        if (home / "thesis.txt").read_text() != "irreplaceable":
            self.counts["others touched"] += 1
            problems.append("the file of another was touched")
        left = {path.name for path in home.iterdir()} - {"run", "thesis.txt"}
        problems += [f"left beside the run: {name}" for name in sorted(left)]
        self.problems += [f"{label}: {problem}" for problem in problems]
        shutil.rmtree(home)
        print(f"{label}: {'; '.join(problems) or 'equal'}", file=sys.stderr, flush=True)

    def _recover(self, run: Path, given: list[str], mode: str) -> list[str]:
        """Resumes what was killed; the problems found."""
        train = [word for word in given if word not in ("--overwrite", "--resume")]
        if mode == "overwrite":
            outcome = files.command("train", "--resume", "--out", run, "--quiet")
            if outcome.code != 0:
                return self._lost(outcome)
            if '"seed": 1' in (run / "run.json").read_text():  # The older run is back.
                if problems := files.compare_runs(run, self.older):
                    return self._lost(outcome, problems)
                outcome = files.command(*train, "--overwrite")
        elif (run / "run.json").exists():
            outcome = files.command(*train, "--resume")
        else:
            if mode == "resume":
                return self._lost(files.Outcome(None, "run.json is gone"))
            outcome = files.command(*train)
        if outcome.code != 0:
            return self._lost(outcome)
        problems = files.compare_runs(run, self.straight)
        self.counts["equal"] += not problems
        return problems

    def _lost(self, outcome: files.Outcome, problems: list[str] | None = None) -> list[str]:
        self.counts["lost"] += 1
        self.counts["tracebacks"] += bool(outcome.error)
        return ["lost", *(problems or []), outcome.err[-300:], outcome.error[-300:]]


def campaign(count: int, seed: int) -> dict[str, Any]:
    """Kills trainings; what was found."""
    with tempfile.TemporaryDirectory() as temporary:
        runs = Campaign(Path(temporary), seed)
        for index in range(count):
            runs.kill(index)
    names = ["kills", "SIGKILL", "SIGTERM", *MODES, "equal", "lost", "tracebacks", "others touched"]
    found = {name: runs.counts[name] for name in [*names, "ended before"]}
    return found | {"problems": runs.problems}
