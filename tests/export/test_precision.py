"""Lower precision: what it keeps is measured, and too little is rejected."""

import json

import numpy as np
import pytest

import export
from export import runtime
from export.errors import CertificateError, ExportError
from export.pipelines import check
from export.precision import certificate, fidelity
from export.precision.fidelity import Bound
from tests.export.conftest import real_batch
from tests.tolerances import BFLOAT16, FORMULA

IMAGES = np.random.default_rng(0).random((2, 12, 10, 3), dtype=np.float32)


def test_psnr_of_a_constant_difference_is_known():
    FORMULA.check(fidelity.peak_signal_to_noise(IMAGES, IMAGES + np.float32(0.1), 1.0), 20.0)
    assert fidelity.peak_signal_to_noise(IMAGES, IMAGES, 1.0) == fidelity.IDENTICAL


def test_snr_of_a_scaled_signal_is_known():
    FORMULA.check(fidelity.signal_to_noise(IMAGES, IMAGES * np.float32(1.01)), 40.0)
    assert fidelity.signal_to_noise(IMAGES, np.full_like(IMAGES, np.nan)) == -fidelity.IDENTICAL


def test_ssim_is_one_for_equal_images_and_the_luminance_term_for_constant_ones():
    FORMULA.check(fidelity.structural_similarity(IMAGES, IMAGES, 1.0), 1.0)
    dark, light = np.full((1, 8, 8, 1), 0.2), np.full((1, 8, 8, 1), 0.4)
    expected = (2 * 0.2 * 0.4 + 1e-4) / (0.2**2 + 0.4**2 + 1e-4)
    FORMULA.check(fidelity.structural_similarity(dark, light, 1.0), expected)


def test_agreement_is_the_share_of_equal_codes():
    row = fidelity.measure("codes", np.array([[1, 2], [3, 4]]), np.array([[1, 2], [3, 5]]))
    assert row.agreement == 0.75
    assert row.failures(Bound(0, 0, 0, agreement=0.9)) == [
        "codes: agreement 0.75, at least 0.9 is accepted"
    ]


@pytest.fixture(scope="module")
def lowered(models, tmp_path_factory):
    folder = tmp_path_factory.mktemp("lowered")
    return {
        (name, kind): export.to_bundle(
            models[name],
            folder / f"{name}_{kind}",
            precision=kind,
            real_inputs=real_batch(models[name]),
            samples=False,
        )
        for name, kind in (
            ("vae", "float16"),
            ("vq_vae", "float16"),
            ("vae", "bfloat16"),
            ("vq_vae", "bfloat16"),
            ("vae", "int8"),
        )
    }


def test_lower_precision_is_certified_in_terms_of_images_and_codes(lowered):
    content = json.loads((lowered["vae", "float16"] / "certificate.json").read_text())
    assert content["parts"]["decoder"]["passed"]
    decoder = content["precision"]["decoder"]
    assert all(image["psnr"] > 50 for image in decoder["outputs"])
    assert all(image["ssim"] > 0.99 for image in decoder["outputs"])
    assert decoder["bytes"] < decoder["float32_bytes"]
    assert decoder["float32_milliseconds"] > 0
    codes = json.loads((lowered["vq_vae", "float16"] / "certificate.json").read_text())
    assert codes["precision"]["encoder"]["outputs"][0]["agreement"] >= 0.99


def test_bfloat16_halves_the_file_keeps_images_and_says_what_it_is(lowered):
    folder = lowered["vae", "bfloat16"]
    decoder = json.loads((folder / "certificate.json").read_text())["precision"]["decoder"]
    assert decoder["bytes"] < 0.6 * decoder["float32_bytes"]
    assert 40 < decoder["outputs"][0]["psnr"] < fidelity.IDENTICAL
    card = (folder / "README.md").read_text()
    assert "Weights are rounded to bfloat16, arithmetic is float32." in card
    assert "it is smaller, not faster" in card
    codes = json.loads((lowered["vq_vae", "bfloat16"] / "certificate.json").read_text())
    assert codes["precision"]["encoder"]["outputs"][0]["agreement"] >= 0.97


def test_bundles_in_lower_precision_run_in_openvino_too(lowered, models):
    for (name, _), folder in lowered.items():
        images = real_batch(models[name])["data"][:4]
        ours, theirs = (runtime.load(folder, providers=p) for p in (None, ["openvino"]))
        codes = ours.encode(images)
        BFLOAT16.check(theirs.encode(images), codes)
        BFLOAT16.check(theirs.decode(codes), ours.decode(codes))


