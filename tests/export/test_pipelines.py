"""Whole pipelines as one graph."""

import shutil

import numpy as np
import onnx
import onnxruntime
import pytest

import export
from export import runtime
from export.errors import CertificateError, ExportError
from export.pipelines.draws import mean_of
from tests import tiny
from tests.export.conftest import real_batch
from tests.export.damage import reseal
from tests.tolerances import CERTIFICATE
from zoo.noise import draw_all, normal, uniform


def opened(path):
    session = onnxruntime.InferenceSession(path)
    return session, [entry.name for entry in session.get_inputs()]


def codes_of(bundle, model, count=40):
    return runtime.load(bundle).encode(real_batch(model, count)["data"])


def two_clusters():
    """Codes of which a third lie near (−4, …) and the rest near (+4, …), in four dimensions."""
    rng = np.random.default_rng(0)
    centres = np.where(np.arange(300) < 100, -4.0, 4.0)[:, None]
    return (centres + rng.standard_normal((300, 4)) * [0.1, 0.2, 0.3, 0.4]).astype("float32")


@pytest.mark.parametrize("name", ["vae", "vq_vae"])
def test_reconstruction_is_encoder_and_decoder_in_one_graph(bundles, models, tmp_path, name):
    path = export.to_pipeline(bundles[name], tmp_path / "reconstruct.onnx", "reconstruct")
    session, inputs = opened(path)
    data = real_batch(models[name])["data"][:5]
    assert inputs == ["data"]
    (answer,) = session.run(["reconstruction"], {"data": data})
    CERTIFICATE.check(answer, runtime.load(bundles[name]).reconstruct(data))


@pytest.mark.parametrize("name", ["vae", "vq_vae"])
def test_score_is_the_mean_squared_error_of_the_reconstruction(bundles, models, tmp_path, name):
    path = export.to_pipeline(bundles[name], tmp_path / "score.onnx", "score")
    data = real_batch(models[name])["data"][:5]
    rebuilt = runtime.load(bundles[name]).reconstruct(data)
    (answer,) = opened(path)[0].run(["score"], {"data": data})
    assert answer.shape == (5,)
    CERTIFICATE.check(answer, np.square(data - rebuilt).mean(axis=(1, 2, 3)))
    CERTIFICATE.check(answer, runtime.load(bundles[name]).score(data))


def test_codes_become_an_image_of_bytes(bundles, models, tmp_path):
    path = export.to_pipeline(bundles["vq_vae"], tmp_path / "d.onnx", "decode", uint8=True)
    codes = codes_of(bundles["vq_vae"], models["vq_vae"], 3)
    (answer,) = opened(path)[0].run(["data"], {"code": codes})
    low, high = models["vq_vae"].value_range
    decoded = runtime.load(bundles["vq_vae"]).decode(codes)
    assert answer.dtype == np.uint8
    assert np.abs(answer - (decoded - low) / (high - low) * 255).max() <= 0.51


def test_bytes_become_codes(bundles, tmp_path):
    path = export.to_pipeline(bundles["vae"], tmp_path / "e.onnx", "encode", uint8=True)
    pixels = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 1), dtype=np.uint8)
    session, inputs = opened(path)
    (answer,) = session.run(None, {"data": pixels})
    assert inputs == ["data"]
    CERTIFICATE.check(answer, runtime.load(bundles["vae"]).encode(pixels))


def test_bytes_go_in_and_come_out(bundles, tmp_path):
    path = export.to_pipeline(bundles["vae"], tmp_path / "r.onnx", "reconstruct", uint8=True)
    pixels = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 1), dtype=np.uint8)
    (answer,) = opened(path)[0].run(None, {"data": pixels})
    assert answer.dtype == np.uint8
    expected = np.rint(runtime.load(bundles["vae"]).reconstruct(pixels) * 255)
    assert np.abs(answer.astype(int) - expected).max() <= 1


def test_labels_choose_what_is_drawn_as_bytes(bundles, models, tmp_path):
    path = export.to_pipeline(bundles["cgan"], tmp_path / "g.onnx", "sample", uint8=True)
    latent = models["cgan"].prior["latent"].draw(np.random.default_rng([0]), 3)
    labels = np.arange(3, dtype=np.int32)
    (answer,) = opened(path)[0].run(None, {"latent": latent, "labels": labels})
    low, high = models["cgan"].value_range
    expected = (runtime.load(bundles["cgan"]).sample(3, seed=0) - low) / (high - low) * 255
    assert np.abs(answer - expected).max() <= 0.51


def test_truncation_scales_the_latent(bundles, models, tmp_path):
    path = export.to_pipeline(bundles["vae"], tmp_path / "g.onnx", "sample", truncation=True)
    session, inputs = opened(path)
    latent = np.random.default_rng(0).standard_normal((3, 4), dtype=np.float32)
    assert inputs == ["latent", "truncation"]
    for factor in (1.0, 0.5, 0.0):
        given = {"latent": latent, "truncation": np.array([factor], "float32")}
        (answer,) = session.run(None, given)
        expected = runtime.load(bundles["vae"]).decode(latent * np.float32(factor))
        CERTIFICATE.check(answer, expected)


