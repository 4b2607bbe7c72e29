"""Discrete codes from a learned codebook."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import activations, ops

from zoo import losses
from zoo.layers import Codebook, Lookup
from zoo.model import GenerativeModel
from zoo.networks import blocks, vq
from zoo.phase import Phase


class VQVAE(GenerativeModel):
    """Vector-quantised VAE (van den Oord et al., 2017, arXiv:1711.00937).

    The encoder's vectors are replaced by the nearest of a codebook, which learns by moving
    averages (appendix A.1); the decoder's gradient passes straight through to the encoder, and a
    commitment term keeps the encoder near what it chose.

    Args:
        shape: Of one sample, `(height, width, channels)` or `(time, channels)`.
        codes: How many vectors the codebook holds.
        code_dim: Their length.
        commitment: Weight of the commitment term, β in the paper.
        decay: Of the codebook's moving averages.
        data_variance: What squared errors are divided by.
        width: Channels of the hidden layers.
        depth: How often the size is halved.
        residual_width: Channels inside the residual blocks.
        residuals: How many residual blocks on either side.
        learning_rate: Of Adam.
        options: See `GenerativeModel`.

    Raises:
        ModelError: The shape is that of vectors, or too small.
    """

    code = "codes"

    def __init__(
        self,
        shape: Sequence[int],
        codes: int = 512,
        *,
        code_dim: int = 64,
        commitment: float = 0.25,
        decay: float = 0.99,
        data_variance: float = 1.0,
        width: int = 128,
        depth: int = 2,
        residual_width: int = 32,
        residuals: int = 2,
        learning_rate: float = 3e-4,
        **options: Any,
    ) -> None:
        super().__init__(shape, **options)
        self.commitment = commitment
        self.data_variance = data_variance
        keywords = {
            "width": width,
            "depth": depth,
            "residual_width": residual_width,
            "residuals": residuals,
        }
        self.to_vectors = vq.encoder(self.shape, code_dim, **keywords, name="to_vectors")
        self.from_vectors = vq.decoder(
            code_dim, self.shape, **keywords, output=self.output_activation, name="from_vectors"
        )
        self.codebook = Codebook(codes, code_dim, decay=decay, name="codes")
        data = self.to_vectors.input
        indices = self.codebook(self.to_vectors.output)
        self.encoder = keras.Model(data, indices, name="encoder")
        chosen = keras.Input(indices.shape[1:], dtype="int32", name="codes")
        output = self.from_vectors(Lookup(self.codebook)(chosen))
        named = keras.layers.Identity(name="data", dtype="float32")(output)
        self.decoder = keras.Model(chosen, named, name="decoder")
        self.decoder_logits = blocks.logits(self.from_vectors)
        self.phases = [
            Phase(
                self.autoencoder_loss,
                [self.to_vectors, self.from_vectors],
                self.adam(learning_rate),
            )
        ]

    def autoencoder_loss(self, batch: dict[str, Any], training: bool) -> dict[str, Any]:
        """Reconstruction and commitment; training moves the codebook as well."""
        vectors = self.to_vectors(batch["data"], training=training)
        indices = self.codebook(ops.stop_gradient(vectors))
        chosen = ops.stop_gradient(self.codebook.lookup(indices))
        straight_through = vectors + ops.stop_gradient(chosen - vectors)
        logits = self.decoder_logits(straight_through, training=training)
        outputs = activations.get(self.output_activation)(logits)
        reconstruction = losses.mean_squared_error(batch["data"], outputs) / self.data_variance
        commitment = losses.mean_squared_error(vectors, chosen)
        if training:
            self.codebook.update(vectors, indices)
        return {
            "loss": reconstruction + self.commitment * commitment,
            "reconstruction": reconstruction,
            "commitment": commitment,
            "perplexity": perplexity(indices, self.codebook.size),
        }


def perplexity(indices: Any, size: int) -> Any:
    """Exp of the entropy of the codes' frequencies in the batch: how many are in effective use."""
    chosen = ops.one_hot(ops.reshape(indices, (-1,)), size, dtype="float32")
    frequencies = ops.mean(chosen, axis=0)
    return ops.exp(-ops.sum(frequencies * ops.log(frequencies + 1e-10)))
