"""Sampling from any autoencoder: a prior that is fitted to its codes after training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from keras import layers, ops

from zoo.data import Data
from zoo.errors import ModelError
from zoo.model import GenerativeModel
from zoo.noise import Noise, in_turn
from zoo.priors.codes import code_shape, codes_of
from zoo.priors.kinds import KINDS, find_kind, fit_to_draws, options_of
from zoo.priors.prior import prior_part
from zoo.settings import setting
from zoo.uses import Step, Use

ROWS = 10_000
"""Rows of data that a prior is fitted to, at most."""
DESCRIBING = ("vocabulary", "tokens", "schema", "codebook_size")
"""Settings of the autoencoder by which what it makes, and its codes, are read."""


class PriorSampler(GenerativeModel):
    """A trained autoencoder, and a distribution that its codes are drawn from.

    `fit_prior` makes it. It has the uses of the autoencoder, and `sample`, which draws a code and
    decodes it; with `num_classes`, a code of the class asked for where the kind has classes, and
    the class goes to a decoder that reads it. Nothing of it trains by gradients.
    """

    autoencoder: GenerativeModel = setting("A trained model with encoder and decoder.")
    kind: str = setting("Of the distribution: a row of `zoo.priors.KINDS`.", default="mixture")
    options: dict = setting("Of the kind, such as components; the defaults else.", default={})

    def assemble(self) -> None:
        model = self.autoencoder = self.settings["autoencoder"]
        if model.ema is not None:
            self.frozen("autoencoder")  # The parts have the averaged weights.
        _check_autoencoder(model)
        kind, options = find_kind(self.kind, model), options_of(self.kind, self.options)
        self.encoder, self.code = model.encoder, model.code
        for name, part in model.parts().items():
            setattr(self, name, part)
        about = {name: model.settings[name] for name in DESCRIBING if name in model.settings}
        self.settings = MappingProxyType({**about, **self.settings})
        self.code_distribution = kind.make(
            model, self.num_classes if kind.classes else None, **options
        )
        self.code_prior = prior_part(self.code_distribution, layers.Reshape(code_shape(model)))

    @property
    def paper(self) -> str:
        """What the model card says of it."""
        about = (type(self.autoencoder).__doc__ or "").strip().partition("\n")[0]
        return f"{about} Codes are drawn from {KINDS[self.kind].about}."

    def get_config(self) -> dict[str, Any]:
        """The settings, without those that are the autoencoder's."""
        return {k: v for k, v in super().get_config().items() if k not in DESCRIBING}

    def uses(self) -> dict[str, Use]:
        """Those of the autoencoder, and samples from the distribution."""
        table = dict(self.autoencoder.uses())
        chain = _chain_of_samples(table)
        draws: dict[str, Noise] = {**self.code_distribution.draws, **chain.draws}
        if self.num_classes is not None:
            draws["labels"] = in_turn(self.num_classes)
        drawn = {"code": "code_prior/code"}
        steps = [
            replace(step, reads={port: drawn.get(v, v) for port, v in step.reads.items()})
            for step in chain.steps
        ]
        return table | {"sample": Use([Step("code_prior"), *steps], chain.gives, draws)}


def _chain_of_samples(table: Mapping[str, Use]) -> Use:
    """The chain from a `code` to a sample.

    That of the model's own samples where it starts with the latent in the place of the code, so
    that what comes after the decoder is kept; else `decode`.
    """
    decode = table["decode"]
    first = decode.steps[0]
    port = next(port for port, value in first.reads.items() if value == "code")
    own = table.get("sample")
    if own is not None and own.steps[0].part == first.part and not own.steps[0].reads:
        steps = [replace(own.steps[0], reads=dict(first.reads)), *own.steps[1:]]
        draws = {key: noise for key, noise in own.draws.items() if key != port}
        return Use(steps, own.gives, draws)
    return decode


