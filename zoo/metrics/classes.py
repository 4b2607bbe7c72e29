"""Scores of samples by a classifier of the data: probabilities `(count, classes)` or classes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Modes:
    """The modes that samples reach.

    Attributes:
        hit: How many of the modes have a sample.
        quality: The share of samples that belong to a mode.
        reverse_kl: KL(samples' modes ‖ data's modes), in nats: 0 where both are as frequent.
    """

    hit: int
    quality: float
    reverse_kl: float


def probabilities(logits: np.ndarray) -> np.ndarray:
    """The softmax of logits `(count, classes)`."""
    from scipy.special import softmax

    return softmax(np.asarray(logits, dtype="float64"), axis=1)


def classifier_score(predicted: np.ndarray) -> float:
    """Returns exp E KL(p(class | x) ‖ p(class)): from 1 up to the number of classes.

    The Inception Score's formula (Salimans et al., 2016, arXiv:1606.03498), of all samples at once.

    Args:
        predicted: Probabilities `(count, classes)`.
    """
    from scipy.special import rel_entr

    predicted = np.asarray(predicted, dtype="float64")
    marginal = predicted.mean(axis=0, keepdims=True)
    return float(np.exp(rel_entr(predicted, marginal).sum(axis=1).mean()))


def label_accuracy(predicted: np.ndarray, labels: np.ndarray) -> float:
    """The share of samples of the class that was asked for.

    Args:
        predicted: Probabilities or logits `(count, classes)`.
        labels: The classes asked for `(count,)`.
    """
    return float(np.mean(np.argmax(predicted, axis=1) == np.asarray(labels)))


def class_modes(predicted: np.ndarray, labels: np.ndarray, least: float = 0.5) -> Modes:
    """The classes as modes, each sample of the most probable one.

    Args:
        predicted: Probabilities `(count, classes)` of samples.
        labels: Classes of the data `(rows,)`, for their frequencies.
        least: The probability from which on a sample is said to be of its class.
    """
    predicted = np.asarray(predicted)
    sure = predicted.max(axis=1) >= least
    found = np.bincount(predicted.argmax(axis=1)[sure], minlength=predicted.shape[1])
    expected = np.bincount(labels, minlength=predicted.shape[1])
    return Modes(int(np.sum(found > 0)), float(sure.mean()), _divergence(found, expected))


def mixture_modes(
    points: np.ndarray, centres: np.ndarray, stddev: float, within: float = 3.0
) -> Modes:
    """The modes of a mixture of equal Gaussians (as PacGAN: Lin et al., 2018, arXiv:1712.04086).

    Args:
        points: Samples `(count, features)`.
        centres: The modes `(modes, features)`.
        stddev: Of each Gaussian.
        within: How many standard deviations from its mode a sample may be.
    """
    distances = np.linalg.norm(np.asarray(points)[:, None] - np.asarray(centres), axis=-1)
    good = distances.min(axis=1) <= within * stddev
    found = np.bincount(distances.argmin(axis=1)[good], minlength=len(centres))
    return Modes(
        int(np.sum(found > 0)), float(good.mean()), _divergence(found, np.ones(len(centres)))
    )


def _divergence(counts: np.ndarray, expected: np.ndarray) -> float:
    """KL between two histograms; infinite where nothing was counted."""
    from scipy.stats import entropy

    return float(entropy(counts, expected)) if counts.sum() else float("inf")
