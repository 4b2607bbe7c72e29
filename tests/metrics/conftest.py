"""Commands in this process, and a small trained model."""

from typing import NamedTuple

import pytest


class Outcome(NamedTuple):
    """What a command left on its way: exit code, stdout, stderr."""

    code: int
    out: str
    err: str


@pytest.fixture
def zoo_command(capsys):
    """Runs a command in this process."""
    from zoo.cli import main

    def run(*words):
        code = main([str(word) for word in words])
        return Outcome(code, *capsys.readouterr())

    return run


@pytest.fixture(scope="package")
def vae_folder(tmp_path_factory):
    """A run of a tiny VAE."""
    from zoo.cli import main

    folder = tmp_path_factory.mktemp("runs") / "vae"
    words = ["train", "vae", "--data", "digits", "--epochs", "2", "--batch-size", "128"]
    words += ["--set", "latent_dim=4", "network_options.width=4", "--quiet"]
    assert main([*words, "--out", str(folder)]) == 0
    return folder
