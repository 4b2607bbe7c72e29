"""Weights in the layout of diffusers' `AutoencoderKL`: its files, its configuration, its names."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

from zoo.errors import DataError
from zoo.model import GenerativeModel
from zoo.networks import latent_diffusion
from zoo.networks.latent_diffusion import Topology
from zoo.registry import create
from zoo.weights.safetensors import read_safetensors

OLD_NAMES = {"query": "to_q", "key": "to_k", "value": "to_v", "proj_attn": "to_out.0"}
"""Names of attention's layers before diffusers 0.13."""
FIXED = {
    "down_block_types": "DownEncoderBlock2D",
    "up_block_types": "UpDecoderBlock2D",
    "act_fn": "silu",
}
"""Entries of the configuration of which one form alone is read here."""


def import_autoencoder_kl(
    weights: Path, config: Path, *, size: tuple[int, int] | None = None
) -> GenerativeModel:
    """An `autoencoder_kl` with the weights of diffusers.

    Args:
        weights: A `.safetensors` file, such as `diffusion_pytorch_model.safetensors`.
        config: The `config.json` beside it.
        size: Height and width of the images; by default the configuration's `sample_size`.

    Raises:
        DataError: A file is damaged, the topology is another one, or a tensor is missing, of
            another shape or left over.
    """
    try:
        described = json.loads(config.read_text())
        topology = Topology(
            tuple(described["block_out_channels"]),
            described["layers_per_block"],
            described["latent_channels"],
            described["norm_num_groups"],
        )
        shape = (*(size or 2 * (described["sample_size"],)), described["in_channels"])
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{config} is no configuration of AutoencoderKL: {error}.") from error
    _check(described, config)
    networks = {
        "encoder": latent_diffusion.encoder(shape, topology),
        "decoder": latent_diffusion.decoder(shape, topology),
    }
    assign(read_safetensors(weights), list(networks.values()))
    channels = topology.latent_channels
    return create("autoencoder_kl", shape=shape, latent_channels=channels, **networks)


def _check(described: Mapping[str, Any], config: Path) -> None:
    for key, wanted in FIXED.items():
        found = described.get(key, wanted)
        if any(kind != wanted for kind in ([found] if isinstance(found, str) else found)):
            raise DataError(f"{config}: {key} is {wanted}. Received: {found!r}.")


def assign(arrays: Mapping[str, np.ndarray], networks: list[keras.Model]) -> None:
    """Gives layers the tensors of their names.

    Raises:
        DataError: A tensor is missing, of another shape, or left over.
    """
    left = {_renamed(name): array for name, array in arrays.items()}
    for network in networks:
        for layer in network.layers:
            for variable in layer.weights:
                _give(layer, variable, left)
    if left:
        raise DataError(f"Every tensor has a layer. Received, left over: {', '.join(left)}.")


def _give(layer: Any, variable: Any, left: dict[str, np.ndarray]) -> None:
    kind = variable.path.rpartition("/")[2]
    name = f"{layer.name}.{'weight' if kind in ('kernel', 'gamma') else 'bias'}"
    if name not in left:
        raise DataError(f"A layer needs the tensor {name}. Received: a file without it.")
    array = left.pop(name)
    if kind == "kernel":
        if array.ndim == 4 and len(variable.shape) == 2:
            array = array[..., 0, 0]  # Older files hold attention's layers as convolutions.
        array = array.T if array.ndim == 2 else array.transpose(2, 3, 1, 0)
    if array.shape != tuple(variable.shape):
        raise DataError(f"{name} has the shape {tuple(variable.shape)}. Received: {array.shape}.")
    variable.assign(array)


def _renamed(name: str) -> str:
    """A tensor's name of today."""
    *path, layer, kind = name.split(".")
    if "attentions" in path and layer in OLD_NAMES:
        return ".".join([*path, OLD_NAMES[layer], kind])
    return name
