"""The scripts of published results: kept records, their page, likelihoods of known value."""

import json
import math

import keras
import numpy as np
import pytest

from benchmarks.papers import clustering, likelihood, modes
from benchmarks.papers.schedule import Case, Schedule, main, page

pytestmark = pytest.mark.once


def _run(arrays, schedule):
    arrays.append(schedule)
    return {"error": 0.5 * schedule.length, "control": 0.01234}


CASES = {"short": Case(_run, 4, 1, "0.7"), "long": Case(_run, 100, 2, "0.6")}


def _main(calls, path, *options):
    given = ["--data", "data.npz", "--out", str(path / "r.jsonl"), *options]
    main("module", "Title", "About.", CASES, lambda _: calls, doc="Help.", given=given)


def test_recorded_cases_are_not_run_again(tmp_path):
    calls = []
    _main(calls, tmp_path, "short")
    _main(calls, tmp_path, "--quick")
    _main(calls, tmp_path, "--quick", "--seed", "1")
    assert [(c.length, c.seed) for c in calls] == [(4, 0), (1, 0), (2, 0), (1, 1), (2, 1)]
    assert [c.quick for c in calls] == [False, True, True, True, True]
    _main(calls, tmp_path, "--quick")
    assert len(calls) == 5
    records = [json.loads(line) for line in (tmp_path / "r.jsonl").read_text().splitlines()]
    assert [r["result"]["error"] for r in records] == [2.0, 0.5, 1.0, 0.5, 1.0]
    backend = keras.backend.backend()
    text = (tmp_path / "r.md").read_text()
    assert f"| short | {backend} | 4 epochs, seed 0 | 2.00 | 0.01234 | 0.7 |" in text
    assert (
        f"| long | {backend} | quick: 2 of 100 epochs, seeds 0, 1 | 1.00 | 0.01234 | 0.6 |" in text
    )


def test_a_first_look_is_no_record_of_the_same_length(tmp_path):
    calls = []
    _main(calls, tmp_path, "short", "--quick", "--length", "4", "--runs", str(tmp_path))
    _main(calls, tmp_path, "short", "--runs", str(tmp_path))
    assert [call.quick for call in calls] == [True, False]
    assert calls[0].folder != calls[1].folder


def test_further_files_are_read_after_the_data(tmp_path, capsys):
    read = []
    script = ("module", "Title", "About.", CASES, lambda *paths: read.append(paths) or [])
    files = {"features": "A classifier."}
    given = ["short", "--data", "a/d.npz", "--out", str(tmp_path / "r.jsonl")]
    main(*script, doc="Help.", files=files, given=[*given, "--features", "b/f.onnx"])
    assert [[path.name for path in paths] for paths in read] == [["d.npz", "f.onnx"]]
    record = json.loads((tmp_path / "r.jsonl").read_text())
    assert "CASE --data d.npz --features f.onnx --length 4 " in record["conditions"]
    with pytest.raises(SystemExit):
        main(*script, doc="Help.", files=files, given=given)
    assert "--features" in capsys.readouterr().err


def test_an_unknown_case_is_named(tmp_path, capsys):
    with pytest.raises(SystemExit):
        _main([], tmp_path, "shorter")
    assert "unknown case shorter. Accepted: short, long." in capsys.readouterr().err


def test_a_number_that_a_case_lacks_is_blank():
    shared = {"backend": "jax", "length": 4, "seed": 0, "conditions": "Here."}
    records = [
        {"case": "short", "result": {"a": 1.0}, **shared},
        {"case": "short", "result": {"b": 2.0}, **shared},
    ]
    assert "| 4 epochs, seed 0 |  | 2.00 | 0.7 |" in page("T", "A.", CASES, records)


def test_seeds_of_a_case_are_one_row():
    shared = {"case": "short", "backend": "jax", "length": 4, "conditions": "Here."}
    records = [{"seed": n, "result": {"a": value}, **shared} for n, value in ((0, 1.0), (3, 4.0))]
    assert "| 4 epochs, seeds 0, 3 | 2.50 (1.00 to 4.00) | 0.7 |" in page("T", "A.", CASES, records)


