"""How good a model is: pure functions of NumPy arrays, and `evaluate`, which applies them.

Importing this package imports neither Keras nor SciPy nor scikit-learn; the first use does.
"""

from typing import TYPE_CHECKING, Any

from zoo.metrics.classes import (
    Modes,
    class_modes,
    classifier_score,
    label_accuracy,
    mixture_modes,
    probabilities,
)
from zoo.metrics.codes import CodebookUse, active_units, codebook_use
from zoo.metrics.copies import Neighbours, memorisation, nearest
from zoo.metrics.coverage import (
    DensityCoverage,
    PrecisionRecall,
    density_coverage,
    expected_coverage,
    precision_recall,
)
from zoo.metrics.disentanglement import attribute_predictability, mutual_information_gap
from zoo.metrics.evaluation import evaluate
from zoo.metrics.fidelity import Estimate, frechet_distance, kernel_distance
from zoo.metrics.likelihood import importance_weighted_nll
from zoo.metrics.path_length import perceptual_path_length
from zoo.metrics.reconstruction import (
    cross_entropy,
    entropy_floor,
    mean_squared_error,
    multiscale_similarity,
    peak_signal_to_noise_ratio,
    structural_similarity,
)
from zoo.metrics.reference import Reference
from zoo.metrics.representation import (
    Clustering,
    agreement,
    clustering,
    neighbour_accuracy,
    probe_accuracy,
)
from zoo.metrics.score import Report, Score

if TYPE_CHECKING:
    from zoo.metrics.callback import MetricCallback

__all__ = [
    "Clustering",
    "CodebookUse",
    "DensityCoverage",
    "Estimate",
    "MetricCallback",
    "Modes",
    "Neighbours",
    "PrecisionRecall",
    "Reference",
    "Report",
    "Score",
    "active_units",
    "agreement",
    "attribute_predictability",
    "class_modes",
    "classifier_score",
    "clustering",
    "codebook_use",
    "cross_entropy",
    "density_coverage",
    "entropy_floor",
    "evaluate",
    "expected_coverage",
    "frechet_distance",
    "importance_weighted_nll",
    "kernel_distance",
    "label_accuracy",
    "mean_squared_error",
    "memorisation",
    "mixture_modes",
    "multiscale_similarity",
    "mutual_information_gap",
    "nearest",
    "neighbour_accuracy",
    "peak_signal_to_noise_ratio",
    "perceptual_path_length",
    "precision_recall",
    "probabilities",
    "probe_accuracy",
    "structural_similarity",
]


def __getattr__(name: str) -> Any:
    if name != "MetricCallback":
        raise AttributeError(f"module 'zoo.metrics' has no attribute {name!r}")
    from zoo.metrics.callback import MetricCallback  # which imports Keras

    return MetricCallback
