"""The precision and engine of a bundle, measured: what is kept, why, and what sessions make of it.

Times are injected, so that each choice is exact; one test measures.
"""

import json
import shutil
from collections import defaultdict
from dataclasses import replace

import numpy as np
import pytest

import export
from export import runtime
from export.bundle.parts import Request, convert_parts
from export.bundle.target import check_target
from export.choice import choose as choosing
from export.choice import judging, measuring
from export.choice.choose import BATCHES, CANDIDATES, FEW, choose, fastest
from export.errors import BundleError
from export.precision import certificate
from export.precision.fidelity import Bound
from export.runtime import chosen, openvino
from export.runtime.choice import BASELINE, Candidate, Choice, Rating
from export.runtime.manifest import Manifest, parse_manifest
from export.timing import Round
from tests.export.conftest import real_batch
from tests.export.damage import edit_manifest
from tests.tolerances import CERTIFICATE, FORMULA
from zoo.cli import opened

FLOAT32, OPENVINO, BFLOAT16, INT8, INT8_OPENVINO = CANDIDATES
STRICT = Bound(psnr=300.0, ssim=2.0, snr=300.0, agreement=2.0)


def injected(times, seen=None):
    """A measurement that gives each candidate its ratio; a list gives the next one each time."""
    seen = defaultdict(list) if seen is None else seen

    def measure(calls, workloads):
        seen["calls"].append(list(calls))
        seen["workloads"] = workloads
        found = {}
        for candidate in calls:
            ratio = times.get(candidate, 1.0)
            ratio = ratio.pop(0) if isinstance(ratio, list) else ratio
            found[candidate] = {w.name: (ratio, ratio) for w in workloads}
        return found

    return measure


@pytest.fixture(scope="module")
def converted(models, tmp_path_factory):
    """The certified float32 parts of a model in a folder, once for all choices."""
    model = models["vae"]
    folder = tmp_path_factory.mktemp("converted")
    request = Request(folder, "direct", None, "auto", False, "quick", False, {})
    with model.averaged_weights():
        parts, ports = convert_parts(model, request, real_batch(model))
    manifest = Manifest(
        model="VAE",
        paper="",
        settings={},
        shape=(8, 8, 1),
        value_range=(0.0, 1.0),
        num_classes=None,
        class_names=None,
        parts={},
        uses=model.table(),
        fields=ports.fields,
    )
    return folder, parts, manifest


@pytest.fixture
def chosen_by(converted, models, tmp_path):
    """Chooses among the candidates of a model by given times."""

    def run(times, *, data=True, seen=None):
        folder, parts, manifest = converted
        stage = shutil.copytree(folder, tmp_path / "stage")
        rows = real_batch(models["vae"]) if data else None
        with models["vae"].averaged_weights():
            kept, choice = choose(stage, parts, manifest, rows, measure=injected(times, seen))
        return stage, kept, choice

    return run


@pytest.fixture
def with_bfloat16(monkeypatch):
    monkeypatch.setattr(openvino, "has_bfloat16", lambda: True)


@pytest.fixture
def without_openvino(monkeypatch):
    monkeypatch.setattr(openvino, "find_spec", lambda name: None)


