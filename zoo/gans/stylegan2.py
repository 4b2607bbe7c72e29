"""A generator whose every layer a style scales."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import keras
from keras import layers, ops

from zoo.backends import input_gradient
from zoo.gans.base import Adversarial
from zoo.layers import Truncation
from zoo.networks import activated, apply, rewired, stylegan2
from zoo.noise import Noise, normal, truncation, uniform
from zoo.phase import Batch, Logs, Phase, every
from zoo.precision import precise, precise_dtype
from zoo.settings import setting
from zoo.uses import Use


class StyleGAN2(Adversarial):
    """StyleGAN2 (Karras et al., 2019, arXiv:1912.04958).

    A mapping network makes a style of the latent, which scales the kernels of every layer of the
    generator; noise is an input of every size. Two penalties are lazy: R1 at data, and that of path
    lengths, (‖∂⟨image, y⟩/∂style‖ − a)² for random images y and the moving mean a of the lengths,
    by which equal steps of the style make equal changes of the image. A share of the samples has
    the style of a second latent from some layer on. Samples are truncated towards the mean style by
    the generator's input `psi`. With `num_classes`, the mapping reads an embedding of the label and
    the discriminator has a logit for each class.

    The default settings are for small images: as the authors chose for CIFAR-10 (Karras et al.,
    2020, arXiv:2006.06676), the mapping has two layers, and there is neither a second style nor the
    penalty of path lengths, under which digits lost their variety early. At 1024×1024 the paper has
    `style_mixing=0.9`, `path_weight=2`, 8 layers of mapping, the weight 10 of R1, the widths 32
    next to the data and at most 512, latents of 512 numbers, and an average of the weights with a
    half-life of 10,000 images. The rate and the interval of R1 are the paper's; that of path
    lengths is the code's, where the paper has 8.
    """

    accepts = ("sequence", "image")
    network = "stylegan2"
    output = "clip"
    latent_dim = 64
    penalties = {"r1": 1.0}
    penalty_interval = 16
    learning_rate = 2e-3
    beta_1 = 0.0
    beta_2 = 0.99
    ema = 0.998
    network_options: dict = setting(
        "Options of the networks: width, widest, generator.mapping_layers.",
        default={},
        tiny={"width": 4},
    )
    style_mixing: float = setting(
        "Share of the samples with two styles.", default=0.0, at_least=0, at_most=1, tiny=0.9
    )
    path_weight: float = setting("Of the path length's penalty.", default=0.0, at_least=0, tiny=2.0)
    path_interval: int = setting(
        "Steps from one update by it to the next, which multiply its weight.",
        default=4,
        at_least=1,
    )
    path_decay: float = setting(
        "Share of a batch's mean length in the moving mean.", default=0.01, above=0, at_most=1
    )

    @property
    def network_defaults(self) -> Mapping[str, Mapping[str, Any]]:
        """Smaller than the paper's, and the deviation over the batch in the discriminator."""
        size = {"width": 32, "widest": 128}
        return {
            "generator": size | {"mapping_layers": 2},
            "discriminator": self.discriminator_defaults(size | {"deviation": True}),
        }

    def assemble(self) -> None:
        super().assemble()
        self.path_length = self.state("path_length")
        if not self.path_weight:
            return
        *others, generator = self.phases
        optimizer = self.make_optimizer(self.learning_rate, self.path_interval)
        due = every(self.path_interval)
        self.phases = [
            *others,
            replace(generator, optimizer=optimizer),
            Phase(self.path_loss, self.generator_networks, optimizer, when=due, partial=True),
        ]

    def make_generator(self) -> None:
        """The mapping, the synthesis of styles and noise, and both as `generator`."""
        family, options = self._network_choices("generator", "generator")
        own = options.pop("own")
        self.require(
            family == "stylegan2" and own is None,
            "the generator reads styles, which no other network does",
            network=family,
            generator=own,
        )
        for name in ("name", "num_classes"):
            options.pop(name)
        style = stylegan2.Options(**options)
        self.mapping = self._mapping(style)
        self.synthesis = _synthesis(self.shape, self.latent_dim, style)
        bounded = activated(self.synthesis, self.output, self.value_range)
        noise = bounded.input["noise"]
        styles = self.mapping.output["styles"]
        inputs = {**self.mapping.input, "noise": keras.Input(noise.shape[1:], name="noise")}
        made = bounded({"styles": styles, "noise": inputs["noise"]})
        self.generator = keras.Model(inputs, made, name="generator")
        self.prior = {
            "latent": self.latent_noise(),
            "psi": truncation(),
            "noise": normal(*noise.shape[1:]),
        }

    def noise_of_pieces(self) -> dict[str, Noise]:
        """With the second latent and where its style begins, and the path length's images."""
        found = super().noise_of_pieces()
        if self.style_mixing:
            found |= {"other_latent": self.latent_noise(), "mixing": uniform(2)}
        return found | ({"path": normal(*self.shape)} if self.path_weight else {})

    def _mapping(self, style: stylegan2.Options) -> keras.Model:
        """`latent`, `psi` and labels → `styles` `(batch, layers, latent_dim)`, all the same."""
        inputs = {
            "latent": keras.Input((self.latent_dim,), name="latent"),
            "psi": keras.Input((), name="psi"),
        }
        label = None
        if self.num_classes is not None:
            inputs["labels"] = keras.Input((), dtype="int32", name="labels")
            label = ops.one_hot(inputs["labels"], self.num_classes, dtype=precise_dtype())
        found = stylegan2.mapped(inputs["latent"], style, label)
        found = Truncation(dtype=precise_dtype())([precise(found), inputs["psi"]])
        count = stylegan2.number_of_styles(self.shape, style)
        styles = ops.repeat(found[:, None], count, axis=1)
        return keras.Model(inputs, {"styles": styles}, name="mapping")

    def make_discriminator(self) -> None:
        """A residual network; with `num_classes`, the label chooses one of its logits."""
        discriminator = self.encoder_of(
            "discriminator",
            features=bool(self.feature_matching),
            labels=False,
            logit=self.num_classes or 1,
        )
        self.discriminator = rewired(discriminator, self._of_the_label)

    def _of_the_label(self, network: keras.Model) -> keras.Model:
        """A network with a logit for each class as one that reads the label."""
        if self.num_classes is None:
            return network
        labels = keras.Input((), dtype="int32", name="labels")
        logits = network.output["logit"]
        chosen = logits * ops.one_hot(labels, self.num_classes, dtype=precise_dtype())
        outputs = {**network.output, "logit": ops.sum(chosen, axis=-1, keepdims=True)}
        return keras.Model({**network.input, "labels": labels}, outputs, name=network.name)

    @property
    def generator_networks(self) -> list[keras.Model]:
        """Mapping and synthesis."""
        return [self.mapping, self.synthesis]

    def generate(self, batch: Batch, training: bool) -> Any:
        """Data that are not bounded: only samples are."""
        return apply(self.synthesis, batch | {"styles": self.styles(batch, training)})["data"]

    def styles(self, batch: Batch, training: bool) -> Any:
        """The style of every layer; of some rows, those of two latents."""
        own = apply(self.mapping, batch, training)["styles"]
        if not self.style_mixing:
            return own
        second = batch | {"latent": batch["other_latent"]}
        other = apply(self.mapping, second, training)["styles"]
        mixing = precise(batch["mixing"])[..., None, None]
        first = 1 + ops.floor(mixing[:, 1] * (own.shape[1] - 1))
        places = ops.arange(own.shape[1], dtype=first.dtype)[None, :, None]
        mixed = ops.logical_and(mixing[:, 0] < self.style_mixing, places >= first)
        return ops.where(mixed, other, own)

    def path_loss(self, batch: Batch, training: bool) -> Logs:
        """The squared distance of path lengths from their moving mean."""
        styles = self.styles(batch, training)
        image = batch["path"] / math.sqrt(math.prod(self.shape[:-1]))

        def products(styles: Any) -> Any:
            return apply(self.synthesis, batch | {"styles": styles})["data"] * image

        lengths = path_lengths(input_gradient(products, styles))
        length = ops.mean(lengths)
        mean = self.path_length + self.path_decay * (length - self.path_length)
        penalty = ops.mean(ops.square(lengths - mean))
        loss = self.path_weight * self.path_interval * penalty
        return {"loss": loss, "length": length, "next": {"path_length": ops.stop_gradient(mean)}}

    def uses(self) -> dict[str, Use]:
        """`decode` draws its noise, and does not truncate."""
        table = super().uses()
        draws = {name: self.prior[name] for name in ("psi", "noise")}
        return table | {"decode": replace(table["decode"], draws=draws)}


