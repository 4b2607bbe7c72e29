"""Distributions of codes: fitted to those of data, drawn from without any."""

from zoo.priors.gaussian import Gaussian
from zoo.priors.mixture import MixturePrior
from zoo.priors.moments import gaussians, outer_sums
from zoo.priors.prior import Prior, prior_part
from zoo.priors.sampler import PriorSampler, fit_prior

__all__ = [
    "Gaussian",
    "MixturePrior",
    "Prior",
    "PriorSampler",
    "fit_prior",
    "gaussians",
    "outer_sums",
    "prior_part",
]
