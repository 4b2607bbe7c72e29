"""The deployable folder."""

import json

import keras
import numpy as np
import onnx
import pytest

import export
import zoo
from export import runtime
from export.bundle.target import check_target
from export.errors import CertificateError, ExportError
from tests.export.conftest import SHAPE
from tests.export.damage import edit_manifest
from tests.export.standing import Standing
from tests.tolerances import CERTIFICATE
from zoo.uses import complete_inputs

FILES = {"README.md", "SHA256SUMS", "bundle.json", "certificate.json", "reference.npz"}
AUTOENCODER = {"encoder.onnx", "decoder.onnx", "squared_error.onnx"}


def test_bundle_holds_every_part_and_what_is_needed_to_use_it(bundles):
    listed = {name: {file.name for file in folder.iterdir()} for name, folder in bundles.items()}
    assert listed == {
        "vae": FILES | AUTOENCODER | {"between.onnx", "samples.png"},
        "cgan": FILES | {"generator.onnx", "discriminator.onnx", "samples.png"},
        "vq_vae": FILES | AUTOENCODER,
    }


def test_manifest_describes_parts_prior_and_settings(bundles, models):
    manifest = json.loads((bundles["cgan"] / "bundle.json").read_text())
    assert manifest["model"] == "cgan"
    assert "1411.1784" in manifest["paper"]
    assert manifest["settings"]["num_classes"] == 3
    assert manifest["class_names"] == ["zero", "one", "two"]
    assert manifest["value_range"] == list(models["cgan"].value_range)
    assert manifest["uses"]["sample"] == {
        "steps": [
            {
                "part": "generator",
                "reads": {"latent": "latent", "labels": "labels"},
                "name": "generator",
            }
        ],
        "gives": {"data": "generator/data"},
        "draws": {
            "latent": {"distribution": "normal", "shape": [4]},
            "labels": {"distribution": "in_turn", "shape": [], "size": 3},
        },
    }
    assert manifest["fields"]["data"]["range"] == list(models["cgan"].value_range)
    inputs = {port["name"]: port for port in manifest["parts"]["generator"]["inputs"]}
    assert inputs["latent"] == {
        "name": "latent",
        "dtype": "float32",
        "shape": [4],
        "cardinality": None,
        "range": None,
    }
    assert inputs["labels"]["cardinality"] == 3


def test_discrete_codes_are_integers_in_and_out(bundles):
    parts = json.loads((bundles["vq_vae"] / "bundle.json").read_text())["parts"]
    (code,), (latent,) = parts["encoder"]["outputs"], parts["decoder"]["inputs"]
    assert (code["name"], latent["name"]) == ("code", "latent")
    for port in (code, latent):
        assert (port["dtype"], port["cardinality"]) == ("int32", 8)


def test_every_part_is_certified_on_real_inputs_too(bundles):
    content = json.loads((bundles["vae"] / "certificate.json").read_text())["parts"]
    for part in ("encoder", "decoder"):
        certificate = export.Certificate.from_json(content[part])
        assert certificate.passed
        assert "real" in {row.family for row in certificate.deviations}


def test_bundle_holds_the_averaged_weights(models, tmp_path):
    model = zoo.create("vae", shape=SHAPE, latent_dim=4, ema=0.5, network="mlp")
    average = model.average.averages[0]
    average.assign(keras.ops.convert_to_numpy(average.value) + 1.0)
    folder = export.to_bundle(model, tmp_path / "vae", samples=False)
    CERTIFICATE.check(runtime.load(folder).sample(3), model.sample(3))


def test_mixed_precision_is_exported_in_float32(tmp_path):
    settings = {"shape": SHAPE, "latent_dim": 4, "network": "mlp", "precision": "mixed_bfloat16"}
    model = zoo.create("vae", **settings)
    folder = export.to_bundle(model, tmp_path / "vae", samples=False)
    same = zoo.create("vae", **settings | {"precision": "float32"})
    same.set_weights(model.get_weights())
    CERTIFICATE.check(runtime.load(folder).sample(3), same.sample(3))


def test_any_object_with_parts_can_be_bundled(tmp_path):
    standing = Standing()
    folder = export.to_bundle(standing, tmp_path / "standing")
    assert standing.averaged
    session = runtime.load(folder)
    given = complete_inputs("sample", standing.table()["sample"], {}, count=4, seed=5)
    expected = standing.parts()["generator"](given, training=False)
    expected = keras.ops.convert_to_numpy(expected["data"])
    CERTIFICATE.check(session.sample(4, seed=5), expected)


