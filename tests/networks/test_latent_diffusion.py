"""The residual networks of latent diffusion on every backend."""

import keras

from zoo.networks import latent_diffusion
from zoo.networks.latent_diffusion import Topology, layer_name, module_name


def test_networks_of_any_size_are_made_on_every_backend():
    """PyTorch takes no dots in the names of modules."""
    topology = Topology((4, 4), layers_per_block=1, latent_channels=2, groups=2, attends=(1,))
    shape = (None, None, 3)
    encoder = latent_diffusion.to_vectors(shape, topology, 5)
    decoder = latent_diffusion.decoder(shape, topology, 5)
    data = keras.ops.ones((1, 6, 4, 3))
    vectors = encoder({"data": data})["vectors"]
    assert tuple(vectors.shape) == (1, 3, 2, 5)
    assert tuple(decoder({"latent": vectors})["data"].shape) == (1, 6, 4, 3)
    names = {module_name(layer.name) for layer in encoder.layers if layer.weights}
    assert "encoder.down_blocks.1.attentions.0.to_out.0" in names
    assert layer_name("quant_conv") == "quant_conv"
