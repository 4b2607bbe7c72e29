"""Descriptions of bundles that were changed, by accident or on purpose."""

import shutil

import numpy as np
import pytest

import export
from export import runtime
from export.errors import BundleError
from export.runtime import files
from tests.export.damage import edit_manifest, rewrite


@pytest.mark.parametrize("name", ["../secret.onnx", "/etc/passwd", "a/b.onnx", "..", "", "a\0b", 7])
def test_names_that_leave_the_folder_are_refused(bundle, name):
    def change(manifest):
        manifest["parts"]["decoder"]["file"] = name

    edit_manifest(bundle, change)
    with pytest.raises(BundleError, match="plain files in its own folder"):
        runtime.load(bundle)
    assert not export.verify(bundle).ok


def test_descriptions_that_are_too_long_are_refused(bundle, monkeypatch):
    monkeypatch.setattr(files, "MAX_TEXT", 100)
    with pytest.raises(BundleError, match="may have 100 bytes at most"):
        runtime.load(bundle)


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "{", "[]", '{"format": NaN}', "\xff", '{"format": "genzoo-bundle"}']
)
def test_junk_for_a_description_is_refused(bundle, text):
    rewrite(bundle, text.encode("latin-1"))
    with pytest.raises(BundleError, match=r"bundle\.json"):
        runtime.load(bundle)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("shape", [8, -1, 1]),
        ("shape", [2**20, 2**20]),
        ("shape", "8x8"),
        ("value_range", [1, 0]),
        ("num_classes", 1.5),
        ("sampler", "critic"),
        ("parts", {"decoder": 3}),
        ("prior", {"latent": {"distribution": "cauchy", "shape": [4]}}),
        ("prior", {"latent": {"distribution": "normal", "shape": [10**12]}}),
        ("files", ["decoder.onnx"]),
        ("class_names", [1, 2]),
        ("version", 2),
    ],
)
def test_malformed_descriptions_are_refused(bundle, key, value):
    def change(manifest):
        manifest[key] = value

    edit_manifest(bundle, change)
    with pytest.raises(BundleError, match=r"bundle\.json"):
        runtime.load(bundle)


def test_codes_of_bundles_that_tell_no_cardinality_are_refused_past_their_dtype(bundles, tmp_path):
    older = shutil.copytree(bundles["vq_vae"], tmp_path / "vq_vae")

    def change(manifest):
        for part in manifest["parts"].values():
            for port in (*part["inputs"], *part["outputs"]):
                del port["cardinality"]

    edit_manifest(older, change)
    session = runtime.load(older)
    assert session.decode(np.full((1, 2, 2), 7)).shape == (1, 8, 8, 1)
    with pytest.raises(ValueError, match="indices in int32. .* Accepted: 0 to 2147483647"):
        session.decode(np.full((1, 2, 2), 2**40))
    with pytest.raises(BundleError, match="ONNX Runtime cannot run the graph: .*out of data bound"):
        session.decode(np.full((1, 2, 2), 8))


@pytest.mark.parametrize("cardinality", [0, -1, 1.5, "8", True])
def test_a_cardinality_is_a_whole_number(bundle, cardinality):
    def change(manifest):
        manifest["parts"]["decoder"]["inputs"][0]["cardinality"] = cardinality

    edit_manifest(bundle, change)
    with pytest.raises(BundleError, match="no valid value for a cardinality"):
        runtime.load(bundle)


def test_graphs_with_other_inputs_than_described_are_refused(bundle):
    def change(manifest):
        manifest["parts"]["decoder"]["inputs"][0]["name"] = "z"
        manifest["prior"] = {"z": manifest["prior"]["latent"]}

    edit_manifest(bundle, change)
    with pytest.raises(BundleError, match="must have the inputs that bundle.json names"):
        runtime.load(bundle).generate(1)