def test_card_tells_paper_parts_use_and_certificate(bundles):
    card = (bundles["cgan"] / "README.md").read_text()
    for text in (
        "Mirza",
        "![samples](samples.png)",
        'ort.InferenceSession("generator.onnx")',
        "| generator | `generator.onnx` | ",
        "| sample | latent (drawn), labels (drawn) | generator | data |",
        "of the tolerance",
        "source uniform noise",
        "| latent_dim | `4` |",
    ):
        assert text in card


@pytest.mark.parametrize(
    ("batch", "message"),
    [
        ([1, 2], "Received: list. Accepted: data float32"),
        ({}, "Received: none. Accepted: data float32"),
        ({"images": np.zeros((9, 8, 8, 1))}, "Received: images"),
        ({"data": np.zeros((9, 8, 8))}, r"Received: data float64 \(9, 8, 8\)"),
        ({"data": np.zeros((0, 8, 8, 1))}, r"Received: data float64 \(0, 8, 8, 1\)"),
        ({"data": np.zeros((9, 8, 8, 1), complex)}, "Received: data complex128"),
    ],
)
def test_real_inputs_are_fields_that_the_uses_read(models, tmp_path, batch, message):
    with pytest.raises(ExportError, match=message):
        export.to_bundle(models["vae"], tmp_path / "vae", real_inputs=batch)
    assert list(tmp_path.iterdir()) == []


def test_the_card_s_example_runs(bundles, monkeypatch):
    for folder in bundles.values():
        monkeypatch.chdir(folder)
        for snippet in (folder / "README.md").read_text().split("```python\n")[1:]:
            exec(snippet.partition("```")[0], {"np": np})


def test_a_folder_in_use_is_refused(bundle, models, tmp_path):
    with pytest.raises(ExportError, match="goes into a new folder"):
        export.to_bundle(models["vae"], bundle)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.tex").write_text("")
    with pytest.raises(ExportError, match="Only a bundle may be overwritten"):
        export.to_bundle(models["vae"], tmp_path / "other", overwrite=True)


def test_a_bundle_is_overwritten_whole_when_asked(bundle, models, tmp_path):
    (bundle / "samples.png").write_text("another picture")
    export.to_bundle(models["vae"], bundle, overwrite=True, samples=False)
    assert export.verify(bundle).ok
    assert not (bundle / "samples.png").exists()
    assert [file.name for file in tmp_path.iterdir()] == ["vae"]


def test_files_that_no_bundle_names_are_never_overwritten(bundle, models):
    (bundle / "thesis.tex").write_text("mine")
    before = {file.name: file.read_bytes() for file in bundle.iterdir()}
    with pytest.raises(ExportError, match="which also holds thesis.tex"):
        export.to_bundle(models["vae"], bundle, overwrite=True)
    assert {file.name: file.read_bytes() for file in bundle.iterdir()} == before


def test_a_bundle_of_the_first_version_is_overwritten(bundle, models):
    edit_manifest(bundle, lambda manifest: manifest.update(version=1))
    export.to_bundle(models["vae"], bundle, overwrite=True, samples=False)
    assert export.verify(bundle).ok


def test_a_bundle_that_a_killed_export_had_moved_aside_comes_back(bundle):
    bundle.rename(bundle.with_name(".vae.0123abcd.old"))
    bundle.with_name(".vae.0123abcd").mkdir()
    with pytest.raises(ExportError, match="goes into a new folder"):
        check_target(bundle, overwrite=False)
    assert [file.name for file in bundle.parent.iterdir()] == ["vae"]
    assert export.verify(bundle).ok


def test_a_failed_export_leaves_the_old_bundle_and_nothing_else(bundle, models, monkeypatch):
    def fail(*arguments, **options):
        raise CertificateError("differs")

    monkeypatch.setattr("export.conversion.certified", fail)
    with pytest.raises(CertificateError):
        export.to_bundle(models["vae"], bundle, overwrite=True)
    assert [file.name for file in bundle.parent.iterdir()] == ["vae"]
    assert export.verify(bundle).ok


def test_files_say_where_they_come_from(bundles):
    graph = onnx.load(bundles["vae"] / "decoder.onnx")
    properties = {entry.key: entry.value for entry in graph.metadata_props}
    assert (properties["model"], properties["part"]) == ("vae", "decoder")
    assert "1312.6114" in properties["paper"]
