"""Descriptions of bundles that were changed, by accident or on purpose."""

import json
import shutil

import numpy as np
import pytest

import export
from export import runtime
from export.errors import BundleError
from export.runtime import files
from export.runtime.manifest import parse_manifest
from tests.export.damage import edit_manifest, rewrite


@pytest.mark.parametrize("name", ["../secret.onnx", "/etc/passwd", "a/b.onnx", "..", "", "a\0b", 7])
def test_names_that_leave_the_folder_are_refused(bundle, name):
    def change(manifest):
        manifest["parts"]["decoder"]["file"] = name

    edit_manifest(bundle, change)
    with pytest.raises(BundleError, match="plain files in its own folder"):
        runtime.load(bundle)
    assert not export.verify(bundle, raise_on_problem=False).ok


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
        ("parts", {"decoder": 3}),
        ("uses", ["sample"]),
        ("fields", {"data": 3}),
        ("files", ["decoder.onnx"]),
        ("class_names", [1, 2]),
        ("version", 3),
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
        for use in manifest["uses"].values():
            for step in use["steps"]:
                if step["part"] == "decoder":
                    step["reads"] = {"z": step["reads"]["latent"]}

    edit_manifest(bundle, change)
    with pytest.raises(BundleError, match="must have the inputs that bundle.json names"):
        runtime.load(bundle).sample(1)


def test_a_bundle_of_the_first_version_is_named(bundle):
    edit_manifest(bundle, lambda manifest: manifest.update(version=1))
    with pytest.raises(BundleError, match="version 1, written by genzoo 0.1. .*exported again"):
        runtime.load(bundle)


def _reads(value):
    def change(uses):
        uses["reconstruct"]["steps"][1]["reads"]["latent"] = value

    return change


def _set(use, key, value):
    def change(uses):
        uses[use][key] = value

    return change


def _step(key, value):
    def change(uses):
        uses["reconstruct"]["steps"][1][key] = value

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_step("part", "critic"), "unknown part in the use 'reconstruct'. Received: 'critic'"),
        (_step("part", None), "no valid value for a part of 'reconstruct'"),
        (_step("reads", {"codes": "encoder/mean"}), "reads latent. .*: codes"),
        (_step("reads", {}), "reads latent. .*: nothing"),
        (_step("name", "encoder"), "a step's name"),
        (_step("name", "a/b"), "a step's name"),
        (_reads("decoder/data"), "no step before it makes. Received: 'decoder/data'"),
        (_reads("encoder/nosuch"), "no step before it makes. Received: 'encoder/nosuch'"),
        (_reads("second/mean"), "no step before it makes"),
        (_reads(["encoder", "mean"]), "what 'decoder' reads"),
        (_set("reconstruct", "steps", []), "the steps of 'reconstruct'"),
        (_set("reconstruct", "steps", "encoder"), "the steps of 'reconstruct'"),
        (_set("reconstruct", "steps", [3]), "a step of 'reconstruct'"),
        (_set("reconstruct", "gives", {}), "the results of 'reconstruct'"),
        (_set("reconstruct", "gives", {"data": "decoder/nosuch"}), "result 'data' .* is a value"),
        (_set("reconstruct", "gives", {"data": "nosuch"}), "result 'data' .* is a value"),
        (_set("reconstruct", "gives", {"data": 3}), "a result of 'reconstruct'"),
        (_set("sample", "draws", {"code": {"distribution": "normal", "shape": [4]}}), "not read"),
        (_set("sample", "draws", {"latent": {"distribution": "cauchy", "shape": [4]}}), "a draw"),
        (_set("sample", "draws", {"latent": {"distribution": "normal", "shape": [5]}}), "shape"),
        (
            _set("sample", "draws", {"latent": {"distribution": "normal", "shape": [10**12]}}),
            "shape",
        ),
        (_set("sample", "draws", {"latent": {"distribution": "in_turn", "shape": [4]}}), "a draw"),
        (
            _set(
                "sample", "draws", {"latent": {"distribution": "in_turn", "size": 3, "shape": [4]}}
            ),
            "draw",
        ),
        (
            _set("sample", "draws", {"latent": {"distribution": "normal", "shape": [4], "x": 1}}),
            "draw",
        ),
        (_set("sample", "draws", {"latent": 3}), "a draw"),
        (_set("sample", "draws", None), "draws"),
        (lambda uses: uses.update(sample=None), "the use 'sample'"),
        (lambda uses: uses.update({"a/b": uses["sample"]}), "a use's name"),
    ],
)
def test_malformed_uses_are_rejected(bundle, change, message):
    edit_manifest(bundle, lambda manifest: change(manifest["uses"]))
    with pytest.raises(BundleError, match=message):
        runtime.load(bundle)


def test_the_table_of_uses_survives_json(bundles):
    for folder in bundles.values():
        manifest = runtime.load(folder).manifest
        assert parse_manifest(json.loads(json.dumps(manifest.to_json()))) == manifest
