"""Weights in the layout of diffusers' `AutoencoderKL` and `VQModel`: their files and names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

from zoo.errors import DataError
from zoo.layers import Codebook, Lookup
from zoo.model import GenerativeModel
from zoo.networks.latent_diffusion import module_name
from zoo.registry import create
from zoo.weights.layout import Layout, Networks
from zoo.weights.safetensors import read_safetensors

OLD_NAMES = {"query": "to_q", "key": "to_k", "value": "to_v", "proj_attn": "to_out.0"}
"""Names of attention's layers before diffusers 0.13."""
KERNEL_AXES = {2: (1, 0), 4: (2, 3, 1, 0)}
"""Rank of a kernel → its axes in PyTorch, in the order of Keras."""
SPECIAL = {"kernel": "weight", "gamma": "weight", "codebook": "embedding.weight"}
"""Names of weights in Keras → in PyTorch, where they differ; `beta` and `bias` are `bias`."""


def import_autoencoder_kl(
    weights: Path, config: Path, *, size: tuple[int, int] | None = None
) -> GenerativeModel:
    """An `autoencoder_kl` with the weights of diffusers' `AutoencoderKL`.

    Args:
        weights: A `.safetensors` file, such as `diffusion_pytorch_model.safetensors`.
        config: The `config.json` beside it.
        size: Height and width of the images; by default the configuration's `sample_size`.

    Raises:
        DataError: A file is damaged, the topology is another one, or a tensor is missing, of
            another shape or left over.
    """
    layout = Layout.of(config)
    shape = layout.shape(size)
    networks = layout.kl_networks(shape)
    assign(read_safetensors(weights), list(networks.values()))
    channels = layout.topology.latent_channels
    return create("autoencoder_kl", shape=shape, latent_channels=channels, **networks)


def import_vqgan(
    weights: Path, config: Path, *, size: tuple[int, int] | None = None
) -> GenerativeModel:
    """A `vqgan` with the weights of diffusers' `VQModel`.

    The arguments and errors are those of `import_autoencoder_kl`.
    """
    layout = Layout.of(config)
    shape = layout.shape(size)
    networks = layout.vq_networks(shape)
    codebook = layout.codebook()
    assign(read_safetensors(weights), list(networks.values()), codebook)
    model = create(
        "vqgan",
        shape=shape,
        codebook_size=codebook.size,
        codebook_dim=codebook.dim,
        **networks,
    )
    vectors = keras.ops.convert_to_numpy(codebook.codebook)
    model.codebook.codebook.assign(vectors)
    # The moving averages begin as if each vector had been chosen once, so that training moves on
    # from these vectors.
    model.codebook.counts.assign(np.ones(codebook.size, "float32"))
    model.codebook.sums.assign(vectors)
    return model


def parts_of_any_size(name: str, weights: Path, config: Path) -> Networks:
    """The parts `encoder` and `decoder` as networks of images of any height and width.

    A model of the zoo has one size; these, `export.to_onnx` writes with sizes that are unknown.
    The encoder gives `code` (of `autoencoder_kl` the mean, of `vqgan` indices), the decoder reads
    `latent` and gives `data` within (−1, 1).

    Args:
        name: `autoencoder_kl` or `vqgan`.
        weights: A `.safetensors` file.
        config: The `config.json` beside it.

    Raises:
        DataError: As of `import_autoencoder_kl`.
    """
    layout = Layout.of(config)
    shape = (None, None, layout.channels)
    if name == "autoencoder_kl":
        encoder, decoder = layout.kl_networks(shape).values()
        assign(read_safetensors(weights), [encoder, decoder])
        code, latent = encoder.output["mean"], decoder.input["latent"]
        read = latent
    else:
        encoder, decoder = layout.vq_networks(shape).values()
        codebook = layout.codebook()
        assign(read_safetensors(weights), [encoder, decoder], codebook)
        code = codebook(encoder.output["vectors"])
        latent = keras.Input((None, None), dtype="int32", name="latent")
        read = Lookup(codebook)(latent)
    made = keras.ops.clip(decoder({"latent": read})["data"], -1.0, 1.0)
    return {
        "encoder": keras.Model(encoder.input, {"code": code}, name="encoder"),
        "decoder": keras.Model({"latent": latent}, {"data": made}, name="decoder"),
    }


def assign(
    arrays: Mapping[str, np.ndarray], networks: list[keras.Model], codebook: Codebook | None = None
) -> None:
    """Gives layers the tensors of their names.

    Raises:
        DataError: A tensor is missing, of another shape, or left over.
    """
    left = {_renamed(name): array for name, array in arrays.items()}
    for network in networks:
        for layer in network.layers:
            for variable in layer.weights:
                _give(layer, variable, left)
    if codebook is not None:
        _give(codebook, codebook.codebook, left)
    if left:
        raise DataError(f"Every tensor has a layer. Received, left over: {', '.join(left)}.")


def _give(layer: Any, variable: Any, left: dict[str, np.ndarray]) -> None:
    kind = variable.path.rpartition("/")[2]
    name = f"{module_name(layer.name)}.{SPECIAL.get(kind, 'bias')}"
    if name not in left:
        raise DataError(f"A layer needs the tensor {name}. Received: a file without it.")
    array = left.pop(name)
    if kind == "kernel":
        if array.shape[2:] == (1, 1) and len(variable.shape) == 2:
            array = array[..., 0, 0]  # Older files hold attention's layers as convolutions.
        array = array.transpose(KERNEL_AXES.get(array.ndim))
    if array.shape != tuple(variable.shape):
        raise DataError(f"{name} has the shape {tuple(variable.shape)}. Received: {array.shape}.")
    variable.assign(array)


def _renamed(name: str) -> str:
    """A tensor's name of today."""
    words = name.split(".")
    if "attentions" in words[:-2] and words[-2] in OLD_NAMES:
        words[-2] = OLD_NAMES[words[-2]]
    return ".".join(words)
