"""How a code is used: indices of a codebook, or the latents of a posterior."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from zoo.metrics.arrays import flat

ACTIVE = 0.01


@dataclass(frozen=True)
class CodebookUse:
    """How many entries are in use.

    Attributes:
        perplexity: exp of the entropy of the entries' frequencies: as many in effective use.
        share: The share of the entries that occur at all.
    """

    perplexity: float
    share: float


def codebook_use(indices: np.ndarray, size: int) -> CodebookUse:
    """Of integers of any shape below `size`."""
    from scipy.stats import entropy

    counts = np.bincount(np.asarray(indices).ravel(), minlength=size)
    return CodebookUse(float(np.exp(entropy(counts))), float(np.mean(counts > 0)))


def active_units(means: np.ndarray, least: float = ACTIVE) -> int:
    """How many latents have a posterior mean whose variance over the data is above `least`.

    Burda et al., 2015, arXiv:1509.00519, section 5.2, whose threshold is 0.01.

    Args:
        means: Posterior means `(count, …)`.
        least: The threshold.
    """
    return int(np.sum(flat(means).var(axis=0) > least))