def test_a_model_that_truncates_itself_reads_the_factor(tmp_path):
    model = tiny.create("stylegan2")
    bundle = export.to_bundle(model, tmp_path / "bundle", samples=False, certify="quick")
    path = export.to_pipeline(bundle, tmp_path / "g.onnx", "sample", truncation=True)
    session, inputs = opened(path)
    assert set(inputs) == {"latent", "psi", "noise", "truncation"}
    drawn = draw_all(model.prior, np.random.default_rng([0]), 3)
    (answer,) = session.run(None, drawn | {"truncation": np.array([0.25], "float32")})
    CERTIFICATE.check(answer, runtime.load(bundle).sample(3, seed=0, truncation=0.25))
    CERTIFICATE.check(answer, model.sample(3, seed=0, truncation=0.25))


def test_uniform_noise_is_truncated_towards_its_middle():
    assert mean_of(uniform(2, low=-1.0, high=4.0)) == 1.5
    assert mean_of(normal(2)) == 0.0


def test_noise_can_be_drawn_inside_the_graph(bundles, tmp_path):
    path = export.to_pipeline(bundles["vae"], tmp_path / "g.onnx", "sample", random=True)
    session, inputs = opened(path)
    assert inputs == ["count"]
    one, two = (session.run(None, {"count": np.array([4])})[0] for _ in range(2))
    assert one.shape == (4, 8, 8, 1)
    assert not np.array_equal(one, two)
    assert not np.array_equal(one[0], one[1])


def test_labels_say_how_many_rows_a_graph_draws(bundles, tmp_path):
    path = export.to_pipeline(bundles["cgan"], tmp_path / "g.onnx", "sample", random=True)
    session, inputs = opened(path)
    assert inputs == ["labels"]
    (images,) = session.run(None, {"labels": np.arange(5, dtype="int32") % 3})
    assert images.shape == (5, 8, 8, 1)
    assert not np.array_equal(images[0], images[3])


def test_a_density_stands_in_for_what_the_caller_decodes(bundles, tmp_path):
    density = export.fit_density(two_clusters())
    path = export.to_pipeline(
        bundles["vae"], tmp_path / "g.onnx", "decode", density=density, random=True
    )
    session, inputs = opened(path)
    assert inputs == ["count"]
    assert session.run(None, {"count": np.array([4])})[0].shape == (4, 8, 8, 1)


def test_one_component_is_the_mean_and_covariance_of_the_codes():
    codes = two_clusters()
    density = export.fit_density(codes)
    covariance = density.factors[0] @ density.factors[0].T
    np.testing.assert_allclose(density.means[0], codes.mean(axis=0), atol=1e-5)
    # scikit-learn adds 1e-6 to the variances.
    np.testing.assert_allclose(covariance, np.cov(codes.T, bias=True), rtol=1e-4, atol=1e-5)
    assert density.noises.keys() == {"noise"}


def test_mixture_finds_the_clusters_and_draws_from_the_one_that_is_chosen():
    density = export.fit_density(two_clusters(), components=2)
    low = int(np.argmin(density.means[:, 0]))
    np.testing.assert_allclose(density.weights[low], 1 / 3, atol=1e-3)
    np.testing.assert_allclose(density.means[low], -4, atol=0.15)
    threshold = density.weights[0]
    choice = np.array([0.0, threshold - 1e-3, threshold, 0.999], "float32")
    codes = density.draw(np.zeros((4, 4), "float32"), choice)
    np.testing.assert_array_equal(codes, density.means[[0, 0, 1, 1]])
    noise = np.array([[1, 0, 0, 0]], "float32")
    moved = density.draw(noise, choice[:1], truncation=0.5)[0] - density.means[0]
    np.testing.assert_allclose(moved, 0.5 * density.factors[0][:, 0], atol=1e-6)


@pytest.mark.parametrize("components", [1, 2])
@pytest.mark.parametrize("truncation", [False, True])
def test_density_stands_before_the_decoder(bundles, tmp_path, components, truncation):
    density = export.fit_density(two_clusters(), components)
    path = export.to_pipeline(
        bundles["vae"], tmp_path / "g.onnx", "sample", density=density, truncation=truncation
    )
    session, inputs = opened(path)
    rng = np.random.default_rng(0)
    feed = {name: noise.draw(rng, 50) for name, noise in density.noises.items()}
    expected = density.draw(feed["noise"], feed.get("choice"), 0.3 if truncation else 1.0)
    if truncation:
        feed["truncation"] = np.array([0.3], "float32")
    assert inputs == list(feed)
    (answer,) = session.run(None, feed)
    CERTIFICATE.check(answer, runtime.load(bundles["vae"]).decode(expected))


