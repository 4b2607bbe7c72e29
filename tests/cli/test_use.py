"""A run and its bundle answer the same commands with the same pictures."""

import json
import re
import shutil

import numpy as np
import pytest
from PIL import Image

from export import runtime
from tests.tolerances import CERTIFICATE


def picture(path):
    with Image.open(path) as image:
        return np.asarray(image)


def test_a_run_and_its_bundle_draw_the_same_samples(zoo, vae_run, vae_bundle, tmp_path):
    arrays = []
    for subject in (vae_run, vae_bundle, vae_run / "model.keras"):
        code, out, _ = zoo("sample", subject, "-n", 5, "--seed", 3, "--out", tmp_path / "x.npy")
        assert (code, out) == (0, f"{tmp_path / 'x.npy'}\n")
        arrays.append(np.load(tmp_path / "x.npy"))
    assert arrays[0].shape == (5, 8, 8, 1)
    CERTIFICATE.check(arrays[1], arrays[0])
    CERTIFICATE.check(arrays[2], arrays[0])


def test_samples_fill_a_grid(zoo, vae_run, tmp_path):
    assert zoo("sample", vae_run, "-n", 64, "--out", tmp_path / "grid.png").code == 0
    assert picture(tmp_path / "grid.png").shape == (8 * 64 + 7 * 2, 8 * 64 + 7 * 2)


def test_a_conditional_model_draws_one_row_a_class(zoo, cgan_run, tmp_path):
    assert zoo("sample", cgan_run, "--out", tmp_path / "all.png").code == 0
    assert picture(tmp_path / "all.png").shape == (10 * 66 - 2, 8 * 66 - 2)
    words = ["--labels", "3,7", "-n", 6]
    assert zoo("sample", cgan_run, *words, "--out", tmp_path / "two.npy").code == 0
    from zoo import load

    expected = load(cgan_run).sample(6, labels=[3, 3, 3, 7, 7, 7])
    np.testing.assert_array_equal(np.load(tmp_path / "two.npy"), expected)


@pytest.mark.parametrize("labels", ["11", "cat", "3,"])
def test_unknown_classes_are_refused(zoo, cgan_run, tmp_path, labels):
    code, _, err = zoo("sample", cgan_run, "--labels", labels, "--out", tmp_path / "x.png")
    assert code == 2
    assert "--labels names classes." in err and "Accepted: 0, 1, 2" in err


def test_labels_are_refused_where_nothing_reads_them(zoo, vae_bundle, tmp_path):
    for command in ("sample", "interpolate"):
        code, _, err = zoo(command, vae_bundle, "--labels", "3", "--out", tmp_path / "x.png")
        assert code == 2
        assert "reads no labels" in err


def test_a_run_and_its_bundle_reconstruct_alike(zoo, vae_run, vae_bundle, tmp_path):
    errors = []
    for words in ([vae_run], [vae_bundle, "--data", "digits"]):
        out = tmp_path / "rebuilt.png"
        code, text, _ = zoo("reconstruct", *words, "-n", 16, "--out", out, "--json")
        assert code == 0
        assert picture(out).shape == (4 * 66 - 2, 8 * 66 - 2)
        errors.append(json.loads(text)["mean_squared_error"])
    CERTIFICATE.check(errors[1], errors[0])


def test_a_bundle_does_not_know_its_data(zoo, vae_bundle, tmp_path):
    code, _, err = zoo("reconstruct", vae_bundle, "--out", tmp_path / "x.png")
    assert code == 2
    assert "--data is needed" in err


def test_data_of_another_shape_are_refused(zoo, vae_run, tmp_path):
    words = ["--data", "ring", "--out", tmp_path / "x.png"]
    code, _, err = zoo("reconstruct", vae_run, *words)
    assert code == 2
    assert "The data have the shape (8, 8, 1). Received: (2,)." in err


def test_walks_are_drawn_between_draws_and_between_data(zoo, vae_run, cgan_run, tmp_path):
    out = tmp_path / "walk.png"
    for words in (
        [vae_run],
        [vae_run, "--data", "digits"],
        [cgan_run, "--labels", "1,2"],
    ):
        assert zoo("interpolate", *words, "--rows", 3, "--columns", 5, "--out", out).code == 0
        assert picture(out).shape == (3 * 66 - 2, 5 * 66 - 2)


