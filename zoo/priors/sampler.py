"""Sampling from any autoencoder: a prior that is fitted to its codes after training."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from keras import layers, ops

from zoo.data import Data
from zoo.errors import ModelError
from zoo.model import GenerativeModel
from zoo.noise import Noise, in_turn
from zoo.priors.mixture import MixturePrior
from zoo.priors.prior import prior_part
from zoo.settings import setting
from zoo.uses import Step, Use


class PriorSampler(GenerativeModel):
    """A trained autoencoder, and a Gaussian mixture that its codes are drawn from.

    `fit_prior` makes it. It has the uses of the autoencoder, and `sample`, which draws a code and
    decodes it; with `num_classes` the mixture of the class asked for. Nothing of it trains by
    gradients.
    """

    autoencoder: GenerativeModel = setting("A trained model with encoder and decoder.")
    components: int = setting("Gaussians in each mixture.", default=1, at_least=1)

    def assemble(self) -> None:
        self.frozen("autoencoder")
        model = self.autoencoder = self.settings["autoencoder"]
        table = model.table()
        for use in ("encode", "decode"):
            self.require(
                use in table, f"an autoencoder can {use}", autoencoder=type(model).__name__
            )
        for name, part in model.parts().items():
            setattr(self, name, part)
        self.maker = table["decode"].steps[0].part
        shape = tuple(model.encoder.output[model.code].shape[1:])
        self.code_distribution = MixturePrior(
            math.prod(shape), self.num_classes, components=self.components
        )
        self.code_prior = prior_part(self.code_distribution, layers.Reshape(shape))

    def uses(self) -> dict[str, Use]:
        """Those of the autoencoder, and samples from the mixture."""
        table = dict(self.autoencoder.uses())
        draws: dict[str, Noise] = dict(self.code_distribution.draws)
        if self.num_classes is not None:
            draws["labels"] = in_turn(self.num_classes)
        steps = [Step("code_prior"), Step(self.maker, {"latent": "code_prior/code"})]
        return table | {"sample": Use(steps, {"data": f"{self.maker}/data"}, draws)}


def fit_prior(
    model: GenerativeModel, data: Any, *, components: int = 10, classes: bool = False, seed: int = 0
) -> GenerativeModel:
    """Fits Gaussian mixtures to the codes of data, and returns a model that samples from them.

    A model that draws codes itself, such as `code_gan`, is returned with its own prior fitted; its
    setting `prior_components` is the number of Gaussians.

    Args:
        model: A trained model with encoder and decoder, whose code is continuous.
        data: `Data`, arrays, or a pair of arrays and labels.
        components: Gaussians in each mixture.
        classes: Whether each class has a mixture, which `sample` then takes by label.
        seed: Of the fit.

    Raises:
        ModelError: The model cannot encode, or the data have no labels for the classes.
    """
    from zoo.training.inputs import data_for

    found = data_for(model, data)
    if not isinstance(found, Data):
        raise ModelError("A prior is fitted to data in memory. Received: a stream.")
    fields = found.standardized(None).batch(np.arange(len(found)), model.value_range)
    own = hasattr(model, "code_distribution")
    sampler: Any = model if own else _sampler(model, components, classes, found)
    read = {n: fields[n] for n in model.table()["encode"].inputs if n in fields}
    codes = model.encode(**read)
    distribution = sampler.code_distribution
    labels = None
    if distribution.classes is not None:
        if "labels" not in fields:
            raise ModelError("A prior of classes is fitted to labelled data. Received: no labels.")
        labels = fields["labels"]
    distribution.fit(codes.reshape(len(codes), -1), labels, seed=seed)
    return sampler


def _sampler(model: GenerativeModel, components: int, classes: bool, data: Data) -> PriorSampler:
    """An unfitted prior around a model."""
    number = data.num_classes if classes else model.num_classes
    if classes and number is None:
        raise ModelError("A prior of classes is fitted to labelled data. Received: no labels.")
    sampler = PriorSampler(
        shape=model.shape,
        value_range=model.value_range,
        num_classes=number,
        standardize_vectors=model.standardize_vectors,
        autoencoder=model,
        components=components,
    )
    if sampler.standardizes:
        for name in ("standardize", "destandardize"):
            source, own = (getattr(m, name).get_layer("standardization") for m in (model, sampler))
            own.mean.assign(ops.convert_to_numpy(source.mean))
            own.stddev.assign(ops.convert_to_numpy(source.stddev))
    return sampler
