"""Every part of every registered model leaves as certified ONNX, for images, sequences, vectors."""

import json

import numpy as np
import onnx
import pytest

import export
import zoo
from benchmarks.workload.cost import count
from export import runtime
from tests import tiny
from tests.tolerances import CERTIFICATE
from tests.turns import in_turn

IMAGE = (9, 7, 3)
OTHERS = [(16, 2), (5,)]

CONVOLUTIONS = ("Conv", "ConvTranspose")


def exported(name, shape, folder):
    """A tiny model with moved statistics, and its bundle.

    `python -m benchmarks.studies.certificates` certifies every part in full, from every backend.
    """
    model = tiny.create(name, shape=shape)
    move(model.parts())
    return model, export.to_bundle(
        model, folder / "bundle", samples=False, certify="quick", any_size=False
    )


def move(parts):
    """Gives biases, scales and statistics, fresh 0 and 1, values of their own."""
    rng = np.random.default_rng(0)
    weights = {id(w): w for part in parts.values() for w in part.weights if len(w.shape) == 1}
    for weight in weights.values():
        if weight.name in ("gamma", "moving_variance"):
            weight.assign(rng.uniform(0.5, 1.5, weight.shape).astype("float32"))
        elif "float" in str(weight.dtype):
            weight.assign((0.1 * rng.standard_normal(weight.shape)).astype("float32"))


def transposed_between(proto):
    """Transpositions on a way from one convolution to another, on which nothing is looked up.

    Those of attention make operands of products, whatever the layout.
    """
    nodes = [node for node in proto.graph.node if node.op_type != "ArgMin"]
    behind, before = set(), set()
    for node in nodes:
        if node.op_type in CONVOLUTIONS or behind & set(node.input):
            behind |= set(node.output)
    for node in reversed(nodes):
        if node.op_type in CONVOLUTIONS or before & set(node.output):
            before |= set(node.input)
    return [
        node.name
        for node in nodes
        if node.op_type == "Transpose" and behind & set(node.input) and before & set(node.output)
        if not node.name.startswith("self_attention")
    ]


@pytest.fixture(scope="module", params=in_turn(zoo.list_models()))
def of_images(request, tmp_path_factory):
    """A model, where it takes them of images, and its bundle."""
    name = request.param
    return exported(name, tiny.fitting(name, IMAGE), tmp_path_factory.mktemp(name))


def test_every_part_for_images_is_certified_and_used_without_keras(of_images):
    model, bundle = of_images
    certificates = json.loads((bundle / "certificate.json").read_text())["parts"]
    assert set(certificates) == set(model.parts())
    assert all(entry["passed"] for entry in certificates.values())
    assert export.verify(bundle, model).ok
    session = runtime.load(bundle)
    for use in model.table():
        given = inputs_of(session, use, 3)
        received, expected = session.use(use, seed=1, **given), model.use(use, seed=1, **given)
        for result, values in received.items():
            CERTIFICATE.check(values, expected[result], name=f"{use} {result}")


def test_no_layout_is_changed_between_convolutions_and_the_cost_is_known(of_images):
    model, bundle = of_images
    files = {part: bundle / f"{part}.onnx" for part in model.parts()}
    found = {part: transposed_between(onnx.load(file)) for part, file in files.items()}
    assert {part: nodes for part, nodes in found.items() if nodes} == {}
    assert all(count(file, batch=2).bytes > 0 for file in files.values())


def inputs_of(session, use, count):
    """Data, codes and labels for a use, by the manifest alone."""
    rng = np.random.default_rng(0)
    return {
        name: rng.integers(port.cardinality, size=(count, *port.shape)).astype(port.dtype)
        if port.is_integer
        else rng.uniform(*(port.range or (-1.0, 1.0)), (count, *port.shape)).astype(port.dtype)
        for name, port in session.manifest.inputs(use).items()
    }


@pytest.mark.parametrize("shape", OTHERS, ids=str)
@pytest.mark.parametrize("name", in_turn(zoo.list_models()))
def test_every_part_for_sequences_and_vectors_is_certified(name, shape, tmp_path):
    if not tiny.accepts(name, shape):
        pytest.skip(f"{name} does not accept {shape}: test_shapes says how it rejects one")
    model, bundle = exported(name, shape, tmp_path)
    certificates = json.loads((bundle / "certificate.json").read_text())["parts"]
    assert set(certificates) == set(model.parts())
    assert all(entry["passed"] for entry in certificates.values())
