"""Distributions of codes: fitted to those of data, drawn from without any."""

from zoo.priors.autoregressive import AutoregressivePrior
from zoo.priors.flow import FlowPrior
from zoo.priors.gaussian import Gaussian
from zoo.priors.independent import IndependentPrior
from zoo.priors.kinds import KINDS, Kind
from zoo.priors.mixture import MixturePrior
from zoo.priors.moments import gaussians, outer_sums
from zoo.priors.normal import NormalPrior
from zoo.priors.posteriors import AggregatedPrior
from zoo.priors.prior import Prior, prior_part
from zoo.priors.sampler import PriorSampler, fit_prior
from zoo.priors.vamp import VampPrior

__all__ = [
    "AggregatedPrior",
    "AutoregressivePrior",
    "FlowPrior",
    "Gaussian",
    "IndependentPrior",
    "KINDS",
    "Kind",
    "MixturePrior",
    "NormalPrior",
    "Prior",
    "PriorSampler",
    "VampPrior",
    "fit_prior",
    "gaussians",
    "outer_sums",
    "prior_part",
]
