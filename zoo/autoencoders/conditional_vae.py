"""Labels as inputs of encoder and decoder."""

from __future__ import annotations

from zoo.autoencoders.vae import VAE
from zoo.settings import setting


class ConditionalVAE(VAE):
    """Conditional VAE (Sohn et al., 2015, NeurIPS).

    Minimises −log p(data | latent, label) + KL(q(latent | data, label) ‖ N(0, I)): the label is an
    input of both networks. The prior does not depend on it, as in Kingma et al., 2014,
    arXiv:1406.5298, so that the latent holds what the label does not tell.
    """

    num_classes: int = setting("Number of classes.", at_least=1, tiny=10)
