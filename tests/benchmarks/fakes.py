"""Cheap subjects for the worker's process; they import no backend."""

import os
import time
from pathlib import Path

import numpy as np

from benchmarks.tasks import PEAK
from benchmarks.workload.workdir import Workdir
from zoo.uses import Step, Use


class Sleeper:
    """Sleeps for so many seconds per call, and returns `value`."""

    def __init__(self, seconds=1e-3, value=1.0, device="none"):
        self.seconds = seconds
        self.value = value
        self.device = device

    def describe(self):
        return {"device": self.device, "versions": {"fake": "1"}}

    def open(self, task):
        outputs = {"data": np.full((task["batch"], 2), self.value, dtype="float32")}

        def call():
            time.sleep(self.seconds)
            return outputs

        return call

    def offer(self, *, model, settings):
        if model == "broken":
            raise ValueError("no such shape")
        return {"workloads": ["decode", "score"], "default": ["decode"]}

    def prepare(self, *, folder, model, settings, workloads):
        if model == "unprepared":
            raise ValueError("out of weights")
        workdir = Workdir(folder)
        workdir.folder.mkdir()
        use = Use([Step("decoder")], {"data": "decoder/data"})
        uses = {} if model == PEAK else dict.fromkeys(workloads, use)
        workdir.write(uses=uses, inputs={}, updates=[], weights={}, settings=settings)
        return {"kind": "model", "model": model, "workloads": workloads}

    def reference(self, *, task, outputs):
        np.savez(outputs, data=np.ones((task["batch"], 2), dtype="float32"))


class Profiled(Sleeper):
    """Reports its time by operator."""

    def profile(self, *, task, calls):
        return {"Conv": self.seconds}


class Trained(Sleeper):
    """Profiles a training step of five operators."""

    def profile_training(self, *, task, calls):
        if task["model"] == "gan":
            raise ValueError("no gradient")
        operators = {f"op{place}": (task["batch"], 1e-3 * (5 - place)) for place in range(5)}
        untold = "Nothing is fused."
        return {"step": 1e-2, "profiled": 2e-2, "operators": operators, "untold": untold}


class Dying(Sleeper):
    """Dies when it opens a task."""

    def open(self, task):
        print("out of luck")
        os._exit(3)


class Raising(Sleeper):
    """Raises when it opens a task."""

    def open(self, task):
        raise ValueError("no such task")


class Silent(Sleeper):
    """Never replies."""

    def open(self, task):
        time.sleep(60)


class Busy(Sleeper):
    """Computes on and on, once it has left its process's number in a file."""

    def __init__(self, *, sign, **options):
        super().__init__(**options)
        self.sign = Path(sign)

    def open(self, task):
        self.sign.with_suffix(".part").write_text(str(os.getpid()))
        self.sign.with_suffix(".part").rename(self.sign)
        while True:
            pass


class Fading(Sleeper):
    """Dies after some calls."""

    def __init__(self, calls=50, **options):
        super().__init__(**options)
        self.left = calls

    def open(self, task):
        call = super().open(task)

        def fading():
            self.left -= 1
            if self.left < 0:
                os._exit(4)
            return call()

        return fading
