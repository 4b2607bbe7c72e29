"""A few labels, and many data without."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from zoo.autoencoders.variational import Variational, repeated
from zoo.networks import apply
from zoo.noise import normal
from zoo.phase import Batch, Logs, Phase
from zoo.precision import precise, precise_dtype
from zoo.settings import setting
from zoo.uses import Step, Use


class SemiSupervisedVAE(Variational):
    """Semi-supervised VAE, the model M2 of Kingma et al., 2014, arXiv:1406.5298.

    A label that is -1 is hidden: `data.hide_labels(100)` keeps 100. Of a row with a label the loss
    is the bound L(data, label) = −log p(data | latent, label) + KL(q(latent | data, label) ‖
    N(0, I)) + log classes; of one without, the mean of L over the classifier's q(label | data)
    less its entropy. The classifier learns from the labels as well: to the mean over the rows is
    added α times the mean cross-entropy of labelled rows. The paper's α is 0.1 a row, with which
    the latent soon holds what the label should; the default is larger.

    Where the data have the stream `labelled` (`zoo.data.labelled(data, 100)`), as many labelled
    rows as a batch has are read beside it for the classifier, so that no batch is without.
    """

    hidden_labels = True
    num_classes: int = setting("Number of classes.", at_least=1, tiny=10)
    classifier_weight: float = setting(
        "Of the cross-entropy beside the bound of a row, α in the paper.", default=10.0, at_least=0
    )
    classifier: keras.Model = setting("Data → logits.", default=None)

    def assemble(self) -> None:
        super().assemble()
        logits = self.encoder_of("classifier", labels=False, logits=self.num_classes)
        self.classifier_logits = logits
        found = logits.output["logits"]
        outputs = {
            "label": ops.cast(ops.argmax(found, axis=-1), "int32"),
            "probability": ops.softmax(found),
        }
        self.classifier = keras.Model(logits.input, outputs, name="classifier")
        self.noise = {"epsilon": normal(self.num_classes, self.latent_dim)}
        networks = [self.encoder, self.decoder, self.classifier]
        self.phases = [Phase(self.elbo_loss, networks, self.phases[0].optimizer)]

    def elbo_loss(self, batch: Batch, training: bool) -> Logs:
        """The bound, whose label is given or summed over, and the classifier's cross-entropy."""
        logits = precise(apply(self.classifier_logits, batch, training)["logits"])
        log_shares = ops.log_softmax(logits)
        known = precise(batch["labels"] >= 0)[:, None]
        weights = known * self.one_hot(batch["labels"]) + (1 - known) * ops.exp(log_shares)
        entropy = -ops.sum((1 - known) * weights * log_shares, axis=-1)
        reconstruction, kl = (ops.sum(weights * x, axis=-1) for x in self.terms(batch, training))
        bound = reconstruction + kl + ops.log(precise(self.num_classes)) - entropy
        cross_entropy = self.cross_entropy(batch, logits, training)
        return {
            "loss": ops.mean(bound) + self.classifier_weight * cross_entropy,
            "reconstruction": ops.mean(reconstruction),
            "kl": ops.mean(kl),
            "cross_entropy": cross_entropy,
        }

    def terms(self, batch: Batch, training: bool) -> tuple[Any, Any]:
        """−log p(data | latent, label) and the divergence of each row, for each label."""
        count = self.num_classes
        rows = repeated({"data": batch["data"]}, count)
        first = ops.zeros_like(batch["labels"])[:, None]
        rows["labels"] = ops.reshape(first + ops.arange(count, dtype="int32"), (-1,))
        rows["epsilon"] = ops.reshape(batch["epsilon"], (-1, self.latent_dim))
        posterior = apply(self.encoder, rows, training)
        latent = self.draw(posterior, rows)
        reconstruction = self.reconstruction(rows | {"latent": latent}, training)
        kl = self.divergence(posterior, latent, rows)
        return ops.reshape(reconstruction, (-1, count)), ops.reshape(kl, (-1, count))

    def cross_entropy(self, batch: Batch, logits: Any, training: bool) -> Any:
        """−log q(label | data), mean over rows with a label; 0 where there are none."""
        labels = batch["labels"]
        if "labelled" in batch:
            few = batch | {"data": batch["labelled"]}
            logits = precise(apply(self.classifier_logits, few, training)["logits"])
            labels = batch["labelled_labels"]
        rows = -ops.sum(self.one_hot(labels) * ops.log_softmax(logits), axis=-1)
        return ops.sum(rows) / ops.maximum(ops.sum(precise(labels >= 0)), 1)

    def one_hot(self, labels: Any) -> Any:
        """1 at the label `(batch, classes)`; zeros where it is hidden."""
        classes = ops.arange(self.num_classes, dtype="int32")
        return ops.cast(labels[:, None] == classes, precise_dtype())

    def uses(self) -> dict[str, Use]:
        """Also `classify`: the likeliest label, and the probability of each."""
        gives = {"label": "classifier/label", "probability": "classifier/probability"}
        return super().uses() | {"classify": Use([Step("classifier")], gives)}