def test_what_a_model_cannot_do_is_said(zoo, vq_vae_file, cgan_run, tmp_path):
    for words, message in (
        (["sample", vq_vae_file], "has no use 'sample'. Codes for it are drawn by --prior"),
        (["interpolate", vq_vae_file, "--data", "digits"], "has no use 'interpolate'"),
        (["reconstruct", vq_vae_file], "--data is needed"),
        (["reconstruct", cgan_run], "has no use 'reconstruct'. Accepted: sample, decode"),
        (["interpolate", cgan_run, "--data", "digits"], "has no use 'interpolate'"),
    ):
        code, _, err = zoo(*words, "--out", tmp_path / "x.png")
        assert code == 2
        assert message in err and err.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_walks_begin_and_end_at_the_reconstructions_of_data(zoo, vae_bundle, monkeypatch, tmp_path):
    drawn = []
    monkeypatch.setattr(
        "zoo.cli.interpolate.save_grid", lambda images, *_, **__: drawn.append(images)
    )
    words = ["--data", "digits", "--rows", 2, "--columns", 3, "--out", tmp_path / "x.png"]
    assert zoo("interpolate", vae_bundle, *words).code == 0
    session = runtime.load(vae_bundle)
    from zoo.data import load_data

    test = load_data("digits")[1]
    rows = np.linspace(0, len(test) - 1, 4).astype(int)
    rebuilt = session.reconstruct(test.batch(rows, (0.0, 1.0))["data"])
    CERTIFICATE.check(drawn[0].reshape(2, 3, 8, 8, 1)[:, [0, -1]], rebuilt[[[0, 2], [1, 3]]])


def test_too_many_samples_are_an_error_of_one_line(zoo, vae_bundle, tmp_path):
    for count in (100_000_000, 10**15):
        done = zoo("sample", vae_bundle, "-n", count, "--out", tmp_path / "x.npy")
        assert done.code == 2
        assert done.err.count("\n") == 1
        assert "count must be a whole number from 1 to 67108864" in done.err


def test_export_prints_a_certificate_for_each_part(zoo, vae_run, tmp_path, monkeypatch):
    code, out, _ = zoo("export", vae_run, "--out", tmp_path / "bundle", "--json")
    assert code == 0
    parts = json.loads(out)["parts"]
    assert set(parts) == {"encoder", "decoder", "between", "squared_error"}
    assert all(part["passed"] for part in parts.values())
    families = {row["family"] for part in parts.values() for row in part["deviations"]}
    assert "real" in families  # the run's own data were among the inputs
    monkeypatch.setattr("zoo.load", lambda path: pytest.fail("loads before it checks"))
    code, _, err = zoo("export", vae_run, "--out", tmp_path / "bundle")
    assert code == 1
    assert "zoo: error: A bundle goes into a new folder." in err


def test_export_prints_the_figures_of_the_model_card(zoo, vae_run, vq_vae_file, tmp_path):
    for subject, name in ((vae_run, "vae"), (vq_vae_file, "vq_vae")):
        code, out, _ = zoo("export", subject, "--out", tmp_path / name)
        assert code == 0
        card = (tmp_path / name / "README.md").read_text()
        for part in ("encoder", "decoder"):
            row = next(line for line in out.splitlines() if line.startswith(part))
            (cells,) = re.findall(rf"\| {part} \| (\d+) \| (.*) \| (.*) \| \d+ \| \d+ \|", card)
            assert row.split()[3:] == " ".join(cells).split()


def test_export_prints_the_second_opinion_on_each_part(zoo, vae_run, tmp_path):
    words = ["--out", tmp_path / "bundle", "--second-opinion"]
    code, out, _ = zoo("export", vae_run, *words)
    assert code == 0
    card = (tmp_path / "bundle" / "README.md").read_text()
    for part in ("encoder", "decoder"):
        _, told, opinion = out.partition(f"second opinion on {part}: ")
        assert told and f"- {part}: {opinion.splitlines()[0]}\n" in card


