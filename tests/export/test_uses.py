"""Uses that the exporter has never heard of: in a bundle, a session and one graph."""

import json
from dataclasses import replace

import numpy as np
import onnx
import onnxruntime
import pytest

import export
from export import runtime
from export.certification.cardinality import cardinality
from export.certification.readings import read
from export.errors import ExportError
from export.pipelines.merging import merged
from export.storage import storing
from tests.export.standing import Translator, fields
from tests.tolerances import CERTIFICATE, SMALL_SAMPLES
from zoo.errors import UseError
from zoo.uses import Step, Use, complete_inputs, run


@pytest.fixture(scope="module")
def model():
    return Translator()


@pytest.fixture(scope="module")
def translator(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("standing") / "translator"
    return export.to_bundle(model, folder, real_inputs=fields())


@pytest.fixture(scope="module")
def session(translator):
    return runtime.load(translator)


def inputs_of(model, name, count=6):
    """The inputs of a use: fields where there are some, tokens otherwise."""
    use, data = model.table()[name], fields(count)
    given = {value: data[value] for value in use.inputs if value in data}
    if "tokens" in use.inputs:
        given["tokens"] = np.arange(count * 16, dtype="int32").reshape(count, 4, 4) % 5
    return given


@pytest.mark.parametrize("name", ["translate", "cycle", "inpaint", "dream", "paint"])
def test_session_and_graph_give_what_the_networks_give(model, translator, session, tmp_path, name):
    use, given = model.table()[name], inputs_of(model, name)
    whole = complete_inputs(name, use, given, seed=3)
    expected = run(use, model.call, whole)
    received = session.use(name, seed=3, **given)
    path = export.to_pipeline(translator, tmp_path / "use.onnx", name)
    graph = onnxruntime.InferenceSession(path)
    names = [entry.name for entry in graph.get_outputs()]
    answers = dict(zip(names, graph.run(None, whole), strict=True))
    assert [entry.name for entry in graph.get_inputs()] == use.inputs
    assert names == [f"result/{r}" if r in use.inputs else r for r in use.gives]
    for (result, values), name in zip(expected.items(), names, strict=True):
        CERTIFICATE.check(received[result], values)
        CERTIFICATE.check(answers[name], values)


def test_a_use_is_called_by_its_name(session):
    data = fields(4)
    one = session.translate(data=data["data"], labels=data["labels"])
    np.testing.assert_array_equal(
        one["target"], session.use("translate", data=data["data"], labels=data["labels"])["target"]
    )


def test_a_part_that_comes_twice_has_its_weights_once(translator, tmp_path):
    graphs = {
        name: onnx.load(export.to_pipeline(translator, tmp_path / f"{name}.onnx", name)).graph
        for name in ("translate", "cycle")
    }
    weights = {
        name: sum(len(tensor.raw_data) for tensor in graph.initializer)
        for name, graph in graphs.items()
    }
    assert weights["cycle"] == weights["translate"]


def test_bytes_go_in_and_out_of_any_use(session, translator, tmp_path):
    path = export.to_pipeline(translator, tmp_path / "use.onnx", "translate", uint8=True)
    pixels = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 1), dtype=np.uint8)
    labels = np.arange(3, dtype="int32")
    (answer,) = onnxruntime.InferenceSession(path).run(None, {"data": pixels, "labels": labels})
    expected = session.translate(data=pixels, labels=labels)["target"]
    assert answer.dtype == np.uint8
    assert np.abs(answer - expected * 255).max() <= 0.51


def test_the_manifest_says_what_data_and_indices_are(session):
    manifest = session.manifest
    assert set(manifest.fields) == {"data", "labels"}
    assert manifest.fields["labels"].cardinality == 3
    assert manifest.inputs("translate")["data"].range == (0.0, 1.0)
    assert manifest.results("cycle")["again"].range == (0.0, 1.0)
    assert manifest.inputs("dream")["tokens"].cardinality == 5
    assert manifest.parts["reader"].output("tokens").cardinality == 5


