"""Reads the weights of another library into a model, a .keras file.

autoencoder_kl takes those of diffusers' AutoencoderKL, and vqgan those of its VQModel: the
.safetensors file, with config.json beside it.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from zoo.cli import sources, terminal
from zoo.cli.errors import UsageError
from zoo.files import replacing

EXAMPLES = """\
examples:
  zoo import-weights autoencoder_kl vae/diffusion_pytorch_model.safetensors \\
      --image-size 64 --out imported.keras
  zoo import-weights vqgan vqvae/diffusion_pytorch_model.safetensors --out vqgan.keras
"""
NAMES = ("autoencoder_kl", "vqgan")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the model, its files, and where to."""
    parser.add_argument("name", choices=NAMES, metavar="MODEL", help=" or ".join(NAMES))
    parser.add_argument("weights", type=Path, metavar="FILE", help="a .safetensors file")
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="the configuration (config.json beside FILE)"
    )
    parser.add_argument(
        "--image-size",
        type=sources.size,
        metavar="N|HxW",
        help="of the images (the configuration's sample_size)",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="a .keras file")


def run(options: argparse.Namespace) -> None:
    """Imports, saves, and prints the file's name."""
    if options.out.suffix.lower() != ".keras":
        raise UsageError(f"--out is a .keras file. Received: {options.out}.")
    config = options.config or options.weights.with_name("config.json")
    for path in (options.weights, config):
        if not path.is_file():
            raise UsageError(f"There is no file {path}.")
    terminal.choose_backend()
    from zoo.weights.diffusers import import_autoencoder_kl, import_vqgan

    read = {"autoencoder_kl": import_autoencoder_kl, "vqgan": import_vqgan}[options.name]
    model = read(options.weights, config, size=options.image_size)
    with replacing(options.out) as temporary:
        model.save(temporary)
    print(options.out)
