"""Bundles that were changed, by accident or on purpose."""

import io
import json
import os
import zipfile

import numpy as np
import onnx
import pytest

import export
from export import runtime
from export.bundle import reference
from export.errors import BundleError
from tests.export.damage import reseal


@pytest.mark.parametrize("name", ["vae", "cgan", "vq_vae"])
def test_a_fresh_bundle_is_verified_against_its_reference_and_the_model(bundles, models, name):
    assert export.verify(bundles[name]).ok
    report = export.verify(bundles[name], models[name])
    assert report.ok
    assert report.against == dict.fromkeys(models[name].parts(), "the native model")
    assert set(report.used) == set(report.against)
    assert "verified" in report.summary()
    assert json.loads(json.dumps(report.to_json()))["ok"] is True


def test_a_changed_byte_is_found_in_every_file(bundle):
    names = sorted(path.name for path in bundle.iterdir())
    for name in names:
        content = (bundle / name).read_bytes()
        for position in (0, len(content) // 2, len(content) - 1):
            changed = bytearray(content)
            changed[position] ^= 1
            (bundle / name).write_bytes(changed)
            report = export.verify(bundle, raise_on_problem=False)
            assert not report.ok, (name, position)
            assert name in report.summary() or name == "SHA256SUMS"
        (bundle / name).write_bytes(content)
    assert export.verify(bundle).ok


def test_a_problem_is_an_error_by_default(bundle):
    (bundle / "samples.png").unlink()
    with pytest.raises(
        BundleError, match="could not be verified. .*samples.png is missing"
    ) as told:
        export.verify(bundle)
    assert told.value.report.problems == ("samples.png is missing",)


def test_missing_truncated_and_additional_files_are_named(bundle):
    (bundle / "samples.png").unlink()
    (bundle / "stray.txt").write_text("")
    decoder = (bundle / "decoder.onnx").read_bytes()
    (bundle / "decoder.onnx").write_bytes(decoder[: len(decoder) // 2])
    problems = "\n".join(export.verify(bundle, raise_on_problem=False).problems)
    assert "samples.png is missing" in problems
    assert "stray.txt is not part of the bundle" in problems
    assert "decoder.onnx was changed" in problems


def test_a_swapped_graph_is_found_even_with_new_hashes(bundle):
    graph = onnx.load(bundle / "decoder.onnx")
    for tensor in graph.graph.initializer:
        array = onnx.numpy_helper.to_array(tensor)
        if array.dtype == np.float32:
            tensor.CopyFrom(onnx.numpy_helper.from_array(array + np.float32(0.01), tensor.name))
    onnx.save(graph, bundle / "decoder.onnx")
    reseal(bundle)
    assert "is of another file" in export.verify(bundle, raise_on_problem=False).summary()


def test_another_model_s_bundle_is_told_from_the_run_s(bundle, models):
    import zoo

    other = zoo.create("vae", shape=(8, 8, 1), latent_dim=4, network="mlp", seed=1)
    report = export.verify(bundle, other, raise_on_problem=False)
    assert not report.ok
    assert "differs from the native model" in report.summary()


def test_what_the_native_model_was_not_compared_on_is_told_of_the_reference(bundles, models):
    report = export.verify(bundles["vae"], models["cgan"], raise_on_problem=False)
    assert report.against == dict.fromkeys(models["vae"].parts(), "the stored reference")
    assert "encoder: " in report.summary() and "the native model" not in report.summary()
    assert "problem: the run has no part 'encoder'" in report.summary()


def test_what_is_no_bundle_is_a_report_with_a_problem(tmp_path):
    for folder in (tmp_path, tmp_path / "absent"):
        report = export.verify(folder, raise_on_problem=False)
        assert not report.ok
        assert len(report.problems) == 1


def test_a_file_that_was_changed_is_not_opened(bundle):
    content = bytearray((bundle / "decoder.onnx").read_bytes())
    content[-1] ^= 1
    (bundle / "decoder.onnx").write_bytes(content)
    with pytest.raises(BundleError, match="was changed after the bundle was written"):
        runtime.load(bundle).sample(1)


def test_links_are_refused(bundle, tmp_path):
    outside = tmp_path / "outside.onnx"
    (bundle / "decoder.onnx").rename(outside)
    (bundle / "decoder.onnx").symlink_to(outside)
    with pytest.raises(BundleError, match="regular files only"):
        runtime.load(bundle).sample(1)
    assert "regular files only" in export.verify(bundle, raise_on_problem=False).summary()


def test_pipes_are_refused_without_waiting(bundle):
    (bundle / "bundle.json").unlink()
    os.mkfifo(bundle / "bundle.json")
    with pytest.raises(BundleError, match="regular files only"):
        runtime.load(bundle)


def test_weights_outside_the_folder_are_refused(bundle, tmp_path):
    np.zeros(2**16, "float32").tofile(tmp_path / "secret.bin")
    graph = onnx.load(bundle / "decoder.onnx")
    tensor = max(graph.graph.initializer, key=lambda entry: len(entry.raw_data))
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../secret.bin")
    (bundle / "decoder.onnx").write_bytes(graph.SerializeToString())
    reseal(bundle)
    with pytest.raises(BundleError, match="ONNX Runtime cannot open the graph"):
        runtime.load(bundle).sample(1)


def test_pickles_are_never_loaded(bundle):
    class Bomb:
        def __reduce__(self):
            return (os.abort, ())

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        with archive.open("decoder/input/latent.npy", "w") as entry:
            np.lib.format.write_array(entry, np.array([Bomb()]), allow_pickle=True)
    (bundle / "reference.npz").write_bytes(buffer.getvalue())
    reseal(bundle)
    assert "reference.npz cannot be read" in export.verify(bundle, raise_on_problem=False).summary()


def test_archives_that_unpack_to_too_much_are_refused(bundle, monkeypatch):
    monkeypatch.setattr(reference, "MAX_REFERENCE", 100)
    assert (
        "may unpack to 100 bytes at most" in export.verify(bundle, raise_on_problem=False).summary()
    )


@pytest.mark.parametrize("content", [b"", b"[" * 1000, "half"])
@pytest.mark.parametrize("sealed", [False, True])
def test_no_pipeline_is_made_of_a_graph_that_was_changed(bundle, tmp_path, content, sealed):
    graph = bundle / "decoder.onnx"
    graph.write_bytes(graph.read_bytes()[:2000] if content == "half" else content)
    if sealed:
        reseal(bundle)
    with pytest.raises(BundleError, match="cannot open the graph" if sealed else "was changed"):
        export.to_pipeline(bundle, tmp_path / "p.onnx", "sample")
    assert not (tmp_path / "p.onnx").exists()
