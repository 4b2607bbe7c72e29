"""Bundles whose translators and upscalers take any height and width."""

import json

import numpy as np
import onnxruntime
import pytest

import export
from export import runtime
from tests import tiny
from tests.tolerances import CERTIFICATE
from tests.turns import in_turn
from zoo.errors import UseError

SIZES = ((8, 8), (11, 6), (1, 19))
FREE = {
    "cyclegan": ("translator", "back_translator"),
    "pix2pix": ("translator",),
    "srgan": ("upscaler", "degrader"),
}
FIXED = {"conditional_vae": {}, "stargan": {}, "srgan": {"shape": (9, 7, 1)}}
"""Models whose parts have one size: a VAE, planes of labels, and sides that are no multiples."""


def drawn(count, *shape):
    return np.random.default_rng(0).uniform(-1, 1, (count, *shape)).astype("float32")


def free_parts(session):
    parts = session.manifest.parts.items()
    return {name for name, part in parts if None in part.inputs[0].shape}


@pytest.fixture(scope="module", params=in_turn(list(FREE)))
def bundle(request, tmp_path_factory):
    model = tiny.create(request.param)
    rows = tiny.rows(model, count=4)
    folder = tmp_path_factory.mktemp(request.param) / "bundle"
    export.to_bundle(model, folder, real_inputs=rows, samples=False, certify="quick")
    return request.param, model, folder


def test_a_session_and_the_model_translate_any_size_alike(bundle):
    name, model, folder = bundle
    session = runtime.load(folder)
    assert free_parts(session) == set(FREE[name])
    ways = {"cyclegan": ["translate", "translate_back", "cycle"], "pix2pix": ["translate"]}
    for use in ways.get(name, ["upscale", "degrade", "restore"]):
        ((field, port),) = session.manifest.inputs(use).items()
        assert port.shape == model.shapes(use)[field] == (None, None, 1)
        for sizes in SIZES:
            data = drawn(3, *sizes, 1)
            received, expected = (x.use(use, **{field: data}) for x in (session, model))
            for result, values in received.items():
                CERTIFICATE.check(values, expected[result], name=f"{use} {sizes}")
            if use != "degrade":
                factor = 2 if use == "upscale" else 1
                assert values.shape[1:3] == tuple(
                    size * factor + (use == "restore") * (size % 2) for size in sizes
                )


def test_parts_are_certified_at_their_own_size_and_at_others(bundle):
    name, model, folder = bundle
    certificates = json.loads((folder / "certificate.json").read_text())["parts"]
    for part in FREE[name]:
        low = "4×4×1" if part == "upscaler" else "8×8×1"
        (note,) = [note for note in certificates[part]["notes"] if "other sizes" in note]
        assert note.endswith(f": {low}, 16×19×1")
    assert export.verify(folder, model).ok
    assert "(batch, any, any, 1)" in (folder / "README.md").read_text()


def test_a_use_as_one_graph_takes_any_size(bundle, tmp_path):
    name, model, folder = bundle
    use = {"cyclegan": "cycle", "srgan": "restore"}.get(name, "translate")
    path = export.to_pipeline(folder, tmp_path / "use.onnx", use, uint8=True)
    pixels = np.random.default_rng(0).integers(0, 256, (2, 10, 5, 1), dtype=np.uint8)
    (made,) = onnxruntime.InferenceSession(path).run(None, {"data": pixels})
    (expected,) = model.use(use, data=pixels).values()
    assert np.abs(made - (expected + 1) * 127.5).max() <= 0.51


@pytest.mark.once
def test_other_channels_and_ranks_are_rejected(bundle):
    _, model, folder = bundle
    session, use = runtime.load(folder), next(n for n in model.table() if n != "discriminate")
    ((field, _),) = session.manifest.inputs(use).items()
    for data in (drawn(2, 8, 8, 3), drawn(2, 8, 8)):
        with pytest.raises(UseError, match=r"must have shape \(batch, any, any, 1\)"):
            session.use(use, **{field: data})
        with pytest.raises(UseError, match="'batch', any, any, 1"):
            model.use(use, **{field: data})
    with pytest.raises(UseError, match=r"of shape \('batch', 8, 8, 1\)"):
        model.use("discriminate", **dict.fromkeys(model.shapes("discriminate"), drawn(2, 9, 9, 1)))


@pytest.mark.once
def test_empty_maps_are_rejected_and_graphs_take_empty_batches(bundle):
    name, model, folder = bundle
    session, use = runtime.load(folder), next(n for n in model.table() if n != "discriminate")
    ((field, _),) = session.manifest.inputs(use).items()
    for sizes in ((0, 8), (8, 0)):
        for subject in (session, model):
            with pytest.raises(UseError, match=r"\(1, \d, \d, 1\)\. Accepted: sizes from 1\."):
                subject.use(use, **{field: drawn(1, *sizes, 1)})
    graph = onnxruntime.InferenceSession(session.part_graph(FREE[name][0]))
    (port,) = graph.get_inputs()
    (made,) = graph.run(None, {port.name: drawn(0, 11, 6, 1)})
    assert made.shape == ((0, 22, 12, 1) if name == "srgan" else (0, 11, 6, 1))


@pytest.mark.once
def test_a_bundle_of_the_models_own_size_holds_it(tmp_path):
    model = tiny.create("pix2pix")
    export.to_bundle(model, tmp_path / "bundle", samples=False, certify="quick", any_size=False)
    session = runtime.load(tmp_path / "bundle")
    assert not free_parts(session)
    with pytest.raises(UseError, match=r"must have shape \(batch, 8, 8, 1\)"):
        session.translate(data=drawn(1, 9, 9, 1))


@pytest.mark.once
@pytest.mark.parametrize("name", FIXED)
def test_models_of_one_size_keep_it(name):
    model = tiny.create(name, **FIXED[name])
    assert model.parts_of_any_size() == {}
    assert all(None not in shape for use in model.table() for shape in model.shapes(use).values())


@pytest.mark.once
@pytest.mark.parametrize("precision", ["float16", "bfloat16", "int8"])
def test_lower_precisions_take_any_size(precision, tmp_path):
    # A narrow discriminator without training loses too much in int8.
    model = tiny.create("pix2pix", network_options={"width": 8, "discriminator.width": 32})
    rows = tiny.rows(model, count=64)
    folder = tmp_path / "bundle"
    options = {"samples": False, "certify": "quick", "precision": precision}
    export.to_bundle(model, folder, real_inputs=rows, **options)
    data = drawn(3, 13, 9, 1)
    made = runtime.load(folder).translate(data=data)["target"]
    assert np.abs(made - model.use("translate", data=data)["target"]).mean() < 0.05
