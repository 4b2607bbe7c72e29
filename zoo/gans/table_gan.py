"""A GAN of tables: numbers in the modes of their columns, categories by condition."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
from keras import ops

from zoo import losses
from zoo.data.column_mixtures import all_rows, fit_modes, log_frequency
from zoo.gans import table_parts
from zoo.gans.base import Terms
from zoo.gans.pac_gan import PacGAN
from zoo.model.table_columns import TableColumns
from zoo.networks import apply
from zoo.noise import Noise, in_turn, quantile
from zoo.phase import Batch, Logs
from zoo.precision import precise
from zoo.settings import setting
from zoo.uses import Step, Use

if TYPE_CHECKING:
    from zoo.data import Data


class TableGAN(TableColumns, PacGAN):
    """CTGAN, a conditional GAN of tables (Xu et al., 2019, arXiv:1907.00503).

    A number is a mode of its column, of a mixture that is fitted to the training data, and a scalar
    within the mode; modes and categories are drawn by Gumbel numbers, in training softly. Both
    networks read a condition, one category of one column, and the generator loses the cross-entropy
    of that column. In training, rows are drawn so that the column is any, its category by the
    logarithm of its frequency, and the row any that has it; samples have categories as often as the
    data. The critic reads packs of ten rows, and has the penalty of WGAN-GP.

    Settings are the paper's, with batches of 500 rows, `--batch-size 500`; the critic's last bias,
    which cancels, and the generator's before batch normalization are left out. Data and samples of
    a batch have the same conditions, in the authors' code shuffled ones. A stream's rows come as
    they come. `sample_given` draws rows for a condition, by default each in turn: the category's
    number, counted over all columns.
    """

    loss = "wasserstein"
    penalties = {"gradient": 10.0}
    packing = 10
    latent_dim = 128
    learning_rate = 2e-4
    beta_1 = 0.5
    beta_2 = 0.9
    value_range = None  # type: ignore[assignment]
    modes: int = setting("Modes of a number's column, at most.", default=10, at_least=1, tiny=3)
    temperature: float = setting("Of soft draws in training.", default=0.2, above=0)
    weight_decay: float = setting(
        "Of the generator, as a share of its weights in the gradient.", default=1e-6, at_least=0
    )
    generator: keras.Model = setting("Latent and condition → logits of a row.", default=None)

    @property
    def network_defaults(self) -> Mapping[str, Mapping[str, Any]]:
        """Section 4.4: two layers of 256 units each."""
        critic = {"width": [256, 256], "activation": "leaky_relu", "dropout": 0.5}
        return {
            "generator": {"width": [256, 256], "normalization": "batch", "concatenated": True},
            "discriminator": self.discriminator_defaults(critic),
        }

    def assemble(self) -> None:
        self.check_columns()
        super().assemble()
        self.noise = {**self.noise, "quantile": quantile(self.choices)}
        if self.numbers:
            self.noise = {**self.noise, "mode": quantile(self.numbers)}
        if self.categories:
            self.noise = {**self.noise, "column": quantile(1)}
            self.shares = self.state("shares", (self.categories,), initializer="ones")
            self.condition = table_parts.condition(self.categories)
            self.choice = table_parts.choice(self.categories)

    @property
    def categories(self) -> int:
        """How many categories there are, of all columns together."""
        return sum(self.category_sizes)

    @property
    def choices(self) -> int:
        """How many modes and categories a row is chosen among."""
        return self.numbers * self.modes + self.categories

    @property
    def seen_shape(self) -> tuple[int, ...]:
        """Of a row as the critic sees it: scalars, modes, categories, and the condition."""
        return (self.numbers + self.choices + self.categories,)

    def make_generator(self) -> None:
        """The network, and the part that makes cells of its logits."""
        reads: dict[str, tuple[int, ...]] = {"latent": (self.latent_dim,)}
        if self.categories:
            reads["condition"] = (self.categories,)
        width = self.numbers + self.choices
        self.generator, _ = self.decoder_of("generator", reads, makes="encoded", shape=(width,))
        self.prior = {"latent": self.latent_noise()}
        self.cells = table_parts.cells(self.numbers, self.modes, self.category_sizes)

    def adapt(self, data: Any) -> None:
        """Also fits the mixtures of numbers, and counts the categories."""
        if int(ops.convert_to_numpy(self.steps)):
            return
        super().adapt(data)
        rows = all_rows(data)
        if self.numbers:
            known = self.standardization
            values = rows if known is None else known.apply(rows)
            mixtures = fit_modes(values[:, : self.numbers], self.modes)
            layer = self.cells.get_layer("modes")
            for weight, found in zip(
                (layer.weight, layer.mean, layer.stddev), mixtures, strict=True
            ):
                weight.assign(found.astype("float32"))
        if self.categories:
            counts = rows[:, self.numbers :].sum(axis=0)
            frequency = counts / (len(rows) * len(self.category_sizes))
            layer = self.condition.get_layer("condition")
            layer.frequency.assign(frequency.astype("float32"))
            shares = len(rows) * log_frequency(counts, self.category_sizes)
            self.shares.assign(shares.astype("float32"))

    def row_weights(self, data: Data) -> np.ndarray | None:
        """By the logarithms of the frequencies of their categories."""
        if not self.categories:
            return None
        rows = np.asarray(data.samples[:, self.numbers :])
        return rows @ log_frequency(rows.sum(axis=0), self.category_sizes)

    def uses(self) -> dict[str, Use]:
        """Samples with categories as often as the data, and samples for a condition."""
        rows = [Step("generator"), Step("cells", {"encoded": "generator/encoded"})]
        draws: dict[str, Noise] = {**self.prior, "quantile": quantile(self.choices)}
        gives = {"data": "cells/data"}
        if not self.categories:
            return {"sample": Use(rows, gives, draws)}
        given = Step("generator", {"condition": "choice/condition"})
        drawn = Step("generator", {"condition": "condition/condition"})
        turns = {"category": in_turn(self.categories)}
        return {
            "sample": Use(
                [Step("condition"), drawn, rows[1]], gives, draws | {"column": quantile(1)}
            ),
            "sample_given": Use([Step("choice"), given, rows[1]], gives, draws | turns),
        }

    def generator_loss(self, batch: Batch, training: bool) -> Logs:
        """Also the cross-entropy of the column of the condition."""
        batch = batch | {"encoded": self.encoded(batch, training)}
        return super().generator_loss(batch, training)

    def generate(self, batch: Batch, training: bool) -> Any:
        """Rows with soft choices, and their conditions."""
        encoded = self.encoded(batch, training)
        logits = encoded[:, self.numbers :] + table_parts.gumbel(batch["quantile"])
        logits, count, soft = logits / self.temperature, self.numbers * self.modes, []
        if self.numbers:
            modes = ops.reshape(logits[:, :count], (-1, self.numbers, self.modes))
            modes = ops.softmax(modes + self.cells.get_layer("modes").absent, axis=-1)
            soft = [ops.tanh(encoded[:, : self.numbers]), ops.reshape(modes, (-1, count))]
        soft += [ops.softmax(block, axis=-1) for block in self.blocks(logits)]
        return ops.concatenate([*soft, *self._conditions(batch)], axis=1)

    def real(self, batch: Batch) -> Any:
        """Rows with their numbers normalized, and their conditions."""
        data = precise(batch["data"])
        found = []
        if self.numbers:
            layer = self.cells.get_layer("modes")
            scalars, modes = layer.normalize(data[:, : self.numbers], batch["mode"])
            found = [scalars, ops.reshape(modes, (-1, self.numbers * self.modes))]
        found += [data[:, self.numbers :]] if self.categories else []
        return ops.concatenate([*found, *self._conditions(batch)], axis=1)

    def encoded(self, batch: Batch, training: bool) -> Any:
        """The generator's logits of rows, for the conditions of a batch."""
        if "encoded" in batch:
            return batch["encoded"]
        condition = {"condition": self.conditions(batch)} if self.categories else {}
        return precise(apply(self.generator, batch | condition, training)["encoded"])

    def conditions(self, batch: Batch) -> Any:
        """One of each row's categories as a one-hot row, in the others' places 0.

        The column is drawn in proportion to how often the category would lead to the row.
        """
        categories = precise(batch["data"])[:, self.numbers :]
        shares = self.blocks(categories * ops.convert_to_tensor(self.shares)[None])
        bounds = ops.cumsum(ops.stack([ops.sum(x, axis=-1) for x in shares], axis=1), axis=1)
        passed = ops.cast(bounds <= batch["column"] * bounds[:, -1:], "int32")
        last = len(self.category_sizes) - 1
        column = ops.minimum(ops.sum(passed, axis=1), last)
        columns = np.repeat(np.arange(last + 1, dtype="int32"), self.category_sizes)
        return categories * ops.cast(ops.equal(column[:, None], columns[None]), categories.dtype)

    def sample_terms(self, samples: Any, batch: Batch, training: bool) -> Terms:
        """Cross-entropy of the conditions' columns, and the decay of the weights."""
        terms = super().sample_terms(samples, batch, training)
        if self.categories:
            blocks = zip(
                self.blocks(self.conditions(batch)),
                self.blocks(self.encoded(batch, training)),
                strict=True,
            )
            found = sum(
                ops.sum(given, axis=-1) * losses.categorical_nats(given, logits)
                for given, logits in blocks
            )
            terms["condition"] = (1.0, ops.mean(found))
        if self.weight_decay:
            terms["squares"] = (
                0.5 * self.weight_decay,
                losses.l2(self.generator.trainable_variables),
            )
        return terms

    def penalty_terms(self, samples: Any, batch: Batch, training: bool) -> Terms:
        """As of WGAN-GP, at one point between each two packs."""
        mix = batch.get("mix")
        if mix is not None and mix.shape[0] >= self.packing:
            count = mix.shape[0] // self.packing
            left = mix[count * self.packing :]
            batch = batch | {"mix": ops.concatenate([mix[:count]] * self.packing + [left])}
        return super().penalty_terms(samples, batch, training)

    def _conditions(self, batch: Batch) -> list[Any]:
        """The conditions, where there are categories."""
        return [self.conditions(batch)] if self.categories else []