def test_mixture_draws_inside_the_graph_from_every_component(bundles, tmp_path):
    density = export.fit_density(two_clusters(), 2)
    path = export.to_pipeline(
        bundles["vae"], tmp_path / "g.onnx", "sample", density=density, random=True
    )
    # With no noise left but the choice, there are as many images as components.
    model = onnx.load(path)
    for tensor in model.graph.initializer:
        if tensor.name == "density/factors":
            zeros = np.zeros_like(onnx.numpy_helper.to_array(tensor))
            tensor.CopyFrom(onnx.numpy_helper.from_array(zeros, tensor.name))
    session = onnxruntime.InferenceSession(model.SerializeToString())
    assert [entry.name for entry in session.get_inputs()] == ["count"]
    (images,) = session.run(None, {"count": np.array([200])})
    found, counts = np.unique(images.reshape(200, -1).round(4), axis=0, return_counts=True)
    assert len(found) == 2
    assert 35 <= counts.min() <= 100  # binomial(200, 1/3): mean 67, deviation 6.7


def test_file_says_what_it_is_made_of(bundles, tmp_path):
    path = export.to_pipeline(bundles["vae"], tmp_path / "s.onnx", "score")
    properties = {entry.key: entry.value for entry in onnx.load(path).metadata_props}
    parts = runtime.load(bundles["vae"]).manifest.parts
    assert properties["model"] == "vae"
    assert properties["pipeline"] == "score"
    assert properties["weights_sha256.encoder"] == parts["encoder"].sha256


def test_bundle_without_real_inputs_makes_pipelines(models, tmp_path):
    bundle = export.to_bundle(models["vae"], tmp_path / "bundle", samples=False)
    assert export.to_pipeline(bundle, tmp_path / "s.onnx", "score", uint8=True).exists()
    assert export.to_pipeline(bundle, tmp_path / "r.onnx", "reconstruct", uint8=True).exists()


@pytest.mark.parametrize(
    ("name", "use", "options", "message"),
    [
        ("vae", "generate", {}, "must be a use of the bundle. .* Accepted: sample, decode, encode"),
        ("cgan", "reconstruct", {}, "Received: 'reconstruct'. Accepted: sample, decode, discr"),
        ("vq_vae", "sample", {}, "Received: 'sample'. Accepted: decode, encode"),
        ("vae", "reconstruct", {"random": True}, "draws nothing"),
        ("vae", "decode", {"truncation": True}, "Truncation scales normal and uniform draws"),
        ("vae", "score", {"density": True}, "Accepted: the codes of this use: none"),
        ("vae", "interpolate", {"density": True}, "codes of this use: share"),
    ],
)
def test_what_does_not_apply_is_rejected(bundles, tmp_path, name, use, options, message):
    if "density" in options:
        options = {"density": export.fit_density(two_clusters())}
    with pytest.raises(ExportError, match=message):
        export.to_pipeline(bundles[name], tmp_path / "p.onnx", use, **options)
    assert list(tmp_path.iterdir()) == []


def test_density_of_other_codes_is_refused(bundles, tmp_path):
    density = export.fit_density(two_clusters()[:, :3])
    with pytest.raises(ExportError, match=r"float32 \(3,\). .*: latent float32 \(4,\)"):
        export.to_pipeline(bundles["vae"], tmp_path / "g.onnx", "sample", density=density)
    with pytest.raises(ExportError, match="int32"):
        export.to_pipeline(bundles["vq_vae"], tmp_path / "g.onnx", "decode", density=density)


@pytest.mark.parametrize(
    ("codes", "components", "message"),
    [
        (np.zeros((9, 2, 2), "int32"), 1, "floating-point codes"),
        (np.zeros(9, "float32"), 1, "floating-point codes"),
        (np.zeros((9, 2), "float32"), 0, "at least 1 component"),
        (np.zeros((3, 2), "float32"), 2, "needs at least 4 codes. Received: 3"),
        (np.full((9, 2), np.nan, "float32"), 1, "finite"),
    ],
)
def test_density_needs_enough_finite_codes(codes, components, message):
    with pytest.raises(ExportError, match=message):
        export.fit_density(codes, components)


def test_pipeline_that_differs_from_its_parts_leaves_no_file(bundles, tmp_path, monkeypatch):
    from export.pipelines import pipeline

    right = pipeline.merged

    def wrong(*arguments):
        model = right(*arguments)
        for tensor in model.graph.initializer:
            array = onnx.numpy_helper.to_array(tensor)
            if array.dtype == np.float32:
                tensor.CopyFrom(onnx.numpy_helper.from_array(array * np.float32(2), tensor.name))
        return model

    monkeypatch.setattr(pipeline, "merged", wrong)
    with pytest.raises(CertificateError, match="differs from its parts"):
        export.to_pipeline(bundles["vae"], tmp_path / "g.onnx", "sample")
    assert list(tmp_path.iterdir()) == []


def test_a_part_whose_shapes_disagree_makes_no_pipeline(bundles, tmp_path):
    """As after one flipped bit, in a bundle whose hashes are right again."""
    bundle = shutil.copytree(bundles["vae"], tmp_path / "bundle")
    model = onnx.load(bundle / "decoder.onnx")
    model.graph.output[0].type.tensor_type.shape.dim.pop()
    onnx.save(model, bundle / "decoder.onnx")
    reseal(bundle)
    with pytest.raises(ExportError, match="is not valid ONNX"):
        export.to_pipeline(bundle, tmp_path / "g.onnx", "sample")
    assert not (tmp_path / "g.onnx").exists()