def test_indices_are_checked_wherever_they_are_read(session):
    tokens = np.full((1, 4, 4), 5)
    with pytest.raises(UseError, match="indices of the 5 that there are. Received: 5 to 5"):
        session.dream(tokens=tokens)
    with pytest.raises(UseError, match="'labels' must be 0 to 2"):
        session.dream(tokens=tokens - 1, labels=3)


def test_a_missing_input_is_named(session):
    with pytest.raises(UseError, match="The use 'translate' needs 'labels'"):
        session.translate(data=fields(2)["data"])
    with pytest.raises(UseError, match="has no input 'image'. Accepted: data, labels"):
        session.translate(image=fields(2)["data"])


def test_parts_are_certified_on_what_they_read_in_use(translator):
    parts = json.loads((translator / "certificate.json").read_text())["parts"]
    assert set(parts) == {"reader", "writer", "masked"}
    for certificate in parts.values():
        rows = certificate["deviations"] + certificate["agreements"]
        assert "real" in {row["family"] for row in rows}


def test_readings_are_what_uses_hand_to_parts(model):
    data = fields()
    found = read(model.table(), model.call, data, draws=True)
    np.testing.assert_array_equal(found.real("reader")["data"], data["data"])
    expected = model.call("reader", {"data": data["data"]})["tokens"]
    np.testing.assert_array_equal(found.real("writer")["tokens"], expected)
    assert found.typical("masked").keys() == {"real"}
    assert found.typical("writer").keys() == {"real", "prior"}


def test_an_input_that_no_data_have_is_what_the_same_part_reads_elsewhere(model):
    step = Step("masked", {"data": "data", "mask": "other"})
    table = {
        "second": Use([replace(step, reads={"data": "other", "mask": "mask"})], {}),
        "first": Use([replace(step, reads={"data": "data", "mask": "data"})], {}),
    }
    seen = []

    def call(part, feed):
        seen.append(feed)
        return model.call(part, feed)

    data = {"data": fields()["data"][:1], "mask": fields()["target"][:1]}
    found = read(table, call, data, draws=False)
    assert len(seen) == 1  # the second use would tell nothing new of the part
    np.testing.assert_array_equal(found.real("masked")["mask"], data["data"])


def test_draws_inside_a_graph_have_the_distribution_of_the_draws(translator, tmp_path):
    path = export.to_pipeline(translator, tmp_path / "dream.onnx", "dream", random=True)
    session = onnxruntime.InferenceSession(path)
    assert [entry.name for entry in session.get_inputs()] == ["labels"]
    labels = np.arange(300, dtype="int32") % 3
    _, tokens = session.run(["target", "read"], {"labels": labels})
    shares = np.bincount(tokens.ravel(), minlength=5) / tokens.size
    assert (tokens.dtype, len(shares)) == (np.int32, 5)
    SMALL_SAMPLES.check(shares, np.full(5, 0.2))
    path = export.to_pipeline(translator, tmp_path / "inpaint.onnx", "inpaint", random=True)
    session = onnxruntime.InferenceSession(path)
    assert [entry.name for entry in session.get_inputs()] == ["data"]
    mask = session.run(["result/mask"], {"data": fields(100)["data"]})[0]
    assert set(np.unique(mask)) == {0.0, 1.0}
    SMALL_SAMPLES.check(mask.mean(), 0.25)


def test_cardinality_follows_a_value_from_part_to_part(model):
    assert cardinality(model) == {
        "reader": {"tokens": 5},
        "writer": {"tokens": 5, "labels": 3},
        "masked": {},
    }


