"""Bundles in OpenVINO: what ONNX Runtime gives, in float32 unless asked otherwise."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

import export
from export import runtime, storage
from export.errors import BundleError
from export.runtime import engine, openvino
from tests.tolerances import BFLOAT16, CERTIFICATE

IMAGES = np.random.default_rng(0).random((5, 8, 8, 1), dtype=np.float32)


@pytest.fixture(scope="module")
def pairs(bundles):
    """Each bundle in ONNX Runtime and in OpenVINO."""
    return {
        name: (runtime.load(folder), runtime.load(folder, providers=["openvino"], threads=1))
        for name, folder in bundles.items()
    }


@pytest.fixture
def network(bundles):
    return openvino.Network((bundles["vae"] / "decoder.onnx").read_bytes())


@pytest.fixture
def without_openvino(monkeypatch):
    monkeypatch.setattr(openvino, "find_spec", lambda name: None)


def run_alone(program):
    """Runs a program in a process of its own, every warning an error."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        timeout=120,
    )


@pytest.mark.parametrize(
    ("name", "use"),
    [
        ("vae", lambda session: session.sample(5, seed=3)),
        ("vae", lambda session: session.reconstruct(IMAGES)),
        ("vae", lambda session: session.run("encoder", {"data": IMAGES})["log_variance"]),
        ("cgan", lambda session: session.sample(5, labels=["two", "zero", "one", "one", "two"])),
        ("cgan", lambda session: session.discriminate(IMAGES, labels=2)),
        ("vq_vae", lambda session: session.decode(session.encode(IMAGES))),
    ],
)
def test_openvino_gives_what_onnx_runtime_gives(pairs, name, use):
    ours, theirs = (use(session) for session in pairs[name])
    assert theirs.dtype == ours.dtype
    CERTIFICATE.check(theirs, ours)


def test_codes_are_the_same_integers(pairs):
    ours, theirs = (session.encode(IMAGES) for session in pairs["vq_vae"])
    assert theirs.dtype == ours.dtype == np.int32
    np.testing.assert_array_equal(theirs, ours)


def test_any_number_of_batch_sizes_is_computed_and_few_are_compiled(network):
    latents = np.random.default_rng(0).standard_normal((9, 4), dtype=np.float32)
    (whole,) = network.run(None, {"latent": latents})
    for count in range(1, 9):
        CERTIFICATE.check(network.run(["data"], {"latent": latents[:count]})[0], whole[:count])
    assert len(network._requests) == openvino.FIXED + 1


def test_outputs_stay_as_they_are_when_the_next_are_computed(network):
    latents = np.random.default_rng(0).standard_normal((2, 1, 4), dtype=np.float32)
    (first,) = network.run(None, {"latent": latents[0]})
    kept = first.copy()
    network.run(None, {"latent": latents[1]})
    np.testing.assert_array_equal(first, kept)


