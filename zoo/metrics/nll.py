"""The importance-weighted likelihood of a variational model: a Keras model, not a bundle."""

from __future__ import annotations

from typing import Any

import numpy as np

from zoo.metrics.fidelity import Estimate
from zoo.metrics.judged import Judged
from zoo.metrics.likelihood import importance_weighted_nll

ROWS = 500
DRAWS = 100
DENSITY = ("infer", "draw", "divergence", "reconstruction", "density")
"""Methods that a model with a Gaussian posterior and a standard normal prior leaves as they are."""


def negative_log_likelihood(
    judged: Judged, *, rows: int = ROWS, draws: int = DRAWS
) -> Estimate | None:
    """Of the first test data; None of models whose posterior, prior or density is another one.

    Args:
        judged: The model and the data.
        rows: How many test data.
        draws: Latents of each.
    """
    model = judged.runner.model
    if model is None or not _is_usual(model):
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

    with model.averaged_weights():
        found = {k: keras.ops.convert_to_numpy(v) for k, v in encode(read).items()}
        return importance_weighted_nll(
            found["mean"], found["log_variance"], log_likelihood, draws=draws, seed=judged.seed
        )


def _is_usual(model: Any) -> bool:
    """Whether q is a diagonal Gaussian, p(latent) a standard normal, p(data | latent) as usual."""
    from zoo.autoencoders.variational import Variational

    if not isinstance(model, Variational):
        return False
    if any(getattr(type(model), name) is not getattr(Variational, name) for name in DENSITY):
        return False
    prior = {name: (noise.distribution, noise.shape) for name, noise in model.prior.items()}
    shape = tuple(model.encoder.output["mean"].shape[1:])
    posterior = set(model.encoder.output) == {"mean", "log_variance"}
    return posterior and prior == {"latent": ("normal", shape)}
