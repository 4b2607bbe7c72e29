"""`zoo use`, and uses as commands: a model's own use takes no edit outside of the model."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from PIL import Image

from tests.tolerances import CERTIFICATE

MODEL = '''
from zoo.autoencoders.vae import VAE
from zoo.uses import Step, Use


class Recoder(VAE):
    """A variational autoencoder that calls its reconstructions recodings."""

    def uses(self):
        steps = [
            Step("encoder"),
            Step("decoder", {"latent": "encoder/mean"}),
            Step("squared_error", {"other": "decoder/data"}),
        ]
        results = {"target": "decoder/data", "error": "squared_error/error"}
        return {**super().uses(), "recode": Use(steps, results)}
'''


@pytest.fixture(scope="module")
def recoder(tmp_path_factory):
    """A run of a model of the user's own, with a use of its own, and its bundle."""
    from zoo.cli import main

    folder = tmp_path_factory.mktemp("own")
    (folder / "my_models.py").write_text(MODEL)
    words = ["train", f"{folder / 'my_models.py'}:Recoder", "--data", "digits", "--epochs", "1"]
    words += ["--batch-size", "256", "--set", "latent_dim=2", "network_options.width=4"]
    assert main([*words, "--out", str(folder / "run"), "--quiet"]) == 0
    assert main(["export", str(folder / "run"), "--out", str(folder / "bundle")]) == 0
    return folder


def test_a_use_of_one_s_own_is_a_command_of_the_run_and_of_the_bundle(zoo, recoder, tmp_path):
    found = []
    for subject in (recoder / "run", recoder / "bundle"):
        out = tmp_path / "recoded.npz"
        words = ["--data", "digits", "-n", 6, "--out", out]
        done = zoo("recode", subject, *words)
        assert (done.code, done.out) == (0, f"{out}\n"), done.err
        with np.load(out) as arrays:
            found.append(dict(arrays))
    assert {name: array.shape for name, array in found[0].items()} == {
        "target": (6, 8, 8, 1),
        "error": (6,),
    }
    for name, array in found[0].items():
        CERTIFICATE.check(found[1][name], array)


def test_data_and_what_becomes_of_them_are_rows_of_one_picture(zoo, recoder, tmp_path):
    words = ["--data", "digits", "-n", 16, "--out", tmp_path / "x.png"]
    assert zoo("recode", recoder / "bundle", *words).code == 0
    with Image.open(tmp_path / "x.png") as image:
        assert image.size == (8 * 66 - 2, 4 * 66 - 2)


def test_a_use_of_one_s_own_becomes_one_graph(zoo, recoder, tmp_path):
    path = tmp_path / "recode.onnx"
    words = ["pipeline", recoder / "bundle", "recode", "--uint8", "--out", path]
    assert zoo(*words).code == 0
    session = onnxruntime.InferenceSession(path)
    assert [entry.name for entry in session.get_outputs()] == ["target", "error"]
    target, error = session.run(None, {"data": np.zeros((2, 8, 8, 1), np.uint8)})
    assert (target.dtype, target.shape, error.shape) == (np.uint8, (2, 8, 8, 1), (2,))


def test_uses_are_listed_without_a_name(zoo, vae_bundle):
    code, out, _ = zoo("use", vae_bundle)
    assert code == 0
    rows = {line.split()[0]: line for line in out.splitlines()}
    assert "latent (drawn)" in rows["sample"]
    assert set(rows) >= {"use", "sample", "encode", "decode", "reconstruct", "score", "interpolate"}


def test_codes_go_out_and_come_in_as_arrays(zoo, vae_bundle, tmp_path):
    codes, images = tmp_path / "codes.npy", tmp_path / "images.npy"
    words = ["encode", "--data", "digits", "-n", 5, "--out", codes]
    assert zoo("use", vae_bundle, *words).code == 0
    assert np.load(codes).shape == (5, 2)
    words = ["decode", "--inputs", f"code={codes}", "--out", images]
    assert zoo("use", vae_bundle, *words).code == 0
    assert np.load(images).shape == (5, 8, 8, 1)


def test_draws_follow_the_seed_and_the_labels(zoo, cgan_run, tmp_path):
    arrays = []
    for labels in ("3", "3", "4"):
        words = ["sample", "-n", 4, "--seed", 2, "--labels", labels]
        assert zoo("use", cgan_run, *words, "--out", tmp_path / "x.npy").code == 0
        arrays.append(np.load(tmp_path / "x.npy"))
    np.testing.assert_array_equal(arrays[0], arrays[1])
    assert not np.array_equal(arrays[0], arrays[2])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["use", "{}", "sampel", "--out", "x.npy"], "no use 'sampel'. Did you mean 'sample'?"),
        (["paint", "{}", "--out", "x.npy"], "has no use 'paint'. Accepted: sample"),
        (["use", "{}", "sample"], "--out is needed"),
        (["use", "{}", "score", "--data", "digits", "--out", "x.png"], "No result can be drawn"),
        (["use", "{}", "encode", "--out", "x.npy"], "--data is needed"),
        (["use", "{}", "sample", "--data", "digits", "--out", "x.npy"], "reads no data"),
        (["use", "{}", "sample", "--labels", "3", "--out", "x.npy"], "reads no labels"),
        (["use", "{}", "decode", "--inputs", "code", "--out", "x.npy"], "is not NAME=FILE.npy"),
        (["use", "{}", "decode", "--inputs", "code=no.npy", "--out", "x.npy"], "no.npy: No such"),
        (["use", "{}", "sample", "--out", "x.gif"], "does not end in .png or .npy or .npz"),
        (["paint", "nosuch", "--out", "x.npy"], "Unknown command 'paint'"),
    ],
)
def test_what_cannot_be_run_is_one_line(zoo, vae_bundle, tmp_path, monkeypatch, words, message):
    monkeypatch.chdir(tmp_path)
    done = zoo(*(word.format(vae_bundle) for word in words))
    assert done.code in (1, 2)
    assert message in done.err and done.err.count("\n") == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.once
def test_bundles_are_used_merged_and_verified_without_keras(vae_bundle, tmp_path):
    program = f"""
import sys
from zoo.cli import main
bundle = {str(vae_bundle)!r}
codes = [
    main(["sample", bundle, "--out", "x.png"]),
    main(["use", bundle, "encode", "--data", "digits", "--out", "x.npy"]),
    main(["pipeline", bundle, "score", "--out", "x.onnx"]),
    main(["verify", bundle]),
]
loaded = [name for name in ("keras", "jax", "torch", "tensorflow") if name in sys.modules]
sys.exit(str((codes, loaded)) if any(codes) or loaded else 0)
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        timeout=120,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.once
def test_a_file_named_like_a_package_is_named_in_one_line(tmp_path):
    (tmp_path / "export.py").write_text("raise RuntimeError('of the user')")
    done = subprocess.run(
        [sys.executable, "-m", "zoo", "export", "run", "--out", "bundle"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        timeout=120,
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert f"Received: {tmp_path / 'export.py'}, which comes first" in done.stderr
