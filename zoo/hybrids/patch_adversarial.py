"""Autoencoders of images that a discriminator of patches and a perceptual distance sharpen."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from zoo import losses
from zoo.backends import input_gradient
from zoo.model import GenerativeModel, Rate
from zoo.networks import apply, perceptual, rewired
from zoo.phase import Batch, Logs, Phase
from zoo.precision import precise
from zoo.settings import setting

LARGEST = 1e4
"""Of the adaptive weight, as in the authors' code."""


class PatchAdversarial(GenerativeModel):
    """Mean absolute error, perceptual distance and a hinge game of patches.

    With L the sum of the first two, the autoencoder minimises L + w·λ·(−mean logit), where the
    adaptive weight λ = ‖∂L/∂K‖ / (‖∂(−mean logit)/∂K‖ + 1e-4) compares the slopes by the kernel K
    of the decoder's last layer, and is at most 1e4 (Esser et al., 2020, arXiv:2012.09841,
    equation 7). The game begins at `discriminator_start`.
    """

    perceptual_weight: float = setting("Of the perceptual distance.", default=1.0, at_least=0)
    adversarial_weight: float = setting(
        "Of the game, beside the adaptive weight.", default=0.8, at_least=0
    )
    discriminator_start: int = setting(
        "Step at which the game begins.", default=500, at_least=0, tiny=2
    )
    discriminator_width: int = setting(
        "Channels of the discriminator's last layer.", default=64, at_least=2, tiny=4
    )
    discriminator_depth: int = setting(
        "How often the discriminator halves the size.", default=2, at_least=1
    )
    discriminator_learning_rate: Rate = setting("Of its Adam.", default=2e-4, above=0)
    discriminator: keras.Model = setting("Data → a map of logits.", default=None)
    perceptual: keras.Model = setting(
        "Data → maps in which images are compared; by default random filters.", default=None
    )

    @property
    def discriminator_options(self) -> dict[str, Any]:
        """Strided convolutions with batch normalization, a logit for each patch."""
        return {
            "network": "vq",
            "width": self.discriminator_width,
            "depth": self.discriminator_depth,
            "num_residual_blocks": 0,
            "activation": "leaky_relu",
            "normalization": "batch",
        }

    def make_judges(self, decoder: keras.Model) -> None:
        """Makes the discriminator and the perceptual network, and cuts the decoder in two.

        Args:
            decoder: From `latent` to `data` without an output activation.
        """
        # A network of the user's own brings a map of its own size.
        channels = 1 if self.settings["discriminator"] is None else None
        self.discriminator = self.encoder_of("discriminator", logit=channels)
        own = self.settings["perceptual"]
        if own is None:
            self.perceptual = perceptual.random_features(self.shape)
        else:
            self.perceptual = perceptual.own_features(own, self.shape)
        self.perceptual.trainable = False
        self.decoder_body = rewired(decoder, _body)
        self.decoder_end = _end(decoder)

    def discriminator_phase(self) -> Phase:
        """The discriminator's phase."""
        optimizer = keras.optimizers.Adam(self.discriminator_learning_rate, 0.5, 0.9)
        return Phase(
            self.discriminator_loss,
            [self.discriminator],
            optimizer,
            when=lambda step: step >= self.discriminator_start,
        )

    def rebuild(self, batch: Batch, training: bool) -> tuple[Any, Any, Logs]:
        """The decoder's input, what is added to the loss, and what is logged of it."""
        raise NotImplementedError(f"{type(self).__name__} defines rebuild().")

    def autoencoder_loss(self, batch: Batch, training: bool) -> Logs:
        """Reconstruction, perceptual distance, the game, and what a subclass adds."""
        latent, added, logs = self.rebuild(batch, training)
        features = apply(self.decoder_body, batch | {"latent": latent}, training)["features"]
        made = self.decoder_end({"features": features}, training=training)["data"]
        likeness = self.likeness(batch["data"], made)
        reconstruction = likeness["reconstruction"]
        reached = self.perceptual_weight * likeness["perceptual"] + reconstruction
        adversarial = self.passing(made, batch, training)
        weight = self.adaptive_weight(batch, features)
        begun = precise(batch["step"] >= self.discriminator_start)
        game = begun * self.adversarial_weight * weight * adversarial
        shown = {"adversarial": adversarial, "adaptive_weight": weight}
        return {"loss": reached + game + added, **likeness, **shown, **logs}

    def likeness(self, data: Any, made: Any) -> Logs:
        """The mean absolute error and the perceptual distance."""
        return {
            "reconstruction": losses.mean_absolute_error(data, made),
            "perceptual": perceptual.distance(self.perceptual, data, made),
        }

    def passing(self, made: Any, batch: Batch, training: bool) -> Any:
        """The generator's side of the game: −mean logit."""
        judged = apply(self.discriminator, batch | {"data": made}, training)
        return losses.wasserstein_generator(judged["logit"])

    def adaptive_weight(self, batch: Batch, features: Any) -> Any:
        """How much steeper the reconstruction is than the game, by the last layer's kernel."""
        slopes = self.slopes(batch, features)
        reached, passed = (ops.sqrt(ops.sum(ops.square(precise(x)))) for x in slopes)
        return ops.stop_gradient(ops.clip(reached / (passed + 1e-4), 0.0, LARGEST))

    def slopes(self, batch: Batch, features: Any) -> list[Any]:
        """The gradients of the reconstruction and of the game by the last layer's kernel."""
        end, features = self.decoder_end, ops.stop_gradient(features)
        kernel, *others = end.trainable_variables
        state = [variable.value for variable in end.non_trainable_variables]

        def remade(value: Any) -> Any:
            values = [value, *(variable.value for variable in others)]
            outputs, _ = end.stateless_call(values, state, {"features": features}, training=False)
            return outputs["data"]

        def reached(value: Any) -> Any:
            found = self.likeness(batch["data"], remade(value))
            return self.perceptual_weight * found["perceptual"] + found["reconstruction"]

        def passed(value: Any) -> Any:
            return self.passing(remade(value), batch, False)

        return [input_gradient(function, kernel.value) for function in (reached, passed)]

    def discriminator_loss(self, batch: Batch, training: bool) -> Logs:
        """The hinge loss of patches of data and of reconstructions."""
        latent, _, _ = self.rebuild(batch, training)
        features = apply(self.decoder_body, batch | {"latent": latent}, training)["features"]
        made = ops.stop_gradient(
            self.decoder_end({"features": features}, training=training)["data"]
        )
        real, fake = (
            apply(self.discriminator, batch | {"data": x}, training)["logit"]
            for x in (batch["data"], made)
        )
        loss = losses.hinge_discriminator(real, fake)
        return {"loss": 0.5 * loss, "real": ops.mean(real), "fake": ops.mean(fake)}


def _last(network: keras.Model) -> Any:
    """The last layer with a kernel."""
    return next(layer for layer in reversed(network.layers) if layer.trainable_variables)


def _written(network: keras.Model) -> tuple[Any, Any, keras.Model]:
    """Inputs and outputs by name, and the network; of a user's own, what is wrapped."""
    trained = [layer for layer in network.layers if layer.variables]
    if len(trained) != 1 or not isinstance(trained[0], keras.Model):
        return network.input, network.output, network
    own = trained[0]
    reads = own.input if isinstance(own.input, dict) else {"latent": own.input}
    return reads, own.output if isinstance(own.output, dict) else {"data": own.output}, own


def _body(network: keras.Model) -> keras.Model:
    """A network up to what its last layer with a kernel reads."""
    reads, _, network = _written(network)
    return keras.Model(reads, {"features": _last(network).input}, name="decoder_body")


def _end(network: keras.Model) -> keras.Model:
    """The rest of it."""
    _, makes, network = _written(network)
    read = _last(network).input
    features = keras.Input(read.shape[1:], name="features")
    tail = keras.Model(read, makes)
    return keras.Model({"features": features}, tail(features), name="decoder_end")