def test_modes_that_points_hit():
    centres, deviation = modes.modes("ring")
    points = np.repeat(centres[:4], 5, axis=0)
    points[0] += (2.9 * deviation, 0.0)
    points[5:10] += (0.0, 3.1 * deviation)
    found = modes.judge(points, "ring")
    assert (found["modes"], found["quality"]) == (3.0, 75.0)
    assert found["divergence"] == pytest.approx(math.log(2.0))
    data = modes.judge(modes.draw("grid", 10_000, seed=0), "grid")
    # Within three deviations of a Gaussian of two dimensions: 1 − exp(−9/2).
    assert data["modes"] == 25
    assert data["quality"] == pytest.approx(98.89, abs=0.4)


def test_clusters_have_the_class_of_their_likeliest_row():
    labels = np.array([3, 3, 5, 5, 5, 7])
    clusters = np.array([0, 0, 0, 1, 1, 1])
    scores = np.array([0.2, 0.3, 0.9, 0.5, 0.6, 0.9])
    # Cluster 0 has the class 5, of one of its rows; cluster 1 the class 7.
    found = clustering.accuracies(clusters, scores, labels)
    assert found == {
        "likeliest": pytest.approx(100 * 2 / 6),
        "frequent": pytest.approx(100 * 4 / 6),
    }


def test_a_shorter_schedule_scales_its_places():
    assert Schedule(50, 500).scaled(200) == 20
    assert Schedule(1, 500).scaled(200) == 1


def test_best_weights_are_those_of_the_lowest_loss(tmp_path):
    best = likelihood.Best(tmp_path / "best.weights.h5")
    network = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    best.set_model(network)
    for value in (3.0, 1.0, 2.0):
        network.set_weights([np.array([[value]])])
        best.on_epoch_end(int(value), {"val_loss": value})
    network.load_weights(best.path)
    assert network.get_weights()[0].item() == 1.0
    assert json.loads(best.found.read_text()) == {"epoch": 2, "val_loss": 1.0}


def test_pixels_are_drawn_anew_with_their_own_probabilities():
    data = np.repeat(np.array([[0.0, 0.25, 1.0]], "float32"), 4000, axis=0)
    drawn = likelihood.Drawn(data, 4000, seed=0)
    first = drawn[0]
    np.testing.assert_array_equal(first, drawn[0])
    drawn.on_epoch_end()
    assert not np.array_equal(first, drawn[0])
    assert set(np.unique(first)) == {0.0, 1.0}
    # Four standard errors of the middle pixel's mean.
    np.testing.assert_allclose(first.mean(axis=0), [0, 0.25, 1], atol=4 * math.sqrt(0.1875 / 4000))


def test_a_decoder_that_ignores_its_latent_has_the_likelihood_of_its_pixels():
    import zoo

    model = zoo.create(
        "vae", shape=(3,), latent_dim=2, network="mlp", network_options={"width": [4]}
    )
    for weight in model.decoder.weights:
        weight.assign(np.zeros(weight.shape, "float32"))
    data = np.array([[0, 1, 1], [1, 0, 0]], "float32")
    found = likelihood.negative_log_likelihood(model, data, draws=2000)
    # Every weight is p(latent) / q(latent | data), whose mean is 1.
    assert found == pytest.approx(3 * math.log(2), abs=0.05)


def test_a_prior_of_its_own_takes_the_place_of_the_standard_normal():
    import zoo

    model = zoo.create(
        "vamp_vae",
        shape=(3,),
        latent_dim=2,
        num_pseudo_inputs=4,
        network="mlp",
        network_options={"width": [4]},
    )
    # Every posterior is N(0, e), and so is the prior, their mean: all weights are p(data).
    for network, bias in ((model.encoder, 1.0), (model.decoder, 0.0)):
        for weight in network.weights:
            weight.assign(np.zeros(weight.shape, "float32"))
        for layer in network.layers:
            if "log_variance" in layer.name and layer.weights:
                layer.bias.assign(np.full(2, bias))
    data = np.array([[0, 1, 1], [1, 1, 0]], "float32")
    found = likelihood.negative_log_likelihood(model, data, draws=3)
    assert found == pytest.approx(3 * math.log(2), abs=1e-5)