def test_threads_may_share_a_session(pairs):
    session = pairs["vae"][1]
    expected = [session.sample(2, seed=seed) for seed in range(4)]
    found = {}
    threads = [
        threading.Thread(target=lambda s=s: found.update({s: session.sample(2, seed=s)}))
        for s in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for seed, images in enumerate(expected):
        CERTIFICATE.check(found[seed], images)


def test_products_are_float32_unless_bfloat16_is_asked_for(bundles, pairs, monkeypatch):
    assert pairs["vae"][1]._graphs.open("decoder")._settings["INFERENCE_PRECISION_HINT"] == "f32"
    session = runtime.load(bundles["vae"], providers=["OpenVINO"], inference_precision="bfloat16")
    assert session._graphs.open("decoder")._settings["INFERENCE_PRECISION_HINT"] == "bf16"
    BFLOAT16.check(session.sample(5), pairs["vae"][0].sample(5))


@pytest.mark.parametrize("providers", [None, ["cpu"]])
def test_only_openvino_infers_in_bfloat16(bundles, providers):
    with pytest.raises(ValueError, match=r"Received: providers .*\. Accepted: providers=\['openv"):
        runtime.load(bundles["vae"], providers=providers, inference_precision="bfloat16")


def test_an_inference_precision_is_one_of_two(bundles):
    with pytest.raises(ValueError, match="must be one of float32, bfloat16. Received: 'float16'"):
        runtime.load(bundles["vae"], providers=["openvino"], inference_precision="float16")


@pytest.mark.parametrize(
    ("providers", "engaged"),
    [
        (["openvino", "cpu"], True),
        (["abacus", "OpenVINO", "cpu"], True),
        (["cpu", "openvino"], False),
        (["OpenVINOExecutionProvider", "cpu"], False),
    ],
)
def test_openvino_is_taken_where_it_is_the_first_that_is_there(bundles, providers, engaged):
    session = runtime.load(bundles["vae"], providers=providers)
    assert isinstance(session._graphs.open("decoder"), openvino.Network) is engaged


def test_openvino_is_told_where_it_is_there(bundles):
    with pytest.raises(ValueError, match=r"CPUExecutionProvider.*, or the package openvino\."):
        runtime.load(bundles["vae"], providers=["abacus"])


def test_a_missing_package_is_one_line_with_its_command(bundles, without_openvino):
    with pytest.raises(ValueError, match="not installed here. Install: pip install openvino$"):
        runtime.load(bundles["vae"], providers=["openvino"])
    with pytest.raises(ValueError, match=r"Accepted: .*CPUExecutionProvider\.$"):
        runtime.load(bundles["vae"], providers=["abacus"])


def test_an_onnx_runtime_with_openvino_inside_needs_no_package(monkeypatch, without_openvino):
    inside = ["OpenVINOExecutionProvider", "CPUExecutionProvider"]
    monkeypatch.setattr(engine.onnxruntime, "get_available_providers", lambda: inside)
    assert not engine.runs_in_openvino(["openvino"])
    ((name, options),) = engine.choose_providers(["openvino"])
    assert (name, options["precision"]) == ("OpenVINOExecutionProvider", "FP32")


def test_nobody_gets_openvino_unasked(bundles):
    assert not engine.runs_in_openvino()
    assert not isinstance(runtime.load(bundles["vae"])._graphs.open("decoder"), openvino.Network)


def test_changed_bytes_are_refused_before_openvino_reads_them(bundle, monkeypatch):
    monkeypatch.setattr(engine.openvino, "Network", None)
    path = bundle / "decoder.onnx"
    path.write_bytes(path.read_bytes()[:-1] + b"\0")
    with pytest.raises(BundleError, match=r"decoder\.onnx was changed"):
        runtime.load(bundle, providers=["openvino"]).sample(1)


@pytest.mark.parametrize("content", [b"junk", b"<net name='x' version='11'></net>"])
def test_what_is_no_onnx_graph_is_refused(content):
    with pytest.raises(BundleError, match="OpenVINO cannot open the graph: "):
        openvino.Network(content)


def test_a_graph_reads_what_it_names(network):
    latent = np.zeros((2, 4), "float32")
    with pytest.raises(ValueError, match="given all its inputs. Received: code. Accepted: latent"):
        network.run(None, {"code": latent})
    for wrong in (latent[:, :3], latent.astype("float64"), latent[0]):
        with pytest.raises(ValueError, match=r"'latent' must be float32 \(None, 4\)"):
            network.run(None, {"latent": wrong})


def test_weights_beside_the_graph_are_checked_and_read(models, tmp_path, monkeypatch):
    monkeypatch.setattr(storage, "SINGLE_FILE", 0)  # as for weights over 2 GB
    folder = export.to_bundle(models["vae"], tmp_path / "vae", samples=False)
    expected = runtime.load(folder).sample(3)
    CERTIFICATE.check(runtime.load(folder, providers=["openvino"]).sample(3), expected)
    weights = folder / "decoder.onnx.data"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\1")
    with pytest.raises(BundleError, match=r"decoder\.onnx\.data was changed"):
        runtime.load(folder, providers=["openvino"]).sample(1)


@pytest.mark.once
def test_a_signal_finds_its_way_after_networks_are_gone(bundles):
    program = f"""
import os, signal
from export import runtime
first, second = (runtime.load({str(bundles["vae"])!r}, providers=["openvino"]) for _ in "ab")
first.sample(1), second.sample(1)
del first
del second
signal.signal(signal.SIGTERM, lambda *_: print("arrived"))
os.kill(os.getpid(), signal.SIGTERM)
"""
    result = run_alone(program)
    assert (result.returncode, result.stdout) == (0, "arrived\n"), result.stderr


@pytest.mark.once
def test_opening_a_bundle_reports_to_nobody(bundles):
    program = f"""
import os, sys
os.register_at_fork(before=lambda: sys.exit("a process was started"))
from export import runtime
runtime.load({str(bundles["vae"])!r}, providers=["openvino"]).sample(1)
assert "openvino" in sys.modules
assert not [name for name in sys.modules if name.startswith("openvino_telemetry")]
"""
    result = run_alone(program)
    assert result.returncode == 0, result.stderr
