"""An autoregressive prior of discrete codes: a small transformer that writes index after index."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from zoo import losses
from zoo.layers.initialization import numpy_weights
from zoo.layers.token_writer import chosen_index
from zoo.networks import attention
from zoo.noise import Noise, quantile
from zoo.precision import precise, precise_dtype
from zoo.priors.prior import Prior, check_indices
from zoo.priors.training import CodeTraining, train
from zoo.settings import setting


@keras.saving.register_keras_serializable("genzoo")
class AutoregressivePrior(Prior):
    """p(code) = Π p(index | the indices before it), of a causal transformer; float32.

    The indices are read row by row, as the code is stored; of several indices of one vector, from
    coarse to fine. Van den Oord et al., 2017, arXiv:1711.00937, section 3.3, fit such a prior to
    the codes of a trained VQ-VAE, by masked convolutions; here tokens with learned positions attend
    to those before (Vaswani et al., 2017, arXiv:1706.03762). Where there are classes, the first
    token tells the class. Sampling runs the whole network for each index.

    Args:
        dim: Indices of a code.
        classes: How many classes the codes have, where the distribution depends on them.
        size: How many values an index has.
        width: Channels of a token.
        depth: Blocks.
        num_heads: Of each attention.
        steps: Of training, at most.
        seed: Of the first weights.
    """

    discrete = True

    def __init__(
        self,
        dim: int,
        classes: int | None = None,
        *,
        size: int,
        width: int = 64,
        depth: int = 2,
        num_heads: int = 4,
        steps: int = 2000,
        seed: int = 0,
        **options: Any,
    ) -> None:
        super().__init__(dim, classes, **options)
        self.size, self.width, self.depth = size, width, depth
        self.num_heads, self.steps, self.seed = num_heads, steps, seed
        with numpy_weights(seed):
            self.network = self._network()
        self.write = layers.RNN(
            NextIndex(self.network, dtype=self.dtype_policy),
            return_sequences=True,
            dtype=self.dtype_policy,
            name="write",
        )
        self.write.build((None, dim, 1))
        self.built = True

    def _network(self) -> keras.Model:
        """Tokens, each the index before → `(batch, dim, size)`, the logits of each index."""
        own: dict[str, Any] = {"dtype": self.dtype_policy}
        style = attention.Options(width=self.width, num_heads=self.num_heads)
        before = keras.Input((self.dim,), dtype="int32", name="before")
        tokens = self.size + (self.classes or 1)
        x = attention.positioned(layers.Embedding(tokens, self.width, **own)(before), style)
        future = np.triu(np.ones((self.dim, self.dim), "float32"), 1)
        for number in range(self.depth):
            x = attention.block(x, number, style, future)
        x = attention.normalized(x, style)
        # Zeros make all indices equally likely at first.
        logits = layers.Dense(self.size, kernel_initializer="zeros", **own)(x)
        return keras.Model(before, logits, name="transformer")

    @property
    def draws(self) -> Mapping[str, Noise]:
        """A quantile for each index."""
        return {"code_quantile": quantile(self.dim)}

    def call(self, inputs: Mapping[str, Any]) -> Any:
        """Indices `(batch, dim)`, int32, each where the cumulated probability exceeds its draw."""
        quantiles = precise(inputs["code_quantile"])
        first = self._first(quantiles, inputs.get("labels"))
        rest = ops.zeros_like(quantiles[:, 1:])
        before = ops.concatenate([precise(first), rest], axis=-1)
        place = ops.zeros_like(quantiles[:, :1])
        made = self.write(ops.expand_dims(quantiles, -1), initial_state=[before, place])
        return ops.cast(ops.squeeze(made, -1), "int32")

    def log_density_rows(self, code: Any, labels: Any = None) -> Any:
        """Σ log p(index | the indices before it): `(batch,)`, in nats."""
        code = ops.cast(code, "int32")
        first = self._first(code, labels)
        before = ops.concatenate([first, code[:, :-1]], axis=-1)
        chosen = ops.one_hot(code, self.size, dtype=precise_dtype())
        return -ops.sum(losses.categorical_nats(chosen, self.network(before)), axis=-1)

    def _first(self, like: Any, labels: Any) -> Any:
        """The token before the first index, `(batch, 1)`, int32: that of the class."""
        number = self.size + ops.zeros_like(like[:, :1], dtype="int32")
        return number if labels is None else number + ops.expand_dims(labels, -1)

    def fit(self, codes: np.ndarray, labels: np.ndarray | None = None, *, seed: int = 0) -> None:
        """Maximises the likelihood of codes by Adam, until that of held-out ones does not grow.

        Args:
            codes: Integers `(count, dim)`.
            labels: int `(count,)`, where there are classes.
            seed: Of the codes that are held out, and of the order of the others.

        Raises:
            ModelError: There are no codes, of another length, or no labels for them.
        """
        codes = check_indices(self, codes, labels)
        first = np.zeros(len(codes)) if labels is None else labels
        rows = np.concatenate([np.asarray(first)[:, None], codes], axis=1)
        training = AutoregressiveTraining(prior=self, shape=(self.dim + 1,))
        train(training, rows, None, steps=self.steps, seed=seed)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        names = ("size", "width", "depth", "num_heads", "steps", "seed")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


@keras.saving.register_keras_serializable("genzoo")
class NextIndex(keras.Layer):
    """One step of writing a code: a cell of `keras.layers.RNN`.

    Reads the quantile of an index `(batch, 1)` and gives the index as a float. The states are the
    tokens so far, 0 where there are none yet, and the place that is next.

    Args:
        network: Tokens `(batch, dim)` → logits `(batch, dim, size)`.
        options: Keras's, of every layer.
    """

    output_size = 1

    def __init__(self, network: keras.Model, **options: Any) -> None:
        super().__init__(**options)
        self.network = network
        (_, self.dim) = network.input.shape
        self.state_size = [self.dim, 1]
        self.built = True

    def call(self, inputs: Any, states: Any, training: bool | None = None) -> Any:
        """The index, and the states behind it."""
        before, place = states
        places = ops.arange(self.dim, dtype=place.dtype)
        # Behind the last place there is none: all zeros.
        here, behind = (precise(ops.equal(places, place + ahead)) for ahead in (0.0, 1.0))
        logits = self.network(ops.cast(before, "int32"))
        own = ops.sum(logits * ops.expand_dims(here, -1), axis=1)
        index = precise(chosen_index(own, inputs))[:, None]
        return index, [before + behind * index, place + 1.0]

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        network = keras.saving.serialize_keras_object(self.network)
        return {**super().get_config(), "network": network}


class AutoregressiveTraining(CodeTraining):
    """The training of an `AutoregressivePrior`: rows are a class, or 0, and the indices."""

    prior: Any = setting("The prior.")

    def make_network(self) -> keras.Model:
        """The transformer."""
        return self.prior.network

    def log_density_rows(self, code: Any, training: bool) -> Any:
        """The prior's."""
        rows = ops.cast(ops.round(code), "int32")
        return self.prior.log_density_rows(rows[:, 1:], rows[:, 0])