def one_node(operator, opset, *, domain=""):
    """A graph `x` → `y` of one operator."""
    info = onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node(operator, ["x"], ["y"], domain=domain)],
        operator,
        [info("x", onnx.TensorProto.FLOAT, ["batch", 2])],
        [info("y", onnx.TensorProto.FLOAT, ["batch", 2])],
    )
    imports = [onnx.helper.make_opsetid("", opset)]
    imports += [onnx.helper.make_opsetid(domain, opset)] if domain else []
    return onnx.helper.make_model(graph, opset_imports=imports, ir_version=10)


def chained():
    steps = [Step("first", {"x": "x"}), Step("second", {"x": "first/y"})]
    return Use(steps, {"y": "second/y"})


def test_parts_of_two_opsets_are_brought_to_the_newer_one(tmp_path):
    graphs = {"first": one_node("Sqrt", 17), "second": one_node("Neg", 21)}
    proto = merged("chain", chained(), lambda part: graphs[part])
    assert [entry.version for entry in proto.opset_import] == [21]
    with storing(proto, tmp_path / "chain.onnx") as path:
        x = np.full((3, 2), 4, "float32")
        (answer,) = onnxruntime.InferenceSession(path).run(None, {"x": x})
    np.testing.assert_array_equal(answer, -2 * np.ones((3, 2)))


def test_parts_of_two_sets_of_another_domain_are_rejected_by_name():
    graphs = {"first": one_node("Fast", 1, domain="a"), "second": one_node("Fast", 2, domain="a")}
    for graph, opset in zip(graphs.values(), (1, 2), strict=True):
        graph.opset_import[0].version, graph.opset_import[1].version = 21, opset
    with pytest.raises(ExportError, match="operator set of 'a'. Received: first 1, second 2"):
        merged("chain", chained(), lambda part: graphs[part])


def test_graphs_inside_nodes_follow_the_wiring():
    from onnx import TensorProto, helper

    def branch(name, node):
        out = helper.make_tensor_value_info("z", TensorProto.FLOAT, None)
        return helper.make_graph([node], name, [], [out])

    info = helper.make_tensor_value_info
    larger = branch("larger", helper.make_node("Mul", ["x", "x"], ["z"]))
    smaller = branch("smaller", helper.make_node("Neg", ["x"], ["z"]))
    nodes = [
        helper.make_node("ReduceSum", ["x"], ["sum"], keepdims=0),
        helper.make_node("Greater", ["sum", "zero"], ["positive"]),
        helper.make_node("If", ["positive"], ["y"], then_branch=larger, else_branch=smaller),
    ]
    zero = onnx.numpy_helper.from_array(np.float32(0), "zero")
    ports = [info(name, TensorProto.FLOAT, ["batch", 2]) for name in ("x", "y")]
    graph = helper.make_graph(nodes, "either", ports[:1], ports[1:], [zero])
    imports = [helper.make_opsetid("", 21)]
    model = helper.make_model(graph, opset_imports=imports, ir_version=10)
    content = model.SerializeToString()
    proto = merged("chain", chained(), lambda part: onnx.load_from_string(content))
    onnx.checker.check_model(proto, full_check=True)
    x = np.full((3, 2), -2, "float32")
    (answer,) = onnxruntime.InferenceSession(proto.SerializeToString()).run(None, {"x": x})
    np.testing.assert_array_equal(answer, np.full((3, 2), 4, "float32"))  # −x, then its square


def test_a_value_that_is_given_twice_is_copied():
    use = replace(
        chained(), gives={"y": "second/y", "again": "second/y", "x": "x", "root": "first/y"}
    )
    graphs = {"first": one_node("Sqrt", 21), "second": one_node("Neg", 21)}
    proto = merged("chain", use, lambda part: graphs[part])
    onnx.checker.check_model(proto, full_check=True)
    session = onnxruntime.InferenceSession(proto.SerializeToString())
    assert [entry.name for entry in session.get_outputs()] == ["y", "again", "result/x", "root"]
    answers = session.run(None, {"x": np.full((3, 2), 4, "float32")})
    assert [float(answer[0, 0]) for answer in answers] == [-2, -2, 4, 2]
