"""The base of hybrids around a trained autoencoder, which a run brings or a first stage trains."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

from zoo.hybrids.inner import Inner
from zoo.model import GenerativeModel
from zoo.networks import apply
from zoo.phase import Batch
from zoo.registry import describe
from zoo.settings import setting

Range = tuple[float, float] | None


class WithAutoencoder(GenerativeModel):
    """A model around an autoencoder, of which it uses the encoder and the decoder.

    The autoencoder is a trained one (`--from autoencoder=RUN`), which stays as it is; or a
    registered model, which the first `pretraining_steps` steps of `fit` train as it trains by
    itself, and which stays as it is then. Data are brought from this model's range to the
    autoencoder's and back.
    """

    autoencoder: GenerativeModel = setting(
        "A trained model with encoder, decoder and a continuous code; by default an own one.",
        default=None,
    )
    own_autoencoder: str = setting(
        "The registered model that is trained first, where no trained one is given.", default="vae"
    )
    autoencoder_options: dict = setting(
        "Its settings.",
        default={"latent_dim": 16},
        tiny={"latent_dim": 4, "network_options": {"width": 4}},
    )
    pretraining_steps: int = setting(
        "Steps of the first stage, where no trained autoencoder is given.",
        default=2000,
        at_least=1,
        tiny=6,
    )

    def take_autoencoder(self) -> Inner | None:
        """Sets `autoencoder`, and returns the first stage where there is one."""
        trained = self.frozen("autoencoder")
        self.autoencoder = self._own_autoencoder() if trained is None else trained
        self._check_autoencoder()
        if trained is not None:
            return None
        return Inner(
            "autoencoder",
            self.autoencoder,
            end=self.pretraining_steps,
            prefix="autoencoder_",
            given=lambda batch, training: batch | {"data": self.to_autoencoder(batch["data"])},
        )

    @property
    def first_step(self) -> int:
        """The step at which the autoencoder is trained and the rest begins."""
        return self.pretraining_steps if self.settings["autoencoder"] is None else 0

    def _own_autoencoder(self) -> GenerativeModel:
        row = describe(self.own_autoencoder)
        fields = row.fields()
        chosen = {**row.settings, **self.autoencoder_options}
        if self.autoencoder_options == type(self).fields["autoencoder_options"].default:
            chosen = {name: value for name, value in chosen.items() if name in fields}
        shared: dict[str, Any] = {"shape": self.shape, "seed": self.seed}
        shared["precision"] = self.precision
        if fields["num_classes"].required:
            shared["num_classes"] = self.num_classes
        if self.value_range is None:
            shared["value_range"] = None
        return row.load()(**shared | chosen)

    def _check_autoencoder(self) -> None:
        model = self.autoencoder
        received = {"autoencoder": type(model).__name__}
        for use in ("encode", "decode"):
            self.require(use in model.table(), f"an autoencoder can {use}", **received)
        code = model.encoder.output[model.code]
        self.require(
            code.dtype.startswith("float"),
            "an autoencoder's code is continuous",
            **received,
            code=code.dtype,
        )
        self.require(
            model.shape == self.shape,
            "an autoencoder has the shape of the data",
            shape=self.shape,
            autoencoder=model.shape,
        )
        self.require(
            (model.value_range is None) == (self.value_range is None),
            "both models have a value range, or neither",
            value_range=self.value_range,
            autoencoder=model.value_range,
        )
        self.require(
            model.num_classes in (None, self.num_classes),
            "an autoencoder has as many classes as num_classes says, or reads no labels",
            num_classes=self.num_classes,
            autoencoder=model.num_classes,
        )

    def to_autoencoder(self, data: Any) -> Any:
        """Data in the autoencoder's range."""
        return rescaled(data, self.value_range, self.autoencoder.value_range)

    def make_code_encoder(self, *, flat: bool) -> keras.Model:
        """`data` in this model's range → the autoencoder's `code`, which may be flattened."""
        encoder = self.autoencoder.encoder
        read = {port: _twin(tensor, port) for port, tensor in encoder.input.items()}
        made = encoder(read | {"data": self.to_autoencoder(read["data"])})
        code = made[self.autoencoder.code]
        code = layers.Flatten()(code) if flat and len(code.shape) > 2 else code
        return keras.Model(read, {"code": code}, name="code_encoder")

    def make_code_decoder(self) -> keras.Model:
        """The autoencoder's code, as `latent` → `data` in this model's range."""
        decoder = self.autoencoder.parts()[self.autoencoder.table()["decode"].steps[0].part]
        read = {port: _twin(tensor, port) for port, tensor in decoder.input.items()}
        made = decoder(read)["data"]
        data = rescaled(made, self.autoencoder.value_range, self.value_range)
        return keras.Model(read, {"data": data}, name="decoder")

    def code_of(self, network: keras.Model, batch: Batch) -> Any:
        """The code that the autoencoder's encoder, which stays as it is, gives a batch."""
        return keras.ops.stop_gradient(apply(network, batch, False)["code"])


def rescaled(data: Any, source: Range, target: Range) -> Any:
    """Data of one range in another; as they are where the ranges are the same."""
    if source == target or source is None or target is None:
        return data
    scale = (target[1] - target[0]) / (source[1] - source[0])
    return (data - source[0]) * scale + target[0]


def _twin(tensor: Any, name: str) -> Any:
    """An input like another one."""
    return keras.Input(tensor.shape[1:], dtype=tensor.dtype, name=name)
