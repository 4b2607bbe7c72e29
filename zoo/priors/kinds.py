"""The kinds of priors that are fitted after training: a table, a row for each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from zoo.errors import ModelError, suggestion
from zoo.model import GenerativeModel
from zoo.priors.autoregressive import AutoregressivePrior
from zoo.priors.codes import Codes, code_length, has_posterior, is_discrete
from zoo.priors.flow import FlowPrior
from zoo.priors.independent import IndependentPrior
from zoo.priors.mixture import MixturePrior
from zoo.priors.normal import NormalPrior
from zoo.priors.posteriors import AggregatedPrior
from zoo.priors.prior import Prior
from zoo.priors.vamp import fit_vamp, make_vamp


def fit_to_draws(prior: Prior, codes: Codes, seed: int) -> None:
    """Fits a prior to codes, drawn from the posteriors where there are some."""
    found, labels = codes.drawn(seed)
    prior.fit(found, labels, seed=seed)


def fit_to_posteriors(prior: Any, codes: Codes, seed: int) -> None:
    """Fits a prior that reads the posteriors of codes themselves, where there are some."""
    prior.fit(codes.codes, seed=seed, log_variances=codes.log_variances)


@dataclass(frozen=True)
class Kind:
    """A row of the table.

    Attributes:
        about: One sentence.
        make: `make(model, classes, **options)` → an unfitted prior of the model's codes, with all
            its weights; `classes` is None unless the prior has some.
        options: The options and their defaults, JSON values that settle the shapes of weights.
        fit: `fit(prior, codes, seed)`.
        classes: Whether each class may have a distribution of its own.
        discrete: Whether codes are integers.
        posterior: Whether it needs a Gaussian posterior.
    """

    about: str
    make: Callable[..., Prior]
    options: Mapping[str, Any] = field(default_factory=dict)
    fit: Callable[[Any, Codes, int], None] = fit_to_draws
    classes: bool = False
    discrete: bool = False
    posterior: bool = False

    def misfit(self, model: GenerativeModel) -> str | None:
        """What a model lacks for this kind, in words; None where it lacks nothing."""
        if self.discrete != is_discrete(model):
            return f"is for {'discrete' if self.discrete else 'continuous'} codes"
        if self.posterior and not has_posterior(model):
            return "is for models with a Gaussian posterior"
        return None


def of_length(prior: type[Prior]) -> Callable[..., Prior]:
    """`make` of a prior that needs the length of the codes alone."""

    def make(model: GenerativeModel, classes: int | None, **options: Any) -> Prior:
        return prior(code_length(model), classes, **options)

    return make


def of_indices(prior: type[Prior]) -> Callable[..., Prior]:
    """`make` of a prior of discrete codes, whose models say how many values an index has."""

    def make(model: Any, classes: int | None, **options: Any) -> Prior:
        return prior(code_length(model), classes, size=model.num_indices, **options)

    return make


FROM_ZERO = ("couplings", "depth")
"""Options that may be 0; all others are at least 1."""

KINDS: dict[str, Kind] = {
    "normal": Kind("the standard normal", of_length(NormalPrior)),
    "mixture": Kind(
        "normal distributions with full covariances, by expectation-maximisation",
        of_length(MixturePrior),
        {"components": 10},
        classes=True,
    ),
    "aggregated": Kind(
        "the posteriors of kept data; without posteriors, a kernel estimate of their codes",
        of_length(AggregatedPrior),
        {"components": 1000},
        fit_to_posteriors,
    ),
    "vamp": Kind(
        "the posteriors of pseudo-inputs, learned beside the trained encoder",
        make_vamp,
        {"components": 100, "steps": 1000},
        fit_vamp,
        posterior=True,
    ),
    "flow": Kind(
        "normal noise through affine couplings",
        of_length(FlowPrior),
        {"couplings": 8, "width": 64, "steps": 2000},
        fit_to_posteriors,
    ),
    "independent": Kind(
        "how often each index of a discrete code has each value",
        of_indices(IndependentPrior),
        classes=True,
        discrete=True,
    ),
    "autoregressive": Kind(
        "a transformer over the indices of a discrete code, one after another",
        of_indices(AutoregressivePrior),
        {"width": 64, "depth": 2, "num_heads": 4, "steps": 2000},
        classes=True,
        discrete=True,
    ),
}
"""Name → kind."""


def find_kind(name: str, model: GenerativeModel) -> Kind:
    """The kind of a name, for a model.

    Raises:
        ModelError: It is unknown, or not for the model's codes.
    """
    if name not in KINDS:
        raise ModelError(
            f"There is no kind of prior {name!r}.{suggestion(name, KINDS)} "
            f"Accepted: {', '.join(KINDS)}."
        )
    if misfit := KINDS[name].misfit(model):
        fitting = [other for other, kind in KINDS.items() if kind.misfit(model) is None]
        raise ModelError(
            f"The prior {name!r} {misfit}. Received: {type(model).__name__}. "
            f"Accepted: {', '.join(fitting) or 'none for this model'}."
        )
    return KINDS[name]


def options_of(name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a kind: the given ones, the defaults of all others.

    Raises:
        ModelError: One is unknown, or no whole number that makes sense.
    """
    own = KINDS[name].options
    for option in given:
        if option not in own:
            raise ModelError(
                f"The prior {name!r} has no option {option!r}.{suggestion(option, own)} "
                f"Accepted: {', '.join(own) or 'none'}."
            )
        value = given[option]
        least = 0 if option in FROM_ZERO else 1
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise ModelError(
                f"{option} is a whole number from {least}. Received: {option}={value!r}."
            )
    return {**own, **given}
