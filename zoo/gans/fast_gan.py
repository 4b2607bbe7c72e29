"""A GAN of few data: large maps excited by small ones, and a discriminator that rebuilds data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
from keras import layers, ops

from zoo import losses
from zoo.gans.base import Adversarial, Side, Terms
from zoo.networks import apply, fastgan, rewired
from zoo.noise import Noise, categorical
from zoo.phase import Batch, Logs
from zoo.precision import precise_dtype
from zoo.settings import setting

LARGEST = 128
"""Of the sides of what the discriminator rebuilds."""


class FastGAN(Adversarial):
    """FastGAN (Liu et al., 2021, arXiv:2101.04775).

    The generator's small maps scale the channels of large ones. Two small decoders rebuild the data
    that the discriminator sees, at half of their size and at most 128: one the whole, from the
    smallest map, the other a quarter, from the same quarter of the map before. The discriminator
    minimises its side of the hinge game + the mean absolute errors. Differentiable augmentation and
    the average of the weights are the authors'.

    The authors compare what is rebuilt by LPIPS, blur the hinge's margin, add noise of learned
    strengths to maps of the generator, excite maps of the discriminator too, whose logits are a map
    of 5×5, and have a second discriminator of small images, which the paper does not name. Their
    rate is 2e-4, for batches of 8; the default rate is for some thousand steps.
    """

    accepts = ("sequence", "image")
    network = "fastgan"
    latent_dim = 256
    loss = "hinge"
    augmentation = ("color", "translation")
    learning_rate = 5e-4
    ema = 0.998
    reconstruction: float = setting(
        "Weight of the errors of what the discriminator rebuilds.", default=1.0, at_least=0
    )
    decoder_width: int = setting(
        "Channels of the decoders next to what they rebuild.", default=16, at_least=1, tiny=4
    )

    @property
    def network_defaults(self) -> Mapping[str, Mapping[str, Any]]:
        """Batch normalization in both networks, beside the family's spectral kernels."""
        shared = {"normalization": "batch"}
        discriminator = self.discriminator_defaults(shared | {"activation": "leaky_relu"})
        return {"generator": shared, "discriminator": discriminator}

    def make_discriminator(self) -> None:
        """A discriminator, and decoders of its last two maps."""
        self.discriminator = self.encoder_of(
            "discriminator", logit=1, features=bool(self.feature_matching)
        )
        if not self.reconstruction:
            return
        maps = fastgan.maps_of(self.discriminator)
        self.require(
            len(maps) > 1,
            "data that are halved are rebuilt, from maps of the network 'fastgan'",
            network=self.network,
            shape=self.shape,
        )
        sizes = [tuple(x.shape[1:-1]) for x in maps]
        small = (level for level, size in enumerate(sizes) if level and max(size) <= LARGEST)
        self.halvings = next(small, len(sizes) - 1)
        doublings = sizes[self.halvings : -1][::-1]
        self.part_decoder = self._decoder("part", (*sizes[-1], maps[-2].shape[-1]), doublings)
        self.whole_decoder = self._decoder("whole", tuple(maps[-1].shape[1:]), doublings)
        self.judge = rewired(self.discriminator, _with_maps)

    def _decoder(
        self, name: str, shape: tuple[int, ...], doublings: Sequence[tuple[int, ...]]
    ) -> keras.Model:
        """A small decoder, from `map` to `data`."""
        read = keras.Input(shape, name="map")
        style = fastgan.Options(width=self.decoder_width)
        x = fastgan.decoded(read, doublings, self.shape[-1], style)
        x = layers.Activation(self.output_activation, dtype=precise_dtype(), name="data")(x)
        return keras.Model({"map": read}, {"data": x}, name=f"{name}_decoder")

    @property
    def discriminator_network(self) -> keras.Model:
        """The discriminator, with its maps where they are decoded."""
        return self.judge if self.reconstruction else self.discriminator

    @property
    def discriminator_networks(self) -> list[keras.Model]:
        """The discriminator and the decoders."""
        decoders = [self.part_decoder, self.whole_decoder] if self.reconstruction else []
        return [self.discriminator_network, *decoders]

    def noise_of_pieces(self) -> dict[str, Noise]:
        """With the quarter of each datum that is rebuilt: the near or the far half of each side."""
        quarter = {"quarter": categorical(2, len(self.shape) - 1)} if self.reconstruction else {}
        return super().noise_of_pieces() | quarter

    def discriminate(self, data: Any, batch: Batch, training: bool, side: Side) -> Logs:
        """The logit, and of data the error of what is rebuilt of them as they are seen."""
        seen = self.view(data, batch, side)
        found = apply(self.discriminator_network, batch | {"data": seen}, training)
        if side == "real" and self.reconstruction:
            found["error"] = self.error(found, seen, batch["quarter"], training)
        return found

    def error(self, found: Logs, seen: Any, quarters: Any, training: bool) -> Any:
        """The mean absolute errors of small data and of a quarter of them, added."""
        part = {"map": quarter_of(found["part"], quarters)}
        made = [
            self.whole_decoder({"map": found["whole"]}, training=training)["data"],
            self.part_decoder(part, training=training)["data"],
        ]
        wanted = [
            _shrunk(seen, self.halvings),
            _shrunk(quarter_of(seen, quarters), self.halvings - 1),
        ]
        return sum(losses.mean_absolute_error(*pair) for pair in zip(wanted, made, strict=True))

    def discriminator_terms(self, real: Logs, fake: Logs, batch: Batch) -> Terms:
        """The error of what is rebuilt."""
        if not self.reconstruction:
            return {}
        return {"reconstruction": (self.reconstruction, real["error"])}


def quarter_of(x: Any, far: Any) -> Any:
    """One half of each side, the larger one of odd sizes: the far one where `far` is 1.

    Args:
        x: `(batch, …, channels)`.
        far: `(batch, sides)`.
    """
    for axis in range(1, len(x.shape) - 1):
        half, before = -(-x.shape[axis] // 2), (slice(None),) * axis
        near, end = x[(*before, slice(half))], x[(*before, slice(x.shape[axis] - half, None))]
        x = ops.where(ops.reshape(far[:, axis - 1] > 0, (-1, *[1] * (len(x.shape) - 1))), end, near)
    return x


def _shrunk(x: Any, halvings: int) -> Any:
    """The means of blocks."""
    if not halvings:
        return x
    size = 2**halvings
    return ops.average_pool(x, size, size, padding="same", data_format="channels_last")


def _with_maps(network: keras.Model) -> keras.Model:
    """A discriminator with its last two maps as outputs."""
    part, whole = fastgan.maps_of(network)[-2:]
    outputs = {**network.output, "part": part, "whole": whole}
    return keras.Model(network.input, outputs, name=network.name)
