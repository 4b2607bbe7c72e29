"""`zoo pipeline`: a bundle's parts as one file."""

import numpy as np
import onnxruntime


def run_file(path, **feed):
    (answer,) = onnxruntime.InferenceSession(path).run(None, feed)
    return answer


def test_score_reads_bytes(zoo, vae_bundle, tmp_path):
    path = tmp_path / "score.onnx"
    done = zoo("pipeline", vae_bundle, "score", "--out", path, "--uint8")
    assert (done.code, done.out) == (0, f"{path}\n")
    assert run_file(path, data=np.zeros((2, 8, 8, 1), np.uint8)).shape == (2,)


def test_density_is_fitted_to_the_codes_of_the_data(zoo, vae_bundle, tmp_path):
    path = tmp_path / "sampler.onnx"
    words = ["sample", "--out", path, "--density", "3", "--data", "digits", "--random"]
    assert zoo("pipeline", vae_bundle, *words).code == 0
    assert run_file(path, count=np.array([5])).shape == (5, 8, 8, 1)


def test_file_is_replaced_only_on_demand(zoo, vae_bundle, tmp_path):
    path = tmp_path / "score.onnx"
    path.write_text("mine")
    done = zoo("pipeline", vae_bundle, "score", "--out", path)
    assert done.code == 2
    assert "--overwrite" in done.err
    assert path.read_text() == "mine"
    assert zoo("pipeline", vae_bundle, "score", "--out", path, "--overwrite").code == 0


def test_runs_are_exported_first(zoo, vae_run, tmp_path):
    words = [["pipeline", vae_run, "score", "--out", tmp_path / "score.onnx"], ["verify", vae_run]]
    for command in words:
        done = zoo(*command)
        assert done.code == 1
        assert (
            f"Received: {vae_run}, a run. Accepted: the bundle of zoo export" in done.out + done.err
        )
    assert not (tmp_path / "score.onnx").exists()


def test_density_and_data_belong_together(zoo, vae_bundle, tmp_path):
    words = ["sample", "--out", tmp_path / "s.onnx"]
    for option in (["--density", "2"], ["--data", "digits"]):
        done = zoo("pipeline", vae_bundle, *words, *option)
        assert done.code == 2
        assert "--density is fitted to --data" in done.err


def test_data_of_another_shape_are_refused(zoo, vae_bundle, tmp_path):
    words = ["sample", "--out", tmp_path / "s.onnx", "--density", "2", "--data", "ring"]
    done = zoo("pipeline", vae_bundle, *words)
    assert done.code == 2
    assert "The data have the shape (8, 8, 1)" in done.err


def test_density_without_an_encoder_is_refused(zoo, cgan_run, tmp_path):
    bundle = tmp_path / "cgan"
    assert zoo("export", cgan_run, "--out", bundle).code == 0
    words = ["sample", "--out", tmp_path / "s.onnx", "--density", "2", "--data", "digits"]
    done = zoo("pipeline", bundle, *words)
    assert done.code == 2
    assert "fitted to what an encoder makes" in done.err
