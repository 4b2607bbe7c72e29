"""Training: the only loop, its checkpoints and its run folders."""

from zoo.training.evaluation import evaluate
from zoo.training.fitting import fit

__all__ = ["evaluate", "fit"]
