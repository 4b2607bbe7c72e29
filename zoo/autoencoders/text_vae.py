"""A variational autoencoder of text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import keras
from keras import layers, ops

from zoo import losses
from zoo.autoencoders.variational import VariationalBound
from zoo.data.sources.text import END
from zoo.errors import ModelError
from zoo.layers.token_writer import NextToken, TokenWriter
from zoo.networks import apply
from zoo.noise import bernoulli, normal, quantile
from zoo.phase import Batch, Logs, Phase
from zoo.precision import precise, precise_dtype
from zoo.settings import setting
from zoo.uses import Step, Use

if TYPE_CHECKING:
    from zoo.data import Data

MAX_NATS = 50.0
"""Of a token, in the logged perplexity: an untrained divergence may be too large for exp."""


class TextVAE(VariationalBound):
    """Variational autoencoder of text (Bowman et al., 2015, arXiv:1511.06349).

    An LSTM reads a text of a fixed number of tokens into a posterior; another LSTM, which starts
    from the latent and reads it at every step, writes the text token by token. Minimises
    −log p(text | latent) + weight·KL(q(latent | text) ‖ N(0, I)), in nats of a text. Two measures
    keep the latent in use (section 3.1): the weight grows linearly from 0 to 1 over `warm_up` steps
    (the paper's is a sigmoid), and in training the writer sees each earlier token with the
    probability 1 − `word_dropout` only. `perplexity` is exp of the bound per token, with the whole
    divergence: an upper limit. Texts of lines count up to their first `<end>`. All computations are
    in float32.
    """

    shape: tuple[int, ...] = setting("Shape of a text: (tokens,).", at_least=1, tiny=(5,))
    vocabulary: tuple[str, ...] = setting(
        "The tokens, in the order of their indices.", tiny=tuple("abcdef")
    )
    tokens: Literal["characters", "words"] = setting(
        "What a token is, which decides how texts are joined.", default="characters"
    )
    embedding_dim: int = setting("Length of a token's vector.", default=64, at_least=1, tiny=3)
    width: int = setting("Units of each LSTM.", default=256, at_least=1, tiny=4)
    word_dropout: float = setting(
        "Share of the earlier tokens that the writer does not see in training.",
        default=0.4,
        at_least=0,
        at_most=1,
    )
    warm_up: int = setting(
        "Steps over which the divergence gains its weight.", default=1000, at_least=0, tiny=4
    )

    accepts = ("vector",)
    value_range = None
    standardize_vectors = False

    def assemble(self) -> None:
        self.require(
            self.value_range is None, "tokens have no bounds", value_range=self.value_range
        )
        self.require(bool(self.vocabulary), "a vocabulary has a token", vocabulary=self.vocabulary)
        (length,) = self.shape
        self.encoder = self.make_encoder()
        writer = TokenWriter(
            self.vocabulary_size, self.embedding_dim, self.width, self.latent_dim, name="writer"
        )
        memory = [
            layers.Dense(self.width, activation="tanh", dtype=precise_dtype(), name=name)
            for name in ("hidden", "carry")
        ]
        self.teacher = self.make_teacher(writer, memory)
        self.decoder = self.make_writing(writer, memory, "decoder", greedy=True)
        self.generator = self.make_writing(writer, memory, "generator", greedy=False)
        self.likelihood = self.make_likelihood()
        self.noise = {
            "epsilon": normal(self.latent_dim),
            "seen": bernoulli(1 - self.word_dropout, length),
        }
        self.prior = {"latent": normal(self.latent_dim), "quantile": quantile(length)}
        optimizer = keras.optimizers.Adam(self.learning_rate)
        self.phases = [Phase(self.elbo_loss, [self.encoder, self.teacher], optimizer)]

    @classmethod
    def facts(cls, data: Data) -> dict[str, Any]:
        """Also the vocabulary, which is kept with the model."""
        field = data.fields["data"]
        if field.kind != "index" or field.size is None:
            raise ModelError(
                f"{cls.__name__} reads tokens. Received: numbers. Accepted: a text file (.txt)."
            )
        names = field.names or [str(index) for index in range(field.size)]
        kind = data.origin.get("tokens", "words")
        return super().facts(data) | {"vocabulary": tuple(names), "tokens": kind}

    @property
    def vocabulary_size(self) -> int:
        """How many tokens there are."""
        return len(self.vocabulary)

    def make_encoder(self) -> keras.Model:
        """`data` → `mean` and `log_variance`."""
        data = keras.Input(self.shape, dtype="int32", name="data")
        own = {"dtype": precise_dtype()}
        x = layers.Embedding(self.vocabulary_size, self.embedding_dim, name="read", **own)(data)
        x = layers.LSTM(self.width, seed=0, name="reader", **own)(x)
        heads = {
            name: layers.Dense(self.latent_dim, name=name, **own)(x)
            for name in ("mean", "log_variance")
        }
        return keras.Model({"data": data}, heads, name="encoder")

    def make_teacher(self, writer: TokenWriter, memory: list[Any]) -> keras.Model:
        """`previous`, the token before each, and `latent` → `logits` of each token."""
        previous = keras.Input(self.shape, dtype="int32", name="previous")
        latent = keras.Input((self.latent_dim,), name="latent")
        x = layers.Concatenate(dtype=precise_dtype())(
            [writer.embedding(previous), self._repeated(latent)]
        )
        write = layers.RNN(writer.cell, return_sequences=True, dtype=precise_dtype(), name="write")
        x = write(x, initial_state=[layer(latent) for layer in memory])
        inputs = {"previous": previous, "latent": latent}
        return keras.Model(inputs, {"logits": writer.head(x)}, name="teacher")

    def make_writing(
        self, writer: TokenWriter, memory: list[Any], name: str, *, greedy: bool
    ) -> keras.Model:
        """`latent`, and `quantile` unless greedy, → `data`: tokens that the writer itself reads."""
        (length,) = self.shape
        latent = keras.Input((self.latent_dim,), name="latent")
        inputs = {"latent": latent}
        steps = ops.zeros_like(self._repeated(latent[:, :1]))
        if not greedy:
            inputs["quantile"] = keras.Input((length,), name="quantile")
            steps = layers.Reshape((length, 1), dtype=precise_dtype())(inputs["quantile"])
        before = precise(self._blank(latent[:, :1]))
        states = [*(layer(latent) for layer in memory), before, latent]
        cell = NextToken(writer, greedy=greedy, name=f"{name}_step")
        write = layers.RNN(cell, return_sequences=True, dtype=precise_dtype(), name=f"{name}_steps")
        tokens = write(steps, initial_state=states)
        indices = layers.Reshape((length,), dtype=precise_dtype())(tokens)
        return keras.Model(inputs, {"data": ops.cast(indices, "int32")}, name=name)

    def make_likelihood(self) -> keras.Model:
        """`data` and `latent` → `each`, −log p of each token `(batch, tokens)`, and their mean.

        Behind a text's end `each` is 0; the mean `(batch,)`, `nats`, is of the tokens before.
        """
        data = keras.Input(self.shape, dtype="int32", name="data")
        latent = keras.Input((self.latent_dim,), name="latent")
        nats, counted = self._nats(data, self._previous(data), latent)
        each = nats * counted
        mean = ops.sum(each, axis=-1) / ops.sum(counted, axis=-1)
        inputs = {"data": data, "latent": latent}
        return keras.Model(inputs, {"nats": mean, "each": each}, name="likelihood")

    def uses(self) -> dict[str, Use]:
        """Texts are scored by their likelihood under the latent's mean, token by token."""
        steps = [Step("encoder"), Step("likelihood", {"latent": "encoder/mean"})]
        score, heat = {"score": "likelihood/nats"}, {"heat": "likelihood/each"}
        return super().uses() | {"score": Use(steps, score), "anomaly": Use(steps, score | heat)}

    def elbo_loss(self, batch: Batch, training: bool) -> Logs:
        """The negative evidence lower bound, and the perplexity."""
        logs = super().elbo_loss(batch, training)
        tokens = ops.mean(ops.sum(self._counted(batch["data"]), axis=-1))
        nats = (logs["reconstruction"] + logs["kl"]) / tokens
        return logs | {"perplexity": ops.exp(ops.minimum(nats, MAX_NATS))}

    def reconstruction(self, batch: Batch, training: bool) -> Any:
        """−log p(text | latent), of a writer that sees the tokens before, some of them dropped."""
        previous = self._previous(batch["data"])
        if training:
            dropped = ops.full_like(previous, self.vocabulary_size + 1)
            first = ops.arange(self.shape[0]) == 0  # What stands before the text is always seen.
            seen = ops.logical_or(batch["seen"] > 0, first)
            previous = ops.where(seen, previous, dropped)
        nats, counted = self._nats(batch["data"], previous, batch["latent"])
        return ops.sum(nats * counted, axis=-1)

    def weight(self, batch: Batch) -> Any:
        """1, reached linearly at step `warm_up`."""
        return ops.minimum(batch["step"] / self.warm_up, 1.0) if self.warm_up else 1.0

    def _repeated(self, latent: Any) -> Any:
        """The latent beside every token, `(batch, tokens, entries)`."""
        return layers.RepeatVector(self.shape[0], dtype=precise_dtype())(latent)

    def _blank(self, like: Any) -> Any:
        """What stands before the first token, int32 of the same shape."""
        return ops.cast(ops.zeros_like(like), "int32") + self.vocabulary_size

    def _previous(self, data: Any) -> Any:
        """The token before each, `(batch, tokens)`."""
        return ops.concatenate([self._blank(data[:, :1]), data[:, :-1]], axis=-1)

    def _counted(self, data: Any) -> Any:
        """1 up to a text's first end, 0 behind it: `(batch, tokens)`."""
        if END not in self.vocabulary:
            return precise(ops.ones_like(data))
        ends = ops.cast(ops.equal(data, self.vocabulary.index(END)), "int32")
        return precise(ops.cast(ops.cumsum(ends, axis=-1) - ends < 1, "int32"))

    def _nats(self, data: Any, previous: Any, latent: Any) -> tuple[Any, Any]:
        """−log p of each token, and whether it counts: `(batch, tokens)` both."""
        logits = apply(self.teacher, {"previous": previous, "latent": latent})["logits"]
        chosen = ops.one_hot(data, self.vocabulary_size, dtype=precise_dtype())
        return losses.categorical_nats(chosen, logits), self._counted(data)
