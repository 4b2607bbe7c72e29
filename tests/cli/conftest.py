"""One tiny run of each kind that the commands tell apart, trained by the command line itself."""

from typing import NamedTuple

import pytest

from zoo.cli import main

TINY = {
    "vae": ["latent_dim=2", "network_options.width=4"],
    "cgan": ["latent_dim=2", "network=mlp", "network_options.width=8"],
}


class Outcome(NamedTuple):
    """What a command left on its way: exit code, stdout, stderr."""

    code: int
    out: str
    err: str


@pytest.fixture
def zoo(capsys):
    """Runs a command in this process."""

    def run(*words):
        code = main([str(word) for word in words])
        return Outcome(code, *capsys.readouterr())

    return run


def train(folder, name):
    """Trains a tiny model for two epochs and returns its run folder."""
    words = ["train", name, "--data", "digits", "--epochs", "2", "--batch-size", "256"]
    words += ["--set", *TINY[name], "--out", str(folder / name), "--quiet"]
    assert main(words) == 0
    return folder / name


@pytest.fixture(scope="session")
def vae_run(tmp_path_factory):
    return train(tmp_path_factory.mktemp("runs"), "vae")


@pytest.fixture(scope="session")
def cgan_run(tmp_path_factory):
    return train(tmp_path_factory.mktemp("runs"), "cgan")


@pytest.fixture(scope="session")
def vae_bundle(vae_run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundles") / "vae"
    assert main(["export", str(vae_run), "--out", str(folder)]) == 0
    return folder


@pytest.fixture(scope="session")
def vq_vae_file(tmp_path_factory):
    """An untrained model with discrete codes and without a prior, as a `.keras` file."""
    from zoo import create

    path = tmp_path_factory.mktemp("files") / "vq_vae.keras"
    settings = {"codebook_size": 4, "codebook_dim": 2, "width": 4, "residual_width": 2}
    create("vq_vae", shape=(8, 8, 1), num_residual_blocks=1, **settings).save(path)
    return path
