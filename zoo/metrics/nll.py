"""The importance-weighted likelihood of a variational model: a Keras model, not a bundle."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from zoo.metrics.fidelity import Estimate
from zoo.metrics.judged import Judged
from zoo.metrics.likelihood import importance_weighted_nll

ROWS = 500
DRAWS = 100
DENSITY = ("infer", "draw", "reconstruction", "density")
"""Methods that a model with a Gaussian posterior and a likelihood as usual leaves as they are."""
PRIOR = ("divergence",)
"""Methods that a model with a standard normal prior leaves as they are."""


def negative_log_likelihood(
    judged: Judged, *, rows: int = ROWS, draws: int = DRAWS
) -> Estimate | None:
    """Of the first test data; None of models whose posterior, prior or density is another one.

    The prior is the standard normal, the model's `log_prior_rows`, or that of a `PriorSampler`; of
    one with classes, the likelihood is that given the label.

    Args:
        judged: The model and the data.
        rows: How many test data.
        draws: Latents of each.
    """
    if judged.runner.model is None:
        return None
    model, prior = _apart(judged.runner.model)
    if not _is_usual(model, standard=prior is None):
        return None
    if prior is not None and prior.classes is not None and judged.reference.test.labels is None:
        return None
    reference = judged.reference
    fields = reference.test.batch(reference.rows[:rows], model.value_range)
    if model.standardization is not None:
        fields["data"] = model.standardization.apply(fields["data"])
    with model.averaged_weights():
        return estimate_nll(model, fields, prior=prior, draws=draws, seed=judged.seed)


def estimate_nll(
    model: Any, fields: dict[str, np.ndarray], *, prior: Any = None, draws: int, seed: int
) -> Estimate:
    """−log p(data) by importance samples of the posterior, in nats, a mean over the rows.

    Args:
        model: A variational autoencoder whose posterior is a diagonal Gaussian. Its prior is that
            of its method `log_prior_rows`, where it has one, or else the standard normal.
        fields: Rows as the networks read them.
        prior: A `zoo.priors.Prior` in the place of the model's own.
        draws: Importance samples of each row.
        seed: Of the draws.
    """
    import keras

    from zoo import backends
    from zoo.networks import apply

    backend = backends.current()
    read = {name: backend.place(array) for name, array in fields.items()}

    def compiled(rows: Callable[[Any], Any], variables: Any) -> Callable[[np.ndarray], np.ndarray]:
        step = backend.compile_step(lambda batch: {"rows": rows(batch)}, variables, updates=False)

        def call(latent: np.ndarray) -> np.ndarray:
            placed = backend.place(latent.astype("float32"))
            return keras.ops.convert_to_numpy(step({**read, "latent": placed})["rows"])

        return call

    encode = backend.compile_step(
        lambda batch: apply(model.encoder, batch), model.variables, updates=False
    )
    error = compiled(lambda batch: model.reconstruction(batch, False), model.variables)
    log_prior = None
    if prior is not None:
        log_prior = compiled(lambda batch: _log_density_rows(prior, batch), prior.variables)
    elif hasattr(model, "log_prior_rows"):
        own = model.log_prior_rows
        log_prior = compiled(lambda batch: own(batch["latent"]), model.variables)
    found = {k: keras.ops.convert_to_numpy(v) for k, v in encode(read).items()}
    return importance_weighted_nll(
        found["mean"],
        found["log_variance"],
        lambda latent: -error(latent),
        log_prior=log_prior,
        draws=draws,
        seed=seed,
    )


def _apart(model: Any) -> tuple[Any, Any]:
    """An autoencoder, and the prior that was fitted to it, or None."""
    from zoo.priors import PriorSampler

    if isinstance(model, PriorSampler):
        return model.autoencoder, model.code_distribution
    return model, None


def _log_density_rows(prior: Any, batch: dict[str, Any]) -> Any:
    """Log p(latent), or log p(latent | label)."""
    labels = batch["labels"] if prior.classes is not None else None
    from keras import ops

    return prior.log_density_rows(ops.reshape(batch["latent"], (-1, prior.dim)), labels)


def _is_usual(model: Any, *, standard: bool) -> bool:
    """Whether q is a diagonal Gaussian, and p(data | latent) as usual.

    Args:
        model: The model.
        standard: Whether p(latent) has to be the model's own, too: a standard normal, or that of
            `log_prior_rows`.
    """
    from zoo.autoencoders.variational import Variational

    if not isinstance(model, Variational):
        return False
    own = hasattr(model, "log_prior_rows")
    names = DENSITY + (PRIOR if standard and not own else ())
    if any(getattr(type(model), name) is not getattr(Variational, name) for name in names):
        return False
    if own or not standard:
        return set(model.encoder.output) == {"mean", "log_variance"}
    prior = {name: (noise.distribution, noise.shape) for name, noise in model.prior.items()}
    shape = tuple(model.encoder.output["mean"].shape[1:])
    posterior = set(model.encoder.output) == {"mean", "log_variance"}
    return posterior and prior == {"latent": ("normal", shape)}
