"""The state of a run: its step, and the means of the epoch under way."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Progress:
    """The step that comes next and the sums of the present epoch's logs.

    Attributes:
        step: Of this run, from 0.
        sums: Of every log of the epoch, by name.
        counts: The steps that each log was summed over; fewer for a phase that paused.
        start: The steps that the model had done when the run began.
    """

    step: int = 0
    sums: dict[str, float] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    start: int = 0

    @property
    def steps(self) -> int:
        """The steps that the model has done in all its runs."""
        return self.start + self.step

    def add(self, logs: dict[str, float]) -> None:
        """Adds one step's logs."""
        for name, value in logs.items():
            self.sums[name] = self.sums.get(name, 0.0) + value
            self.counts[name] = self.counts.get(name, 0) + 1

    def means(self) -> dict[str, float]:
        """Means over the epoch so far, of the logs that there were."""
        return {name: total / self.counts[name] for name, total in self.sums.items()}

    def start_epoch(self) -> None:
        """Forgets the epoch that ended."""
        self.sums.clear()
        self.counts.clear()

    def to_json(self) -> dict[str, Any]:
        """All of it, in JSON terms."""
        return {
            "step": self.step,
            "sums": self.sums,
            "counts": self.counts,
            "start": self.start,
        }

    @classmethod
    def from_json(cls, found: Any) -> Progress:
        """The progress that JSON describes.

        Raises:
            ValueError: It describes none.
        """
        if not _describes_progress(found):
            raise ValueError(f"its progress has wrong contents: {found!r:.80}")
        return cls(**found)


def _describes_progress(found: Any) -> bool:
    if not isinstance(found, dict) or set(found) - {"start"} != {"step", "sums", "counts"}:
        return False
    sums, counts = found["sums"], found["counts"]
    if not isinstance(sums, dict) or not isinstance(counts, dict) or set(sums) != set(counts):
        return False
    whole = [found["step"], found.get("start", 0), *counts.values()]
    return (
        all(isinstance(value, int) and value >= 0 for value in whole)
        and all(isinstance(value, int | float) for value in sums.values())
        and all(counts.values())
    )
