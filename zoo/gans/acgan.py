"""A discriminator that also tells the class."""

from __future__ import annotations

import keras

from zoo import losses
from zoo.gans.base import Adversarial, Terms
from zoo.phase import Batch, Logs
from zoo.settings import setting
from zoo.uses import Step, Use


class ACGAN(Adversarial):
    """Auxiliary classifier GAN (Odena et al., 2016, arXiv:1610.09585).

    The generator reads a label; the discriminator reads none, and has a second output, the class.
    Both networks maximise the log-likelihood of the right class: the discriminator on data and
    samples, the generator on its samples. The paper's discriminator has dropout as well.
    """

    num_classes: int = setting("Number of classes.", at_least=1, tiny=10)
    class_weight: float = setting(
        "Weight of the log-likelihood of the class.", default=1.0, at_least=0
    )
    discriminator: keras.Model = setting("Data → logit and classes.", default=None)

    def make_discriminator(self) -> None:
        """A network with an output for each class, and no input for labels."""
        self.discriminator = self.encoder_of(
            "discriminator",
            labels=False,
            features=bool(self.feature_matching),
            logit=1,
            classes=self.num_classes,
        )

    def discriminator_terms(self, real: Logs, fake: Logs, batch: Batch) -> Terms:
        """The classes of data and of samples."""
        labels = batch["labels"]
        return {
            "real_class": (self.class_weight, losses.class_cross_entropy(labels, real["classes"])),
            "fake_class": (self.class_weight, losses.class_cross_entropy(labels, fake["classes"])),
        }

    def generator_terms(self, fake: Logs, batch: Batch) -> Terms:
        """The class that was asked for."""
        found = losses.class_cross_entropy(batch["labels"], fake["classes"])
        return {"fake_class": (self.class_weight, found)}

    def uses(self) -> dict[str, Use]:
        """With `classify`: the logits of the classes."""
        classify = Use([Step("discriminator")], {"logits": "discriminator/classes"})
        return super().uses() | {"classify": classify}
