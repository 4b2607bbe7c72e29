"""A variational autoencoder of tables: numbers beside categories."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from zoo import losses
from zoo.autoencoders.variational import VariationalBound
from zoo.layers import ColumnDeviation
from zoo.model import NetworkSettings
from zoo.model.table_columns import TableColumns
from zoo.networks import apply, rewired
from zoo.noise import Noise, normal, quantile
from zoo.phase import Batch, Phase
from zoo.precision import precise_dtype
from zoo.settings import setting
from zoo.uses import Step, Use


class TableVAE(TableColumns, NetworkSettings, VariationalBound):
    """TVAE, a variational autoencoder of tables (Xu et al., 2019, arXiv:1907.00503, section 4.5).

    Minimises −log p(row | latent) + KL(q(latent | row) ‖ N(0, I)), in nats. A number is normal
    around what the decoder makes, with a standard deviation of its column that is learnt; a
    category has the probabilities of a softmax. `sample` draws cells from both, other uses give
    means and probabilities. Numbers are standardized. The paper's mode-specific normalization is
    left out: given a latent, a column of several modes is one normal.
    """

    encoder: keras.Model = setting("Data → mean and log_variance.", default=None)
    decoder: keras.Model = setting("Latent → data, without an output activation.", default=None)

    value_range = None
    latent_dim = 128

    def assemble(self) -> None:
        self.check_columns()
        self.encoder = self.encoder_of(mean=self.latent_dim, log_variance=self.latent_dim)
        _, logits = self.decoder_of(latent=self.latent_dim)
        if self.numbers:
            deviation = ColumnDeviation(dtype=precise_dtype(), name="deviation")
            logits = rewired(logits, lambda network: self._with_deviation(network, deviation))
        self.decoder_logits = logits
        self.decoder = rewired(logits, self._with_probabilities)
        self.sampler = self._make_sampler()
        self.noise = {"epsilon": normal(self.latent_dim)}
        self.prior = {"latent": normal(self.latent_dim)}
        optimizer = keras.optimizers.Adam(self.learning_rate)
        self.phases = [Phase(self.elbo_loss, [self.encoder, self.decoder], optimizer)]

    @property
    def network_defaults(self) -> dict[str, dict[str, Any]]:
        """Section 4.5: two hidden layers of 128 units."""
        return {name: {"width": [128, 128]} for name in ("encoder", "decoder")}

    def uses(self) -> dict[str, Use]:
        """Also: samples are drawn cell by cell from the likelihood."""
        table = super().uses()
        draws: dict[str, Noise] = dict(table["sample"].draws)
        reads = {"mean": "decoder/data"}
        if self.numbers:
            reads["stddev"] = "decoder/stddev"
            draws["noise"] = normal(self.numbers)
        if self.category_sizes:
            draws["quantile"] = quantile(len(self.category_sizes))
        steps = [Step("decoder"), Step("sampler", reads)]
        return table | {"sample": Use(steps, {"data": "sampler/data"}, draws)}

    def reconstruction(self, batch: Batch, training: bool) -> Any:
        """−log p(row | latent): of normal numbers, and of categories under their softmax."""
        made = apply(self.decoder_logits, batch, training)
        found = 0.0
        if self.numbers:
            data, mean = (x[:, : self.numbers] for x in (batch["data"], made["data"]))
            found = -losses.log_normal_rows(data, mean, 2.0 * ops.log(made["stddev"]))
        pairs = zip(self.blocks(batch["data"]), self.blocks(made["data"]), strict=True)
        for data, logits in pairs:
            found = found + losses.categorical_nats(data, logits)
        return found

    def _with_deviation(self, network: keras.Model, deviation: keras.Layer) -> keras.Model:
        """The network, and the deviations of the numbers as an output beside the data."""
        data = network.output["data"]
        outputs = {"data": data, "stddev": deviation(data[:, : self.numbers])}
        return keras.Model(network.input, outputs, name=network.name)

    def _with_probabilities(self, network: keras.Model) -> keras.Model:
        """The network, with the probabilities of categories in the place of their logits."""
        data = network.output["data"]
        cells = [data[:, : self.numbers]] if self.numbers else []
        cells += [ops.softmax(block, axis=-1) for block in self.blocks(data)]
        outputs = {**network.output, "data": _joined(cells)}
        return keras.Model(network.input, outputs, name=network.name.removesuffix("_logits"))

    def _make_sampler(self) -> keras.Model:
        """Draws of cells: mean + stddev·noise, and categories.

        A category is the first whose cumulated probability exceeds the quantile.
        """
        inputs = {"mean": keras.Input(self.shape, name="mean")}
        cells = []
        if self.numbers:
            for name in ("stddev", "noise"):
                inputs[name] = keras.Input((self.numbers,), name=name)
            moved = inputs["stddev"] * inputs["noise"]
            cells.append(inputs["mean"][:, : self.numbers] + moved)
        if self.category_sizes:
            inputs["quantile"] = keras.Input((len(self.category_sizes),), name="quantile")
        for place, block in enumerate(self.blocks(inputs["mean"])):
            quantile = inputs["quantile"][:, place : place + 1]
            passed = ops.cast(ops.cumsum(block, axis=-1) <= quantile, "int32")
            chosen = ops.minimum(ops.sum(passed, axis=-1), self.category_sizes[place] - 1)
            cells.append(ops.one_hot(chosen, self.category_sizes[place], dtype=precise_dtype()))
        return keras.Model(inputs, {"data": _joined(cells)}, name="sampler")


def _joined(cells: list[Any]) -> Any:
    return cells[0] if len(cells) == 1 else layers.Concatenate(dtype=precise_dtype())(cells)