def path_lengths(slopes: Any) -> Any:
    """√(mean over layers of ‖slope‖²) of slopes `(batch, layers, units)`: `(batch,)`."""
    squares = ops.sum(ops.square(precise(slopes)), axis=-1)
    return ops.sqrt(ops.mean(squares, axis=-1))


def _synthesis(shape: tuple[int, ...], latent_dim: int, style: stylegan2.Options) -> keras.Model:
    """`styles` and `noise`, all maps in one vector → `data` without bounds."""
    sizes = stylegan2.sizes_of_noise(shape, style)
    count = stylegan2.number_of_styles(shape, style)
    lengths = [math.prod(size) for size in sizes]
    inputs = {
        "styles": keras.Input((count, latent_dim), name="styles"),
        "noise": keras.Input((sum(lengths),), name="noise"),
    }
    ends = list(itertools.accumulate(lengths))
    noise = [
        ops.reshape(inputs["noise"][:, end - length : end], (-1, *size, 1))
        for size, length, end in zip(sizes, lengths, ends, strict=True)
    ]
    styles = [inputs["styles"][:, index] for index in range(count)]
    made = stylegan2.synthesized(styles, noise, shape, style)
    made = layers.Activation("linear", dtype=precise_dtype(), name="data")(made)
    return keras.Model(inputs, {"data": made}, name="synthesis_logits")