@pytest.mark.parametrize("precision", ["float16", "bfloat16"])
def test_a_bundle_in_lower_precision_says_what_it_keeps(zoo, vae_run, tmp_path, precision):
    words = ["--out", tmp_path / "bundle", "--precision", precision]
    code, out, _ = zoo("export", vae_run, *words)
    assert code == 0
    assert "psnr" in out
    assert json.loads((tmp_path / "bundle" / "bundle.json").read_text())["precision"] == precision


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["--opset", "3"], 2, "whole number from 17"),
        (["--opset", "99"], 1, "An opset must be"),
        (["--route", "direkt"], 2, "invalid choice: 'direkt'"),
        (["--precision", "int3"], 2, "invalid choice: 'int3'"),
    ],
)
def test_export_refuses_what_it_cannot_convert_to(zoo, vae_run, tmp_path, words, code, message):
    outcome = zoo("export", vae_run, "--out", tmp_path / "bundle", *words)
    assert outcome.code == code
    assert message in outcome.err
    assert not (tmp_path / "bundle").exists()


def test_verify_passes_a_bundle_and_fails_a_changed_one(zoo, vae_run, vae_bundle, tmp_path):
    code, out, _ = zoo("verify", vae_bundle, "--run", vae_run, "--json")
    assert code == 0
    assert json.loads(out)["ok"]
    changed = tmp_path / "changed"
    shutil.copytree(vae_bundle, changed)
    (changed / "decoder.onnx").write_bytes(b"other")
    code, out, _ = zoo("verify", changed)
    assert code == 1
    assert "decoder.onnx was changed" in out
    code, _, err = zoo("sample", changed, "--out", tmp_path / "x.png")
    assert code == 1
    assert "was changed after the bundle was written" in err


def test_auto_prints_the_candidates_and_commands_take_the_choice(
    zoo, vae_run, tmp_path, monkeypatch
):
    def measure(calls, workloads):
        ratio = {candidate: 0.5 if candidate.engine == "openvino" else 1.0 for candidate in calls}
        return {c: {w.name: (ratio[c], ratio[c]) for w in workloads} for c in calls}

    monkeypatch.setattr("export.choice.measuring.measure", measure)
    bundle = tmp_path / "bundle"
    options = ["--precision", "auto", "--certify", "quick"]
    code, out, err = zoo("export", vae_run, "--out", bundle, *options)
    assert code == 0
    assert "measuring candidates on this machine" in err
    rows = [line.split() for line in out.splitlines()]
    assert ["float32", "in", "OpenVINO", "0.5", "0.5", "chosen"] in rows
    assert ["int8", "in", "ONNX", "Runtime", "1", "1"] in rows
    reason = "it takes 0.50 of the time of float32 in ONNX Runtime"
    assert f"chosen: float32 in OpenVINO, as {reason}, on " in out
    code, out, _ = zoo("verify", bundle)
    assert code == 0
    assert "chosen: float32 in OpenVINO" in out
    assert "checked there: decoder" in out
    for engine in ("auto", "openvino", "onnxruntime"):
        out = tmp_path / f"{engine}.npy"
        assert zoo("sample", bundle, "-n", "3", "--engine", engine, "--out", out).code == 0
    monkeypatch.setattr("export.runtime.openvino.find_spec", lambda name: None)
    code, _, err = zoo("sample", bundle, "--engine", "auto", "--out", tmp_path / "x.npy")
    assert code == 0
    assert err.count("warning:") == 1
    assert "OpenVINO, which is not installed here: ONNX Runtime computes it" in err
    code, _, err = zoo("sample", bundle, "--engine", "openvino", "--out", tmp_path / "x.npy")
    assert code == 2
    assert "Install: pip install openvino" in err


@pytest.mark.parametrize("words", [[], ["--prior", "normal"]])
def test_engines_are_of_bundles(zoo, vae_run, tmp_path, words):
    out = ["--engine", "auto", "--out", tmp_path / "x.npy"]
    code, _, err = zoo("sample", vae_run, *out, *words)
    assert code == 2
    assert "--engine is of bundles. Received: --engine auto, and " in err
