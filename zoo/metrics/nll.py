"""The importance-weighted likelihood of a variational model: a Keras model, not a bundle."""

from __future__ import annotations

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

    The prior is the standard normal, or that of a `PriorSampler`; of one with classes, the
    likelihood is that given the label.

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
    import keras

    from zoo import backends
    from zoo.networks import apply

    reference = judged.reference
    fields = reference.test.batch(reference.rows[:rows], model.value_range)
    if model.standardization is not None:
        fields["data"] = model.standardization.apply(fields["data"])
    backend = backends.current()
    read = {name: backend.place(array) for name, array in fields.items()}
    encode = backend.compile_step(
        lambda batch: apply(model.encoder, batch), model.variables, updates=False
    )
    decode = backend.compile_step(
        lambda batch: {"rows": model.reconstruction(batch, False)}, model.variables, updates=False
    )

    def log_likelihood(latent: np.ndarray) -> np.ndarray:
        placed = backend.place(latent.astype("float32"))
        return -keras.ops.convert_to_numpy(decode({**read, "latent": placed})["rows"])

    def log_prior(latent: np.ndarray) -> np.ndarray:
        flat = backend.place(latent.reshape(len(latent), -1).astype("float32"))
        return keras.ops.convert_to_numpy(density({**read, "latent": flat})["rows"])

    if prior is not None:
        density = backend.compile_step(
            lambda batch: {"rows": _log_density_rows(prior, batch)}, prior.variables, updates=False
        )
    with model.averaged_weights():
        found = {k: keras.ops.convert_to_numpy(v) for k, v in encode(read).items()}
        return importance_weighted_nll(
            found["mean"],
            found["log_variance"],
            log_likelihood,
            log_prior=None if prior is None else log_prior,
            draws=draws,
            seed=judged.seed,
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
    return prior.log_density_rows(batch["latent"], labels)


def _is_usual(model: Any, *, standard: bool) -> bool:
    """Whether q is a diagonal Gaussian, and p(data | latent) as usual.

    Args:
        model: The model.
        standard: Whether p(latent) has to be a standard normal, too.
    """
    from zoo.autoencoders.variational import Variational

    if not isinstance(model, Variational):
        return False
    names = DENSITY + (PRIOR if standard else ())
    if any(getattr(type(model), name) is not getattr(Variational, name) for name in names):
        return False
    if not standard:
        return set(model.encoder.output) == {"mean", "log_variance"}
    prior = {name: (noise.distribution, noise.shape) for name, noise in model.prior.items()}
    shape = tuple(model.encoder.output["mean"].shape[1:])
    posterior = set(model.encoder.output) == {"mean", "log_variance"}
    return posterior and prior == {"latent": ("normal", shape)}
