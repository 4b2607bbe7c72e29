"""Codes of a category and a style: an adversarial autoencoder that clusters, or classifies."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from zoo.hybrids.adversarial_autoencoder import AdversarialAutoencoder
from zoo.model import Rate
from zoo.networks import apply, rewired
from zoo.noise import categorical, normal
from zoo.phase import Batch, Logs, Phase
from zoo.precision import precise, precise_dtype
from zoo.settings import setting
from zoo.uses import Step, Use


class ClusteringAAE(AdversarialAutoencoder):
    """Adversarial autoencoder that clusters (Makhzani et al., 2015, arXiv:1511.05644, section 6).

    The code is a category, the softmax of logits, beside a style. Two discriminators compare them
    with one-hot draws, all categories equally likely, and with draws of N(0, I): the category comes
    to be one of the vertices, and the style to tell nothing of it. Batch normalization without
    an offset keeps the logits of every category as far from 0 as the others': without it, or with
    slower adversarial phases, most categories are left unused. An encoder of the user's own has
    the logits that it makes.
    """

    adversarial_learning_rate: Rate = setting(
        "Of the Adams of the discriminators, and of the encoder against them.",
        default=1e-3,
        above=0,
    )
    num_categories: int = setting("Number of clusters.", default=16, at_least=2, tiny=4)
    joint_discriminator: bool = setting(
        "Whether the style's discriminator reads the category beside it, so that neither tells of "
        "the other; the paper's does not.",
        default=False,
    )
    encoder: keras.Model = setting("Data → logits of the category, and style.", default=None)
    decoder: keras.Model = setting(
        "Probabilities of the category and style side by side, as latent → data, without an "
        "output activation.",
        default=None,
    )

    def assemble(self) -> None:
        super(AdversarialAutoencoder, self).assemble()
        probabilities = ops.softmax(self.heads.output["logits"])
        outputs = {"cluster": _likeliest(probabilities), "probability": probabilities}
        self.recognizer = keras.Model(self.heads.input, outputs, name="recognizer")
        self.category_discriminator = self.discriminator_of("category", self.categories)
        beside = self.categories if self.joint_discriminator else 0
        self.style_discriminator = self.discriminator_of("style", self.latent_dim + beside)
        self.noise = {"style": normal(self.latent_dim), "category": categorical(self.categories)}
        self.prior = dict(self.noise)
        self.generator = rewired(self.decoder, lambda n: self.with_codes(n, "category"))
        discriminators = [self.category_discriminator, self.style_discriminator]
        self.phases = [*self.phases, *self.adversarial_phases(discriminators)]

    @property
    def categories(self) -> int:
        """How many values the category has."""
        return self.num_categories

    def make_encoder(self) -> keras.Model:
        """`data` → `code`: the category's probabilities and the style side by side."""
        heads = self.encoder_of(labels=False, logits=self.categories, style=self.latent_dim)
        if self.settings.get("encoder") is None:
            normal = layers.BatchNormalization(center=False, name="normalized")
            heads = rewired(heads, lambda network: _normalized(network, normal))
        self.heads = heads
        return rewired(self.heads, _joined)

    def decoder_of(self, *arguments: Any, **options: Any) -> tuple[keras.Model, keras.Model]:
        """A decoder, which reads the category and no labels."""
        return super().decoder_of(*arguments, **options, labels=False)

    def with_codes(self, network: keras.Model, port: str) -> keras.Model:
        """A decoder as one that reads a category's index, by the name of a port, and a style."""
        index = keras.Input((), dtype="int32", name=port)
        style = keras.Input((self.latent_dim,), name="style")
        others = {name: tensor for name, tensor in network.input.items() if name != "latent"}
        one_hot = ops.one_hot(index, self.categories, dtype=precise_dtype())
        made = network({"latent": layers.Concatenate()([one_hot, style]), **others})
        return keras.Model({port: index, "style": style, **others}, made, name="generator")

    def pairs(self, batch: Batch, training: bool) -> list[tuple[keras.Model, Any, Any]]:
        """The categories, and the styles, where asked with their categories beside them."""
        found = apply(self.heads, batch, training)
        drawn = ops.one_hot(batch["category"], self.categories, dtype=precise_dtype())
        made = ops.softmax(precise(found["logits"]))
        styles = [precise(batch["style"]), precise(found["style"])]
        if self.joint_discriminator:
            styles = [
                ops.concatenate(pair, axis=-1) for pair in zip(styles, [drawn, made], strict=True)
            ]
        return [(self.category_discriminator, drawn, made), (self.style_discriminator, *styles)]

    def uses(self) -> dict[str, Use]:
        """Also `cluster`: the likeliest category, and the probability of each."""
        gives = {"cluster": "recognizer/cluster", "probability": "recognizer/probability"}
        return super().uses() | {"cluster": Use([Step("recognizer")], gives)}


