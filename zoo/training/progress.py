"""Where a run stands: its step, and the means of the epoch under way."""

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Progress:
    """The step that comes next and the sums of the present epoch's logs."""

    step: int = 0
    sums: dict[str, float] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def add(self, logs: dict[str, float]) -> None:
        """Adds one update's logs."""
        for name, value in logs.items():
            self.sums[name] = self.sums.get(name, 0.0) + value
            self.counts[name] = self.counts.get(name, 0) + 1

    def means(self) -> dict[str, float]:
        """Means over the epoch so far."""
        return {name: total / self.counts[name] for name, total in self.sums.items()}

    def start_epoch(self) -> None:
        """Forgets the epoch that ended."""
        self.sums.clear()
        self.counts.clear()

    def to_json(self) -> dict[str, Any]:
        """All of it, in JSON terms."""
        return {"step": self.step, "sums": self.sums, "counts": self.counts}
