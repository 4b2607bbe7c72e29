"""A VampPrior for a trained model: the mean of the posteriors of learned pseudo-inputs."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from zoo import losses
from zoo.errors import ModelError
from zoo.model import GenerativeModel
from zoo.model.parts import pseudo_inputs
from zoo.networks import apply
from zoo.precision import precise
from zoo.priors.codes import POSTERIOR, Codes, code_length
from zoo.priors.posteriors import PosteriorMixture
from zoo.priors.training import CodeTraining, settings_for, train
from zoo.settings import setting


@keras.saving.register_keras_serializable("genzoo")
class VampPrior(PosteriorMixture):
    """(1/K) Σ q(code | u_k), u_k learned (Tomczak & Welling, 2017, arXiv:1705.07120).

    Here the model is trained before: its encoder stays as it is, and the pseudo-inputs u_k, which
    start as rows of data, maximise the likelihood of codes drawn from the posteriors of data. The
    prior holds the means and deviations of their posteriors, so that drawing needs no encoder.

    Args:
        dim: Length of a code.
        classes: None: it is the same for all classes.
        components: K; the paper's is 500.
        steps: Of training, at most.
    """

    def __init__(
        self,
        dim: int,
        classes: int | None = None,
        *,
        components: int = 100,
        steps: int = 1000,
        **options: Any,
    ) -> None:
        super().__init__(dim, classes, components=components, **options)
        self.steps = steps

    def fit(self, codes: np.ndarray, labels: np.ndarray | None = None, *, seed: int = 0) -> None:
        """Raises: pseudo-inputs are fitted to data by `fit_vamp`.

        Raises:
            ModelError: Always.
        """
        raise ModelError("A VampPrior is fitted to data and an encoder. Accepted: fit_prior.")

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "steps": self.steps}


class VampTraining(CodeTraining):
    """The training of pseudo-inputs, kept within the range of the data."""

    learning_rate = 1e-2
    autoencoder: Any = setting("The trained model, whose encoder stays as it is.")
    start: Any = setting("The first pseudo-inputs, `(K, *shape)`.")

    def make_network(self) -> keras.Model:
        """`component`, a number below K → `data`."""
        self.encoder_as_it_is = self.autoencoder.encoder
        count, *shape = self.start.shape
        made = pseudo_inputs(count, tuple(shape), self.autoencoder.value_range, "zeros")
        made.get_layer("pseudo_inputs").embeddings.assign(self.start.reshape(count, -1))
        return made

    def posteriors(self) -> dict[str, Any]:
        """Mean and log variance of each component: `(K, dim)`."""
        everyone = {"component": ops.arange(len(self.start), dtype="int32")}
        found = apply(self.encoder_as_it_is, apply(self.network, everyone))
        return {
            name: ops.reshape(precise(found[name]), (len(self.start), -1)) for name in POSTERIOR
        }

    def log_density_rows(self, code: Any, training: bool) -> Any:
        """Log (1/K) Σ q(code | u_k)."""
        pairs = losses.log_normal_pairs(code, **self.posteriors())
        return losses.log_mean_exp(ops.sum(pairs, axis=-1))


def make_vamp(model: GenerativeModel, classes: int | None, **options: Any) -> VampPrior:
    """An unfitted prior of a model.

    Raises:
        ModelError: Its encoder reads more than data.
    """
    if set(model.encoder.input) != {"data"}:
        raise ModelError(
            "Pseudo-inputs are for encoders that read data alone. "
            f"Received: {type(model).__name__}, which reads {', '.join(model.encoder.input)}."
        )
    return VampPrior(code_length(model), classes, **options)


def fit_vamp(prior: VampPrior, codes: Codes, seed: int) -> None:
    """Learns pseudo-inputs, and gives the prior their posteriors."""
    if codes.data["data"].dtype.kind != "f":
        raise ModelError(
            "Pseudo-inputs are numbers. Received: a model of tokens. Accepted: another prior."
        )
    rows = np.random.default_rng([seed]).permutation(len(codes.codes))
    start = codes.data["data"][np.resize(rows, prior.components)]
    with codes.model.averaged_weights():
        training = VampTraining(
            autoencoder=codes.model, start=start, **settings_for(codes.codes, codes.log_variances)
        )
        train(training, codes.codes, codes.log_variances, steps=prior.steps, seed=seed)
        found = {k: ops.convert_to_numpy(v) for k, v in training.posteriors().items()}
    prior.hold(found["mean"], np.exp(0.5 * found["log_variance"]))