class SemiSupervisedAAE(ClusteringAAE):
    """Semi-supervised adversarial autoencoder (arXiv:1511.05644, section 5).

    The category is the class: a fourth phase reduces its cross-entropy on the rows with labels; a
    label that is -1 is hidden. Where the data have the stream `labelled`
    (`zoo.data.labelled(data, 100)`), the cross-entropy is that of as many labelled rows as a batch
    has, so that no batch is without. Unlike the paper's, the style's discriminator reads the
    category, too: a style that only looks like N(0, I) may still tell of the class, and samples
    then show another than the one asked for.
    """

    hidden_labels = True
    lacks = ("num_categories",)
    joint_discriminator = True
    num_classes: int = setting("Number of classes.", at_least=1, tiny=10)
    classifier_learning_rate: float = setting(
        "Of the Adam of the encoder on labels.", default=1e-3, above=0
    )

    def assemble(self) -> None:
        super().assemble()
        self.generator = rewired(self.decoder, lambda n: self.with_codes(n, "labels"))
        self.prior = {"style": normal(self.latent_dim)}
        probabilities = self.recognizer.output["probability"]
        outputs = {"label": self.recognizer.output["cluster"], "probability": probabilities}
        self.classifier = keras.Model(self.recognizer.input, outputs, name="classifier")
        self.category_logits = rewired(self.heads, _of_the_category)
        optimizer = keras.optimizers.Adam(self.classifier_learning_rate)
        phase = Phase(self.classifier_loss, [self.category_logits], optimizer, noise=())
        self.phases = [*self.phases, phase]

    @property
    def categories(self) -> int:
        """How many values the category has: the classes."""
        return self.num_classes

    def classifier_loss(self, batch: Batch, training: bool) -> Logs:
        """−log of the label's probability, mean over rows with a label; 0 where there are none."""
        labels, data = batch["labels"], batch["data"]
        if "labelled" in batch:
            labels, data = batch["labelled_labels"], batch["labelled"]
        seen = batch | {"data": data}
        logits = precise(apply(self.category_logits, seen, training)["logits"])
        known = precise(labels >= 0)
        one_hot = ops.cast(
            labels[:, None] == ops.arange(self.categories, dtype="int32"), precise_dtype()
        )
        rows = -ops.sum(one_hot * ops.log_softmax(logits), axis=-1)
        right = precise(ops.cast(ops.argmax(logits, axis=-1), labels.dtype) == labels)
        count = ops.maximum(ops.sum(known), 1)
        return {"loss": ops.sum(rows) / count, "accuracy": ops.sum(known * right) / count}

    def uses(self) -> dict[str, Use]:
        """Also `classify`: the likeliest label, and the probability of each."""
        table = super().uses()
        del table["cluster"]
        gives = {"label": "classifier/label", "probability": "classifier/probability"}
        return table | {"classify": Use([Step("classifier")], gives)}


def _likeliest(probabilities: Any) -> Any:
    return ops.cast(ops.argmax(probabilities, axis=-1), "int32")


def _of_the_category(heads: keras.Model) -> keras.Model:
    return keras.Model(heads.input, {"logits": heads.output["logits"]}, name="category_logits")


def _normalized(heads: keras.Model, layer: keras.Layer) -> keras.Model:
    logits = layer(heads.output["logits"])
    return keras.Model(heads.input, heads.output | {"logits": logits}, name="heads")


def _joined(heads: keras.Model) -> keras.Model:
    made = heads.output
    code = layers.Concatenate()([ops.softmax(made["logits"]), made["style"]])
    return keras.Model(heads.input, {"code": code}, name="encoder")
