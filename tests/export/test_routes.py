"""The converters of the backends, beside the direct route."""

from importlib import import_module

import keras
import pytest

import export
from export import routes
from export.certification import cross_check
from export.errors import ExportError, RouteError
from tests.export.conftest import small_generator

FOREIGN = {"jax": "jax2onnx", "torch": "torch", "tensorflow": "tf2onnx"}


@pytest.fixture(scope="module")
def opinionated(tmp_path_factory):
    path = tmp_path_factory.mktemp("routes") / "generator.onnx"
    return export.to_onnx(small_generator(), path, second_opinion=True)


def test_the_backend_s_own_converter_agrees_with_the_direct_route(opinionated):
    given = opinionated.second_opinion
    assert given["route"] == FOREIGN[keras.config.backend()] == routes.native_route()
    assert given["converts"]
    assert given["agrees"]
    assert f"second opinion: {given['route']} agrees, " in opinionated.summary()


def test_the_backend_s_own_converter_is_certified_under_the_same_names(tmp_path):
    route = FOREIGN[keras.config.backend()]
    certificate = export.to_onnx(small_generator(), tmp_path / "generator.onnx", route=route)
    assert certificate.route == route
    assert certificate.passed


def test_a_converter_that_fails_is_an_opinion_too(tmp_path, monkeypatch):
    path = tmp_path / "generator.onnx"
    model = small_generator()
    export.to_onnx(model, path)

    def fail(model, **options):
        raise ExportError("no such layer")

    monkeypatch.setattr(cross_check.routes, "convert", fail)
    given = cross_check.ask(model, path)
    assert (given["converts"], given["reason"]) == (False, "no such layer")


def test_the_second_opinion_stands_in_the_model_card(models, tmp_path, monkeypatch):
    fails = {"route": "abacus", "converts": False, "reason": "no such layer"}
    differs = {"route": "abacus", "converts": True, "agrees": False, "used": 2.5}

    def ask(network, *arguments, **options):
        return fails if network.name == "encoder" else differs

    monkeypatch.setattr("export.conversion.ask", ask)
    bundle = export.to_bundle(models["vae"], tmp_path / "vae", samples=False, second_opinion=True)
    card = (bundle / "README.md").read_text()
    assert "- encoder: abacus gives no graph that runs: no such layer\n" in card
    assert "- decoder: abacus DISAGREES, 250.0% of the tolerance\n" in card


def test_a_second_opinion_on_integers_counts_the_equal_ones(models, tmp_path):
    encoder = models["vq_vae"].parts()["encoder"]
    summary = export.to_onnx(encoder, tmp_path / "e.onnx", second_opinion=True).summary()
    assert " agrees, " in summary or " gives no graph that runs: " in summary
    assert "of the tolerance" not in summary


@pytest.fixture
def invalid(monkeypatch):
    """Lets the backend's own converter leave an operator that ONNX has not."""
    from onnx import helper

    def convert(model, opset):
        x = helper.make_tensor_value_info("x", 1, [1])
        node = helper.make_node("Bitcast", ["x"], ["x_out"])
        graph = helper.make_graph([node], "graph", [x], [])
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])

    route = FOREIGN[keras.config.backend()]
    monkeypatch.setattr(import_module(f"export.routes.{route}"), "convert", convert)
    return route


def test_an_invalid_graph_of_a_converter_is_refused_with_the_route_to_take(tmp_path, invalid):
    with pytest.raises(RouteError, match="No Op registered for Bitcast .* Accepted: the direct ro"):
        export.to_onnx(small_generator(), tmp_path / "generator.onnx", route=invalid)
    assert not list(tmp_path.iterdir())


def test_an_invalid_graph_is_an_opinion_without_advice(tmp_path, invalid):
    path = tmp_path / "generator.onnx"
    given = export.to_onnx(small_generator(), path, second_opinion=True).second_opinion
    assert given["route"] == invalid and not given["converts"]
    assert given["reason"].startswith("its graph is not valid ONNX: No Op registered for Bitcast")


def test_routes_of_other_backends_name_the_backend_to_set():
    for backend, route in FOREIGN.items():
        if backend != keras.config.backend():
            assert f"Set KERAS_BACKEND={backend}" in routes.unavailable(route)


def test_missing_packages_are_named_with_the_command_that_installs_them(monkeypatch):
    monkeypatch.setattr(routes, "find_spec", lambda name: None)
    route = FOREIGN[keras.config.backend()]
    assert "Install: pip install" in routes.unavailable(route)


def test_unknown_route_suggests_the_nearest(tmp_path):
    with pytest.raises(ExportError, match="Did you mean 'tf2onnx'"):
        export.to_onnx(small_generator(), tmp_path / "g.onnx", route="tf2onx")


@pytest.mark.skipif(keras.config.backend() != "jax", reason="jax2onnx converts what runs on JAX")
def test_a_size_that_jax_must_know_is_told_with_the_route_to_take(tmp_path, monkeypatch):
    import jax
    import jax2onnx

    def inconclusive(*args, **kwargs):
        raise jax.errors.InconclusiveDimensionOperation("'batch' is no number")

    monkeypatch.setattr(jax2onnx, "to_onnx", inconclusive)
    with pytest.raises(RouteError, match="JAX must know a size .*the direct route"):
        export.to_onnx(small_generator(), tmp_path / "model.onnx", route="jax2onnx")
    assert list(tmp_path.iterdir()) == []