def fit_prior(
    model: GenerativeModel,
    data: Any,
    kind: str = "mixture",
    *,
    classes: bool = False,
    rows: int | None = ROWS,
    seed: int = 0,
    **options: Any,
) -> GenerativeModel:
    """Fits a distribution to the codes of data, and returns a model that samples from it.

    Where the encoder gives a Gaussian posterior, the codes are draws from it. Of a model with a
    fitted prior, the new one takes its place. A model that draws codes itself, such as `code_gan`,
    is returned with its own mixture fitted; its setting `prior_components` is the number of
    Gaussians.

    Args:
        model: A trained model with encoder and decoder.
        data: `Data`, arrays, or a pair of arrays and labels.
        kind: A row of `zoo.priors.KINDS`: `normal`, `mixture`, `aggregated`, `vamp`, `flow`; of
            discrete codes `independent`, `autoregressive`.
        classes: Whether each class has a distribution, which `sample` then takes by label. That of
            a model whose decoder reads labels has them where its kind can.
        rows: Of the data at most, chosen at random; None for all.
        seed: Of the fit.
        options: Of the kind, such as `components`: Gaussians of a mixture, or kept posteriors.

    Raises:
        ModelError: The model cannot encode and decode, the kind is not for its codes, an option is
            unknown, or the data have no labels for the classes.
    """
    from zoo.training.inputs import data_for

    found = data_for(model, data)
    if not isinstance(found, Data):
        raise ModelError("A prior is fitted to data in memory. Received: a stream.")
    if rows is not None and (not isinstance(rows, int) or rows < 2):
        raise ModelError(f"A prior is fitted to at least 2 rows. Received: rows={rows!r}.")
    if isinstance(model, PriorSampler):
        model = model.autoencoder
    own = hasattr(model, "code_distribution")
    sampler: Any = model if own else _sampler(model, kind, options, classes, found, seed)
    if own and (kind != "mixture" or options):
        raise ModelError(
            f"{type(model).__name__} has a mixture of its own, whose components are a setting. "
            f"Received: {', '.join([kind, *options])}. Accepted: mixture."
        )
    distribution = sampler.code_distribution
    codes = codes_of(model, found, classes=distribution.classes is not None, rows=rows, seed=seed)
    fit = fit_to_draws if own else find_kind(kind, model).fit
    fit(distribution, codes, seed)
    return sampler


def _check_autoencoder(model: GenerativeModel) -> None:
    """Checks that a model has codes."""
    table = model.table()
    missing = [use for use in ("encode", "decode") if use not in table]
    if missing or getattr(model, "encoder", None) is None:
        lacks = missing[0] if missing else "tell its encoder"
        raise ModelError(
            "A prior is of the codes of an autoencoder, which can encode and decode. "
            f"Received: {type(model).__name__}, which cannot {lacks}."
        )


def _sampler(
    model: GenerativeModel, kind: str, options: Any, classes: bool, data: Data, seed: int
) -> PriorSampler:
    """An unfitted prior around a model."""
    _check_autoencoder(model)
    row = find_kind(kind, model)
    if classes and not row.classes:
        raise ModelError(f"The prior {kind!r} is one for all classes. Received: classes=True.")
    number = data.num_classes if classes else model.num_classes
    if classes and number is None:
        raise ModelError("A prior of classes is fitted to labelled data. Received: no labels.")
    sampler = PriorSampler(
        shape=model.shape,
        value_range=model.value_range,
        num_classes=number,
        standardize_vectors=model.standardize_vectors,
        autoencoder=model,
        kind=kind,
        options=options_of(kind, options),
        sample_rate=model.settings.get("sample_rate"),
        seed=seed,
    )
    if sampler.standardizes:
        for name in ("standardize", "destandardize"):
            source, own = (getattr(m, name).get_layer("standardization") for m in (model, sampler))
            own.mean.assign(ops.convert_to_numpy(source.mean))
            own.stddev.assign(ops.convert_to_numpy(source.stddev))
    return sampler
