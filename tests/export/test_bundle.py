"""The deployable folder."""

import json

import keras
import numpy as np
import onnx
import pytest

import export
import zoo
from export import runtime
from export.errors import CertificateError, ExportError
from tests.export.conftest import SHAPE, small_generator
from tests.tolerances import CERTIFICATE
from zoo.noise import uniform


class Standing:
    """What `to_bundle` asks of a model, made of a plain Keras network."""

    shape = SHAPE
    value_range = (0.0, 1.0)
    num_classes = 3
    settings = {"latent_dim": 4}
    prior = {"latent": uniform(4, low=-2.0, high=3.0)}
    sampler = "generator"
    code = None
    paper = "No paper (2026)"

    def __init__(self):
        self.network = small_generator()
        self.averaged = False

    def parts(self):
        return {"generator": self.network}

    def averaged_weights(self):
        standing = self

        class Averaged:
            def __enter__(self):
                standing.averaged = True

            def __exit__(self, *error):
                pass

        return Averaged()


FILES = {"README.md", "SHA256SUMS", "bundle.json", "certificate.json", "reference.npz"}


def test_bundle_holds_every_part_and_what_is_needed_to_use_it(bundles):
    listed = {name: {file.name for file in folder.iterdir()} for name, folder in bundles.items()}
    assert listed == {
        "vae": FILES | {"encoder.onnx", "decoder.onnx", "samples.png"},
        "cgan": FILES | {"generator.onnx", "discriminator.onnx", "samples.png"},
        "vq_vae": FILES | {"encoder.onnx", "decoder.onnx"},
    }


def test_manifest_describes_parts_prior_and_settings(bundles, models):
    manifest = json.loads((bundles["cgan"] / "bundle.json").read_text())
    assert manifest["model"] == "cgan"
    assert "1411.1784" in manifest["paper"]
    assert manifest["settings"]["num_classes"] == 3
    assert manifest["class_names"] == ["zero", "one", "two"]
    assert manifest["value_range"] == list(models["cgan"].value_range)
    assert manifest["prior"]["latent"]["distribution"] == "normal"
    inputs = {port["name"]: port for port in manifest["parts"]["generator"]["inputs"]}
    assert inputs["latent"] == {
        "name": "latent",
        "dtype": "float32",
        "shape": [4],
        "role": "latent",
        "cardinality": None,
    }
    assert (inputs["labels"]["role"], inputs["labels"]["cardinality"]) == ("labels", 3)


def test_discrete_codes_are_integers_in_and_out(bundles):
    parts = json.loads((bundles["vq_vae"] / "bundle.json").read_text())["parts"]
    (codes,) = parts["encoder"]["outputs"]
    assert codes == parts["decoder"]["inputs"][0]
    assert (codes["name"], codes["dtype"], codes["role"]) == ("codes", "int32", "codes")
    assert codes["cardinality"] == 8


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
    CERTIFICATE.check(runtime.load(folder).generate(3), model.sample(3))


def test_mixed_precision_is_exported_in_float32(tmp_path):
    settings = {"shape": SHAPE, "latent_dim": 4, "network": "mlp", "precision": "mixed_bfloat16"}
    model = zoo.create("vae", **settings)
    folder = export.to_bundle(model, tmp_path / "vae", samples=False)
    same = zoo.create("vae", **settings | {"precision": "float32"})
    same.set_weights(model.get_weights())
    CERTIFICATE.check(runtime.load(folder).generate(3), same.sample(3))


def test_any_object_with_parts_can_be_bundled(tmp_path):
    standing = Standing()
    folder = export.to_bundle(standing, tmp_path / "standing")
    assert standing.averaged
    session = runtime.load(folder)
    latent = standing.prior["latent"].draw(np.random.default_rng([5]), 4)
    labels = np.arange(4, dtype="int32") % 3
    expected = standing.network({"latent": latent, "labels": labels}, training=False)
    expected = keras.ops.convert_to_numpy(expected["data"])
    CERTIFICATE.check(session.generate(4, seed=5), expected)


def test_card_tells_paper_parts_use_and_certificate(bundles):
    card = (bundles["cgan"] / "README.md").read_text()
    for text in (
        "Mirza",
        "![samples](samples.png)",
        'ort.InferenceSession("generator.onnx")',
        "| generator | `generator.onnx` | ",
        "of the tolerance",
        "source uniform noise",
        "| latent_dim | `4` |",
    ):
        assert text in card


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
    (bundle / "stray").write_text("")
    export.to_bundle(models["vae"], bundle, overwrite=True, samples=False)
    assert export.verify(bundle).ok
    assert [file.name for file in tmp_path.iterdir()] == ["vae"]


def test_a_failed_export_leaves_the_old_bundle_and_nothing_else(bundle, models, monkeypatch):
    def fail(*arguments, **options):
        raise CertificateError("differs")

    monkeypatch.setattr("export.conversion.certify", fail)
    with pytest.raises(CertificateError):
        export.to_bundle(models["vae"], bundle, overwrite=True)
    assert [file.name for file in bundle.parent.iterdir()] == ["vae"]
    assert export.verify(bundle).ok


def test_files_say_where_they_come_from(bundles):
    graph = onnx.load(bundles["vae"] / "decoder.onnx")
    properties = {entry.key: entry.value for entry in graph.metadata_props}
    assert (properties["model"], properties["part"]) == ("vae", "decoder")
    assert "1312.6114" in properties["paper"]
