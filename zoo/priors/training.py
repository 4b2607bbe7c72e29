"""Training of priors by gradients: the likelihood of codes, with early stopping."""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np

from zoo import losses
from zoo.model import GenerativeModel, Rate
from zoo.noise import normal
from zoo.phase import Batch, Logs, Phase
from zoo.settings import setting

BATCH_SIZE = 128
HELD_OUT = 0.1
"""The share of the rows whose density tells when to stop."""
LEAST_HELD_OUT = 20
"""With fewer such rows, all are trained on for all steps."""
PATIENCE = 150
"""Steps without gain on the held-out rows, after which training stops; at least three epochs."""


class CodeTraining(GenerativeModel):
    """Minimises −log p(code) of codes, drawn anew from their posteriors at each step.

    Its data are vectors: the codes, or means and log variances of posteriors. A subclass makes the
    networks and says their density.
    """

    accepts = ("vector",)
    value_range = None
    standardize_vectors = False
    drawn: bool = setting("Whether the data are means and log variances.", default=False)
    learning_rate: Rate = setting("Of Adam.", default=1e-3, above=0)

    def assemble(self) -> None:
        if self.drawn:
            self.noise = {"epsilon": normal(self.shape[0] // 2)}
        self.network = self.make_network()
        optimizer = keras.optimizers.Adam(self.learning_rate)
        self.phases = [Phase(self.prior_loss, [self.network], optimizer)]

    def make_network(self) -> keras.Model:
        """What is trained."""
        raise NotImplementedError(f"{type(self).__name__} defines make_network().")

    def log_density_rows(self, code: Any, training: bool) -> Any:
        """Log p(code): `(batch,)`."""
        raise NotImplementedError(f"{type(self).__name__} defines log_density_rows().")

    def prior_loss(self, batch: Batch, training: bool) -> Logs:
        """−log p(code), in nats."""
        code = batch["data"]
        if self.drawn:
            dim = self.shape[0] // 2
            code = losses.reparameterize(code[:, :dim], code[:, dim:], batch["epsilon"])
        return {"loss": -keras.ops.mean(self.log_density_rows(code, training))}


def settings_for(codes: np.ndarray, log_variances: np.ndarray | None) -> dict[str, Any]:
    """The settings of a `CodeTraining` that reads codes."""
    dim = codes.shape[1] * (1 if log_variances is None else 2)
    return {"shape": (dim,), "drawn": log_variances is not None}


def train(
    model: CodeTraining,
    codes: np.ndarray,
    log_variances: np.ndarray | None,
    *,
    steps: int,
    seed: int,
) -> float:
    """Trains on codes; the weights are those with the best density of held-out rows.

    Args:
        model: The training.
        codes: `(count, dim)`; means, where there are posteriors.
        log_variances: Of the posteriors.
        steps: At most.
        seed: Of the rows that are held out, their order, and the draws.

    Returns:
        The mean −log p of the held-out codes, in nats; NaN without any.
    """
    parts = (codes,) if log_variances is None else (codes, log_variances)
    rows = np.concatenate(parts, axis=1).astype("float32")
    rows = rows[np.random.default_rng([seed, len(rows)]).permutation(len(rows))]
    held = int(HELD_OUT * len(rows))
    if held < LEAST_HELD_OUT:
        model.fit(rows, steps=steps, batch_size=min(BATCH_SIZE, len(rows)), seed=seed, verbose=0)
        return float("nan")
    per_epoch = math.ceil((len(rows) - held) / BATCH_SIZE)
    stop = keras.callbacks.EarlyStopping(
        "val_loss", patience=max(3, PATIENCE // per_epoch), restore_best_weights=True
    )
    options: dict[str, Any] = {"validation_data": rows[:held], "callbacks": [stop], "verbose": 0}
    model.fit(rows[held:], steps=steps, batch_size=BATCH_SIZE, seed=seed, **options)
    return float(stop.best)