def test_times_are_the_least_of_rounds_that_take_turns_at_who_goes_first(monkeypatch):
    order = []
    monkeypatch.setattr(certificate, "run", lambda session, inputs: order.append(session))
    ticks = iter(range(1000))
    monkeypatch.setattr(certificate.time, "perf_counter", lambda: next(ticks) / 1e3)
    assert certificate._milliseconds(["a", "b"], {}) == [1.0, 1.0]
    assert order == ["a", "b", "b", "a"] * (certificate.ROUNDS // 2)


def test_int8_is_calibrated_and_judged_on_different_inputs(lowered):
    content = json.loads((lowered["vae", "int8"] / "certificate.json").read_text())
    encoder = content["precision"]["encoder"]
    assert (encoder["calibrated"], encoder["judged"]) == (34, 34)
    assert all(15 <= row["snr"] < 100 for row in encoder["outputs"])


def test_a_decoder_is_calibrated_and_judged_on_codes_of_data_and_on_the_prior(lowered):
    content = json.loads((lowered["vae", "int8"] / "certificate.json").read_text())
    decoder = content["precision"]["decoder"]
    assert (decoder["calibrated"], decoder["judged"]) == (68, 68)
    assert [row["inputs"] for row in decoder["outputs"]] == ["real", "prior"]
    assert all(row["psnr"] >= 25 for row in decoder["outputs"])
    assert "data on prior inputs" in (lowered["vae", "int8"] / "README.md").read_text()


def test_images_generated_in_int8_are_those_of_float32_as_far_as_certified(lowered, models):
    images = runtime.load(lowered["vae", "int8"]).sample(64, seed=0)
    truth = models["vae"].sample(64, seed=0)
    assert fidelity.peak_signal_to_noise(truth, images, 1.0) >= 25


@pytest.mark.parametrize("kind", ["encode", "decode", "sample", "reconstruct", "score"])
@pytest.mark.parametrize("uint8", [False, True])
def test_int8_bundles_make_pipelines_that_keep_what_a_part_must(lowered, tmp_path, kind, uint8):
    bundle = lowered["vae", "int8"]
    assert export.to_pipeline(bundle, tmp_path / "p.onnx", kind, uint8=uint8).exists()


def test_an_int8_pipeline_that_loses_more_is_refused(lowered, tmp_path, monkeypatch):
    strict = Bound(psnr=150.0, ssim=1.0, snr=150.0, agreement=1.0)
    monkeypatch.setitem(certificate.BOUNDS, "int8", strict)
    monkeypatch.setattr(check, "all_passed", lambda *rows: False)
    with pytest.raises(CertificateError, match="too much for int8. Received: reconstruction: psnr"):
        export.to_pipeline(lowered["vae", "int8"], tmp_path / "p.onnx", "reconstruct")
    assert list(tmp_path.iterdir()) == []


def test_what_fails_on_one_family_alone_is_refused(models, tmp_path, monkeypatch):
    """Nothing but draws of the prior reaches the rows that are spoilt."""
    run = certificate.run

    def spoilt(session, inputs):
        outputs = run(session, inputs)
        if "data" in outputs and session.get_inputs()[0].name == "latent":
            outputs["data"] = outputs["data"].copy()
            if spoilt.turn % 2:
                outputs["data"][len(outputs["data"]) // 2 :] = 0.5
            spoilt.turn += 1
        return outputs

    spoilt.turn = 0
    monkeypatch.setattr(certificate, "run", spoilt)
    with pytest.raises(CertificateError, match="Received: data on prior inputs: ssim [^;]*$"):
        export.to_bundle(
            models["vae"],
            tmp_path / "vae",
            precision="int8",
            real_inputs=real_batch(models["vae"]),
        )


def test_bundles_in_lower_precision_verify_run_and_say_so(lowered, models):
    for (name, kind), folder in lowered.items():
        stored, native = export.verify(folder), export.verify(folder, models[name])
        assert stored.ok
        assert native.ok
        assert list(stored.kept) == list(native.kept) == list(models[name].parts())
        assert "decoder: data PSNR" in stored.summary()
        assert "against the native model" in native.summary()
        session = runtime.load(folder)
        assert session.manifest.precision == kind
        assert session.reconstruct(real_batch(models[name])["data"][:2]).dtype == np.float32
        assert "## Precision" in (folder / "README.md").read_text()


def test_what_loses_too_much_is_refused_and_leaves_nothing(models, tmp_path, monkeypatch):
    strict = Bound(psnr=150.0, ssim=1.0, snr=150.0, agreement=1.0)
    monkeypatch.setitem(certificate.BOUNDS, "float16", strict)
    with pytest.raises(
        CertificateError, match="much in float16. Received: .*data on real .*: psnr"
    ):
        export.to_bundle(
            models["vae"],
            tmp_path / "vae",
            precision="float16",
            real_inputs=real_batch(models["vae"]),
        )
    assert list(tmp_path.iterdir()) == []


def test_lower_precision_asks_for_real_inputs(models, tmp_path):
    with pytest.raises(ExportError, match="judged on real inputs"):
        export.to_bundle(models["vae"], tmp_path / "vae", precision="int8")


def test_unknown_precisions_are_refused(models, tmp_path):
    accepted = "one of float32, float16, bfloat16, int8, auto. Received: 'in"
    with pytest.raises(ExportError, match=accepted):
        export.to_bundle(models["vae"], tmp_path / "vae", precision="int4")