def auto_bundle(model, folder, times):
    """A bundle whose measurement is injected."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(measuring, "measure", injected(times))
        return export.to_bundle(
            model,
            folder,
            precision="auto",
            real_inputs=real_batch(model),
            certify="quick",
            samples=False,
        )


@pytest.fixture(scope="module")
def fast(models, tmp_path_factory):
    """A bundle that chose int8 in OpenVINO, and is slow in ONNX Runtime: do not write into it."""
    folder = tmp_path_factory.mktemp("fast") / "vae"
    return auto_bundle(models["vae"], folder, {OPENVINO: 0.8, INT8: 1.31, INT8_OPENVINO: 0.4})


@pytest.fixture
def own(fast, tmp_path):
    """A copy of it to damage."""
    return shutil.copytree(fast, tmp_path / "own")


@pytest.mark.parametrize(
    ("times", "kept"),
    [
        ({}, FLOAT32),
        ({OPENVINO: 0.951, INT8: 1.2, INT8_OPENVINO: 0.96}, FLOAT32),
        ({OPENVINO: 0.95}, OPENVINO),
        ({OPENVINO: 0.8, INT8: 0.77, INT8_OPENVINO: 0.7601}, OPENVINO),
        ({OPENVINO: 0.8, INT8: 0.77, INT8_OPENVINO: 0.76}, INT8_OPENVINO),
        ({OPENVINO: 0.8, BFLOAT16: 0.5, INT8_OPENVINO: 0.49}, BFLOAT16),
        ({INT8: 0.5, INT8_OPENVINO: 0.6}, INT8),
    ],
)
def test_a_candidate_is_kept_that_saves_five_percent_of_the_more_exact_ones(times, kept):
    ratings = [Rating(FLOAT32, 1.0)]
    ratings += [
        Rating(other, times.get(other), reason=None if other in times else "absent")
        for other in CANDIDATES[1:]
    ]
    assert fastest(ratings) == kept


def test_the_chosen_files_take_the_place_of_the_float32_ones(chosen_by, converted):
    stage, parts, choice = chosen_by({OPENVINO: 0.9, INT8: 0.7, INT8_OPENVINO: 0.5})
    assert choice.candidate == INT8_OPENVINO
    assert choice.rating(INT8_OPENVINO).ratio == 0.5
    assert sorted(path.name for path in stage.iterdir()) == sorted(row.part.file for row in parts)
    for row in parts:
        assert (stage / row.part.file).read_bytes() != (converted[0] / row.part.file).read_bytes()
        assert row.lowered.file_sha256 == row.part.sha256
    assert choice.reason == "it takes 0.50 of the time of float32 in ONNX Runtime"


def test_what_is_not_clearly_faster_is_not_kept(chosen_by, converted):
    stage, parts, choice = chosen_by({OPENVINO: 0.96, INT8: 2.0, INT8_OPENVINO: 0.97})
    assert choice.candidate == BASELINE
    assert choice.reason == "no other candidate takes 5% less time"
    assert [row.lowered for row in parts] == [None] * len(parts)
    for path in converted[0].iterdir():
        assert (stage / path.name).read_bytes() == path.read_bytes()


def test_the_fastest_is_measured_again_and_the_worse_ratio_counts(chosen_by):
    seen = defaultdict(list)
    times = {OPENVINO: [0.8, 0.7], INT8: 0.9, INT8_OPENVINO: [0.5, 1.1]}
    _, _, choice = chosen_by(times, seen=seen)
    assert choice.candidate == OPENVINO
    assert choice.rating(INT8_OPENVINO).ratio == 1.1
    assert choice.rating(OPENVINO).ratio == 0.8
    measured = [FLOAT32, OPENVINO, INT8, INT8_OPENVINO]
    assert seen["calls"] == [measured, [FLOAT32, INT8_OPENVINO], [FLOAT32, OPENVINO]]


def test_every_use_that_data_reach_is_measured_with_one_row_and_with_many(chosen_by, models):
    seen = defaultdict(list)
    chosen_by({}, seen=seen)
    uses = list(models["vae"].table())
    assert [(w.name, len(next(iter(w.inputs.values())))) for w in seen["workloads"]] == [
        (name, count) for count in BATCHES for name in uses
    ]
    rows = {len(array) for w in seen["workloads"][len(uses) :] for array in w.inputs.values()}
    assert rows == {64}


def test_int8_that_loses_too_much_is_no_candidate_and_the_reason_is_kept(chosen_by, monkeypatch):
    monkeypatch.setitem(certificate.BOUNDS, "int8", STRICT)
    stage, _, choice = chosen_by({OPENVINO: 0.5, INT8: 0.1, INT8_OPENVINO: 0.1})
    assert choice.candidate == OPENVINO
    for candidate in (INT8, INT8_OPENVINO):
        assert choice.rating(candidate).ratio is None
        assert "loses too much in int8" in choice.rating(candidate).reason
    assert not (stage / "int8").exists()


def test_a_candidate_is_judged_in_its_own_engine(chosen_by, monkeypatch):
    def spoilt(graph, feed):
        outputs = run(graph, feed)
        if isinstance(graph, openvino.Network):
            return {name: array + np.float32(0.5) for name, array in outputs.items()}
        return outputs

    run = judging.run
    monkeypatch.setattr(judging, "run", spoilt)
    _, _, choice = chosen_by({OPENVINO: 0.1, INT8: 0.9, INT8_OPENVINO: 0.1})
    assert choice.candidate == INT8
    assert "differs from the native model in OpenVINO" in choice.rating(OPENVINO).reason
    assert "loses too much: int8 in OpenVINO. Rec" in choice.rating(INT8_OPENVINO).reason
    assert choice.rating(INT8).kept["decoder"].startswith("data on real inputs PSNR")
    assert choice.rating(BASELINE).kept["decoder"].endswith("% of the tolerance")


def test_a_candidate_that_cannot_run_a_use_is_none(chosen_by, monkeypatch):
    def failing(use, call, inputs):
        if getattr(call, "__self__", None).engine == "openvino":
            raise BundleError("OpenVINO cannot run the graph: too large")
        return run(use, call, inputs)

    run = choosing.run
    monkeypatch.setattr(choosing, "run", failing)
    _, _, choice = chosen_by({OPENVINO: 0.1, INT8: 0.9})
    assert choice.candidate == INT8
    assert choice.rating(OPENVINO).reason == "OpenVINO cannot run the graph: too large"


def test_bfloat16_inference_is_a_candidate_where_the_processor_has_it(chosen_by, with_bfloat16):
    _, parts, choice = chosen_by({OPENVINO: 0.9, BFLOAT16: 0.5, INT8: 0.7})
    assert choice.candidate == BFLOAT16
    assert choice.candidate.described == "bfloat16 inference of float32 in OpenVINO"
    assert "PSNR" in choice.rating(BFLOAT16).kept["decoder"]
    assert all(row.lowered is None for row in parts)
    decoder = next(row for row in parts if row.name == "decoder")
    assert len(decoder.reference["decoder/input/latent"]) == 68  # judged later as it was now


def test_bfloat16_inference_that_loses_too_much_is_none(chosen_by, with_bfloat16, monkeypatch):
    monkeypatch.setitem(judging.BOUNDS, "bfloat16", STRICT)
    _, _, choice = chosen_by({BFLOAT16: 0.1})
    assert choice.candidate == BASELINE
    reason = choice.rating(BFLOAT16).reason
    assert "loses too much: bfloat16 inference of float32 in OpenVINO" in reason


def test_a_processor_without_bfloat16_is_said_to_have_none(chosen_by, monkeypatch):
    monkeypatch.setattr(openvino, "has_bfloat16", lambda: False)
    _, _, choice = chosen_by({BFLOAT16: 0.1})
    assert choice.rating(BFLOAT16).reason == "This processor has no units for bfloat16."


def test_without_openvino_the_candidates_are_those_of_onnx_runtime(chosen_by, without_openvino):
    seen = defaultdict(list)
    _, _, choice = chosen_by({INT8: 0.7}, seen=seen)
    assert choice.candidate == INT8
    assert seen["calls"] == [[FLOAT32, INT8], [FLOAT32, INT8]]
    for candidate in (OPENVINO, BFLOAT16, INT8_OPENVINO):
        assert choice.rating(candidate).reason.endswith("Install: pip install openvino")


def test_without_data_the_uses_that_draw_are_measured(models, tmp_path, monkeypatch):
    seen = defaultdict(list)
    monkeypatch.setattr(measuring, "measure", injected({OPENVINO: 0.5, INT8: 0.1}, seen))
    folder = export.to_bundle(
        models["vae"], tmp_path / "vae", precision="auto", certify="quick", samples=False
    )
    choice = runtime.load(folder).manifest.choice
    assert choice.candidate == OPENVINO
    assert {workload.name for workload in seen["workloads"]} == {"sample", "decode"}
    assert "judged on real inputs" in choice.rating(INT8).reason


def test_without_uses_that_run_float32_in_onnx_runtime_stays(converted, models, tmp_path):
    folder, parts, manifest = converted
    stage = shutil.copytree(folder, tmp_path / "stage")
    table = {"reconstruct": manifest.uses["reconstruct"]}
    empty = [replace(part, readings=type(part.readings)()) for part in parts]
    _, choice = choose(stage, empty, replace(manifest, uses=table), None, measure=injected({}))
    assert choice.candidate == BASELINE
    assert choice.reason == "no other candidate could be measured"
    assert choice.rating(OPENVINO).reason == FEW


def test_ratios_are_of_the_fastest_calls_of_all_rounds(monkeypatch):
    times = iter([(9.0, 3.0), (2.0, 5.0), (4.0, 8.0)])

    def in_turn(sides, seconds):
        for row in times:
            yield [Round(median=100.0, best=best, calls=1) for best in row]

    monkeypatch.setattr(measuring, "in_turn", in_turn)
    monkeypatch.setattr(measuring, "ROUNDS", 3)
    assert measuring.ratios_to_first([None, None]) == [1.0, 1.5]


def test_slow_uses_are_measured_in_fewer_rounds(monkeypatch):
    def in_turn(sides, seconds):
        for turn in range(100):
            taken.append(turn)
            yield [Round(1.0, 1.0, 1)]

    taken = []
    monkeypatch.setattr(measuring, "in_turn", in_turn)
    monkeypatch.setattr(measuring, "LIMIT", -1.0)
    measuring.ratios_to_first([None])
    assert len(taken) == measuring.LEAST_ROUNDS


def test_ratios_of_uses_are_averaged_geometrically():
    FORMULA.check(measuring.geometric_mean({"sample": (0.5, 2.0), "encode": (4.0, 4.0)}), 2.0)


def test_a_bundle_says_what_it_chose_and_why(fast):
    content = json.loads((fast / "bundle.json").read_text())
    assert content["precision"] == "int8"
    choice = content["choice"]
    assert (choice["engine"], choice["inference_precision"]) == ("openvino", "float32")
    assert choice["threads"] >= 1 and choice["processor"] and choice["versions"]["openvino"]
    assert [row["ratio"] for row in choice["ratings"]][:2] == [1.0, 0.8]
    assert choice["ratings"][-1]["ratios"]["sample"] == [0.4, 0.4]
    card = (fast / "README.md").read_text()
    assert "Int8 in OpenVINO: it takes 0.40 of the time of float32 in ONNX Runtime." in card
    assert "| int8 in OpenVINO | 0.40 | 0.40 | chosen |" in card
    assert "| int8 in ONNX Runtime | 1.31 | 1.31 |  |" in card
    assert 'export.runtime.load(".", engine="auto")' in card


def test_a_choice_survives_json(fast):
    manifest = runtime.load(fast).manifest
    assert isinstance(manifest.choice, Choice)
    assert parse_manifest(json.loads(json.dumps(manifest.to_json()))) == manifest


def test_bundles_without_a_choice_have_no_entry(bundles):
    assert "choice" not in json.loads((bundles["vae"] / "bundle.json").read_text())
    assert runtime.load(bundles["vae"]).manifest.choice is None


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c.update(choice=[]),
        lambda c: c.update(choice={}),
        lambda c: c.update(precision="float16"),
        lambda c: c["choice"].update(engine="abacus"),
        lambda c: c["choice"].update(engine=["openvino"]),
        lambda c: c["choice"].update(inference_precision="float16"),
        lambda c: c["choice"].update(inference_precision="bfloat16"),
        lambda c: c["choice"].update(processor=""),
        lambda c: c["choice"].update(instructions="avx2"),
        lambda c: c["choice"].update(provider=None),
        lambda c: c["choice"].update(threads=0),
        lambda c: c["choice"].update(versions={"openvino": 3}),
        lambda c: c["choice"].update(batches=[]),
        lambda c: c["choice"].update(batches=[1, -64]),
        lambda c: c["choice"].update(margin="5 %"),
        lambda c: c["choice"].update(ratings=[]),
        lambda c: c["choice"].update(ratings=c["choice"]["ratings"][:1]),
        lambda c: c["choice"]["ratings"].append(c["choice"]["ratings"][0]),
        lambda c: c["choice"]["ratings"].append(3),
        lambda c: c["choice"]["ratings"][0].update(ratio=-1),
        lambda c: c["choice"]["ratings"][0].update(ratio=None),
        lambda c: c["choice"]["ratings"][0].update(reason="slow"),
        lambda c: c["choice"]["ratings"][0].update(ratios={"sample": [1.0]}),
        lambda c: c["choice"]["ratings"][0].update(ratios={"sample": "fast"}),
        lambda c: c["choice"]["ratings"][0].update(kept={"decoder": None}),
        lambda c: c["choice"]["ratings"][-1].update(ratio=None, reason="not measured"),
    ],
)
def test_malformed_choices_are_rejected(own, change):
    edit_manifest(own, change)
    with pytest.raises(BundleError, match=r"bundle\.json has no valid value"):
        runtime.load(own)


def test_auto_opens_the_engine_that_the_bundle_chose(fast, models):
    session = runtime.load(fast, engine="auto")
    assert session.engine == "openvino"
    assert isinstance(session._graphs.open("decoder"), openvino.Network)
    plain = runtime.load(fast)
    assert plain.engine == "onnxruntime"
    images = real_batch(models["vae"])["data"][:4]
    named = runtime.load(fast, engine="openvino").reconstruct(images)
    CERTIFICATE.check(session.reconstruct(images), named)
    assert runtime.load(fast, engine="onnxruntime").engine == "onnxruntime"


def test_bfloat16_inference_is_opened_as_chosen(own):
    def change(content):
        content["precision"] = "float32"
        content["choice"]["inference_precision"] = "bfloat16"
        content["choice"]["ratings"][2].update(ratio=0.5, reason=None)

    edit_manifest(own, change)
    session = runtime.load(own, engine="auto")
    assert (session.engine, session.inference_precision) == ("openvino", "bfloat16")


def test_auto_falls_back_to_onnx_runtime_and_says_so_once(fast, without_openvino):
    message = (
        "runs fastest in OpenVINO, which is not installed here: ONNX Runtime computes it, in 1.31 "
        "times the time of float32 where it was measured. Install: pip install openvino$"
    )
    with pytest.warns(UserWarning, match=message) as found:
        session = runtime.load(fast, engine="auto")
    assert len(found) == 1
    assert found[0].filename == __file__
    assert session.engine == "onnxruntime"
    assert session.sample(2).shape == (2, 8, 8, 1)


def test_auto_says_where_the_processor_is_another_one(own, without_openvino):
    edit_manifest(own, lambda content: content["choice"].update(processor="Abacus 9"))
    with pytest.warns(UserWarning, match="was measured on Abacus 9 .*, not on ") as found:
        runtime.load(own, engine="auto")
    assert len(found) == 1
    assert "not installed here" in str(found[0].message)


def test_auto_takes_the_chosen_engine_on_another_processor_too(own):
    edit_manifest(own, lambda content: content["choice"].update(instructions=["amx_int8"]))
    with pytest.warns(UserWarning, match=r"\(amx_int8\), not on .* faster here\.$"):
        assert runtime.load(own, engine="auto").engine == "openvino"


def test_auto_says_that_a_bundle_chose_nothing(bundles):
    with pytest.warns(UserWarning, match="was not measured in several engines"):
        assert runtime.load(bundles["vae"], engine="auto").engine == "onnxruntime"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"engine": "abacus"}, "one of auto, onnxruntime, openvino. Received: 'abacus'"),
        ({"engine": "auto", "providers": ["cpu"]}, "no named engine. Received: engine='auto'"),
        ({"engine": "auto", "inference_precision": "bfloat16"}, "the bundle chooses the inference"),
        ({"engine": "onnxruntime", "inference_precision": "bfloat16"}, "Only the package openvino"),
    ],
)
def test_engines_that_contradict_other_options_are_rejected(fast, options, message):
    with pytest.raises(ValueError, match=message):
        runtime.load(fast, **options)


def test_an_engine_that_is_asked_for_by_name_must_be_there(fast, without_openvino):
    with pytest.raises(ValueError, match="not installed here. Install: pip install openvino"):
        runtime.load(fast, engine="openvino")


def test_engines_of_the_commands_are_those_of_sessions():
    assert opened.ENGINES == chosen.NAMES


def test_verify_checks_a_bundle_in_the_engine_that_it_chose(fast, models):
    report = export.verify(fast, models["vae"])
    assert report.chosen.startswith("int8 in OpenVINO, as it takes 0.40 of the time of float32")
    assert "; checked there: decoder data PSNR" in report.summary()
    assert report.to_json()["chosen"] == report.chosen


def test_verify_says_where_it_could_not_check_the_engine(fast, without_openvino):
    report = export.verify(fast)
    assert report.ok
    assert report.chosen.endswith("; not checked there: openvino is not installed")


def test_verify_finds_an_engine_that_computes_something_else(fast, monkeypatch):
    run = openvino.Network.run
    monkeypatch.setattr(
        openvino.Network, "run", lambda self, *given: [a * 0 for a in run(self, *given)]
    )
    with pytest.raises(BundleError, match="in OpenVINO: the part 'decoder' lost too much"):
        export.verify(fast)


def test_a_bundle_with_a_choice_may_be_overwritten(own):
    check_target(own, overwrite=True)


def test_what_is_measured_is_consistent(models, tmp_path, monkeypatch):
    """Measures for real: no time is asserted, only what follows from the times."""
    monkeypatch.setattr(measuring, "ROUNDS", 1)
    monkeypatch.setattr(measuring, "ROUND", 0.001)
    model = models["cgan"]
    folder = export.to_bundle(
        model,
        tmp_path / "cgan",
        precision="auto",
        real_inputs=real_batch(model),
        certify="quick",
        samples=False,
    )
    assert export.verify(folder, model).ok
    manifest = runtime.load(folder).manifest
    choice = manifest.choice
    assert [row.candidate for row in choice.ratings] == list(CANDIDATES)
    for row in choice.ratings:
        if row.ratio is not None and row.candidate != BASELINE:
            assert row.ratio == measuring.geometric_mean(row.ratios)
            assert list(row.ratios) == list(manifest.uses)
    assert choice.candidate == fastest(choice.ratings)
    assert manifest.precision == choice.candidate.precision
    session = runtime.load(folder, engine="auto")
    assert session.engine == choice.candidate.engine
    assert session.sample(3).shape == (3, 8, 8, 1)


def test_candidates_are_described_in_words():
    assert BASELINE.described == "float32 in ONNX Runtime"
    assert Candidate("int8", "openvino").described == "int8 in OpenVINO"
