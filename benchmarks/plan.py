"""What is measured: models at realistic sizes, their workloads, and batch sizes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.workload import roofline

TRAIN = "train_step"
PEAK = "peak"
"""The name under which the machine's own ceilings are measured, as if it were a model."""

COLOR = (32, 32, 3)
GRAY = (28, 28, 1)
CLASSES = 10

# Models that are measured at another size than 32×32×3, or with other settings. A model without a
# row is measured as its constructor makes it.
SETTINGS: Mapping[str, Mapping[str, Any]] = {
    "shallow_autoencoder": {"shape": GRAY},
    "conv_autoencoder": {"shape": GRAY},
    "vae": {"shape": GRAY},
    "gan": {"shape": GRAY},
    "cgan": {"shape": GRAY},
}

WORKLOADS = (TRAIN, "encode", "decode", "generate", "reconstruct")


@dataclass(frozen=True)
class Task:
    """A workload of one model at one batch size: all that its subjects have in common."""

    model: str
    workload: str
    batch: int

    @property
    def key(self) -> str:
        return f"{self.model}/{self.workload}/{self.batch}"


@dataclass(frozen=True)
class Plan:
    """Which models at which batch sizes, how often, and for how long."""

    models: Sequence[str]
    subjects: Sequence[str]
    workloads: Sequence[str] = WORKLOADS
    batches: Sequence[int] = (1, 8, 64)
    rounds: int = 11
    round_seconds: float = 0.07
    longest: float = 60.0
    cold: int = 2
    threads: int = 0
    device: str = "cpu"
    peaks: bool = True
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def tasks(self, model: str, workloads: Sequence[str]) -> Iterator[Task]:
        """The tasks of one model, given the workloads it has."""
        if model == PEAK:
            for workload in workloads:
                yield Task(model, workload, roofline.BATCHES[workload])
            return
        for workload in workloads:
            if workload in self.workloads:
                for batch in self.batches:
                    yield Task(model, workload, batch)


def settings_of(name: str, overrides: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The constructor's keywords that a model is measured with.

    A model that must be told how many classes there are is told 10.
    """
    from zoo.construction import accepted_settings
    from zoo.registry import describe

    row = describe(name)
    chosen = {"shape": COLOR, **SETTINGS.get(name, {}), **(overrides or {})}
    needed = accepted_settings(row.load()).get("num_classes")
    if needed is not None and needed.default is needed.empty and "num_classes" not in row.settings:
        chosen.setdefault("num_classes", CLASSES)
    return chosen
