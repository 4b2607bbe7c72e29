"""Whole pipelines as one graph."""

import numpy as np
import onnx
import onnxruntime
import pytest

import export
from export import runtime
from export.errors import CertificateError, ExportError
from tests.export.conftest import real_batch
from tests.tolerances import CERTIFICATE


def opened(path):
    session = onnxruntime.InferenceSession(path)
    return session, [entry.name for entry in session.get_inputs()]


@pytest.mark.parametrize("name", ["vae", "vq_vae"])
def test_reconstruction_is_encoder_and_decoder_in_one_graph(bundles, models, tmp_path, name):
    path = export.to_pipeline(bundles[name], tmp_path / "reconstruct.onnx", "reconstruct")
    session, inputs = opened(path)
    data = real_batch(models[name])["data"][:5]
    assert inputs == ["data"]
    (answer,) = session.run(["reconstruction"], {"data": data})
    CERTIFICATE.check(answer, runtime.load(bundles[name]).reconstruct(data))


def test_bytes_go_in_and_come_out(bundles, tmp_path):
    path = export.to_pipeline(bundles["vae"], tmp_path / "r.onnx", "reconstruct", uint8=True)
    pixels = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 1), dtype=np.uint8)
    (answer,) = opened(path)[0].run(None, {"data": pixels})
    assert answer.dtype == np.uint8
    expected = np.rint(runtime.load(bundles["vae"]).reconstruct(pixels) * 255)
    assert np.abs(answer.astype(int) - expected).max() <= 1


def test_labels_choose_what_is_generated_as_bytes(bundles, models, tmp_path):
    path = export.to_pipeline(bundles["cgan"], tmp_path / "g.onnx", "generate", uint8=True)
    latent = models["cgan"].prior["latent"].draw(np.random.default_rng([0]), 3)
    labels = np.arange(3, dtype=np.int32)
    (answer,) = opened(path)[0].run(None, {"latent": latent, "labels": labels})
    low, high = models["cgan"].value_range
    expected = (runtime.load(bundles["cgan"]).generate(3, seed=0) - low) / (high - low) * 255
    assert np.abs(answer - expected).max() <= 0.51


def test_noise_can_be_drawn_inside_the_graph(bundles, tmp_path):
    path = export.to_pipeline(bundles["vae"], tmp_path / "g.onnx", "generate", random=True)
    session, inputs = opened(path)
    assert inputs == ["count"]
    one, two = (session.run(None, {"count": np.array([4])})[0] for _ in range(2))
    assert one.shape == (4, 8, 8, 1)
    assert not np.array_equal(one, two)
    assert not np.array_equal(one[0], one[1])


@pytest.mark.parametrize(
    ("name", "kind", "options", "message"),
    [
        ("vae", "interpolate", {}, "must be one of reconstruct, generate"),
        ("cgan", "reconstruct", {}, "Needed: encoder"),
        ("vq_vae", "generate", {}, "Needed: a sampler"),
        ("vae", "reconstruct", {"random": True}, "Only the pipeline 'generate' draws noise"),
    ],
)
def test_what_does_not_apply_is_refused(bundles, tmp_path, name, kind, options, message):
    with pytest.raises(ExportError, match=message):
        export.to_pipeline(bundles[name], tmp_path / "p.onnx", kind, **options)
    assert list(tmp_path.iterdir()) == []


def test_a_pipeline_that_differs_from_its_parts_leaves_no_file(bundles, tmp_path, monkeypatch):
    from export import pipeline

    right = pipeline._generate

    def wrong(session):
        model = right(session)
        for tensor in model.graph.initializer:
            array = onnx.numpy_helper.to_array(tensor)
            if array.dtype == np.float32:
                tensor.CopyFrom(onnx.numpy_helper.from_array(array * np.float32(2), tensor.name))
        return model

    monkeypatch.setattr(pipeline, "_generate", wrong)
    with pytest.raises(CertificateError, match="differs from its parts"):
        export.to_pipeline(bundles["vae"], tmp_path / "g.onnx", "generate")
    assert list(tmp_path.iterdir()) == []
