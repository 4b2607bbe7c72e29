"""A model that is not in the table, as a user would write it in a file."""

NAME = "squashed_autoencoder"
SOURCE = '''
"""An autoencoder that samples by decoding uniform codes."""

import keras
from keras import ops

from zoo import losses
from zoo.model import GenerativeModel, NetworkSettings, Rate
from zoo.networks import apply
from zoo.noise import uniform
from zoo.phase import Phase
from zoo.settings import setting
from zoo.uses import Step, Use


class SquashedAutoencoder(NetworkSettings, GenerativeModel):
    """An autoencoder whose codes are squashed into (0, 1) (Nobody, 1999)."""

    latent_dim: int = setting("Length of the code.", default=16, at_least=1, tiny=4)
    noise_level: float = setting("Of the code, in training.", default=0.1, at_least=0)
    learning_rate: Rate = setting("Of Adam.", default=1e-3, above=0)

    def assemble(self):
        self.encoder = self.encoder_of(code=self.latent_dim)
        self.decoder, self.decoder_logits = self.decoder_of(latent=self.latent_dim)
        self.noise = {"jitter": uniform(self.latent_dim, low=-1.0)}
        self.prior = {"latent": uniform(self.latent_dim)}
        optimizer = keras.optimizers.Adam(self.learning_rate)
        self.phases = [Phase(self.autoencoder_loss, [self.encoder, self.decoder], optimizer)]

    def autoencoder_loss(self, batch, training):
        code = ops.sigmoid(apply(self.encoder, batch, training)["code"])
        latent = code + self.noise_level * batch["jitter"]
        logits = apply(self.decoder_logits, {"latent": latent}, training)["data"]
        return {"loss": losses.binary_cross_entropy(batch["data"], logits)}

    def uses(self):
        flipped = {"data": "decoder/data"}
        steps = [Step("encoder"), Step("decoder", {"latent": "encoder/code"})]
        return super().uses() | {"caricature": Use(steps, flipped)}
'''
