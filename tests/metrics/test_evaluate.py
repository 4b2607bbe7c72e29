"""A model, a bundle and a run, judged: which metrics there are, and what they are held against."""

import json

import keras
import numpy as np
import pytest

import zoo
from tests import tiny
from tests.tolerances import CERTIFICATE, EXACT
from zoo import metrics
from zoo.data import as_data, paired, unpaired
from zoo.errors import DataError, ModelError, UseError
from zoo.metrics import baselines
from zoo.metrics.groups import GROUPS
from zoo.metrics.judged import Runner

NAMES = {metric for group in GROUPS.values() for metric in group.metrics}


@pytest.fixture(scope="module")
def digits():
    return zoo.load_data("digits")


@pytest.fixture(scope="module")
def reference(digits):
    return metrics.Reference(*digits, count=200)


class Playback:
    """Stands in for a model: its samples and reconstructions are given."""

    def __init__(self, model, made):
        self.model, self.made = model, made

    def use(self, name, *, count=None, seed=0, **inputs):
        if name == "sample":
            return {"data": self.made[:count]}
        return {"reconstruction": inputs["data"]}

    def runner(self):
        return Runner(self.model, self.model.table(), self.use)


def images(data, value_range=(0.0, 1.0)):
    return data.batch(np.arange(len(data)), value_range)["data"]


@pytest.mark.once
def test_real_data_in_place_of_a_model_have_the_floors_scores(reference, digits):
    rows = np.linspace(0, len(digits[0]) - 1, 200).astype(int)
    made = digits[0].batch(rows, (0.0, 1.0))["data"]
    runner = Playback(tiny.create("vae"), made).runner()
    report = metrics.evaluate(
        runner, reference, metrics=["fidelity", "classes", "copies", "reconstruction"]
    )
    for score in report.scores:
        if "training data" in score.beside:
            assert score.value == pytest.approx(score.beside["training data"])
    assert report["memorisation"] == 1.0
    assert report["mean_squared_error"] == 0
    assert report["ssim"] == pytest.approx(1)
    assert report["classes_hit"] == 10
    assert report["coverage"] > 0.8


@pytest.mark.once
def test_scores_do_not_depend_on_the_range_that_a_model_scales_to(reference, digits):
    made = images(digits[0])[:200]
    low, high = (
        metrics.evaluate(
            Playback(tiny.create("vae", value_range=bounds), scaled).runner(),
            reference,
            metrics=["fidelity", "mean_squared_error"],
        )
        for bounds, scaled in (((0.0, 1.0), made), ((-1.0, 1.0), 2 * made - 1))
    )
    for first, second in zip(low.scores, high.scores, strict=True):
        assert first.metric == second.metric
        CERTIFICATE.check(first.value, second.value)


@pytest.mark.once
def test_one_picture_for_every_latent_is_far_from_the_data(reference, digits):
    made = np.repeat(images(digits[0])[:1], 200, axis=0)
    report = metrics.evaluate(Playback(tiny.create("vae"), made).runner(), reference)
    (score,) = (score for score in report.scores if score.metric == "frechet_distance")
    assert score.value > 20 * score.beside["training data"]
    assert report["coverage"] < 0.05 < report["precision"]
    assert report["classes_hit"] == 1
    assert report["classifier_score"] == pytest.approx(1)


@pytest.mark.once
def test_what_is_not_finite_is_null_in_json():
    score = metrics.Score("x", float("inf"), float("nan"), beside={"a": 1.0, "b": float("-inf")})
    assert score.to_json() == {
        "metric": "x",
        "value": None,
        "standard_error": None,
        "beside": {"a": 1.0, "b": None},
    }


@pytest.mark.once
def test_tokens_are_not_judged(tmp_path):
    (tmp_path / "x.txt").write_text("some text\n" * 40)
    text, _ = zoo.load_data(tmp_path / "x.txt", length=4)
    with pytest.raises(DataError, match="tokens"):
        metrics.Reference(text)


def test_uses_decide_which_metrics_there_are(digits):
    held = metrics.Reference(*digits, count=64)
    found = {}
    for name in ("vae", "vq_vae", "cgan", "shallow_autoencoder"):
        report = metrics.evaluate(tiny.create(name), held)
        found[name] = {score.metric for score in report.scores}
        assert found[name] <= NAMES
    both = {"mean_squared_error", "frechet_distance", "probe_accuracy", "active_units"}
    assert both | {"negative_log_likelihood"} <= found["vae"]
    assert "label_accuracy" in found["cgan"] and "label_accuracy" not in found["vae"]
    assert found["cgan"].isdisjoint(GROUPS["reconstruction"].metrics)
    assert {"perplexity", "codebook_share"} <= found["vq_vae"]
    assert found["vq_vae"].isdisjoint(GROUPS["fidelity"].metrics)
    assert "active_units" not in found["shallow_autoencoder"]


class Answers:
    """Stands in for a model: each of its uses gives what is said here."""

    def __init__(self, model, **answers):
        self.model, self.answers, self.given = model, answers, {}

    def use(self, name, *, count=None, seed=0, **inputs):
        self.given[name] = inputs
        return self.answers[name]

    def runner(self):
        return Runner(self.model, self.model.table(), self.use)


def scores_of(runner, reference, *names):
    report = metrics.evaluate(runner, reference, metrics=names)
    return {score.metric: score for score in report.scores}


@pytest.mark.once
def test_restored_data_stand_beside_the_damaged(digits, reference):
    asked = reference.asked
    noisy = Answers(
        tiny.create("denoising_autoencoder"),
        restore={"corrupted": asked + 0.5, "clean": asked + 0.25},
    )
    score = scores_of(noisy.runner(), reference, "restoration")["restoration_error"]
    assert score.value == pytest.approx(0.0625)
    assert score.beside == {"corrupted": pytest.approx(0.25)}


@pytest.mark.once
def test_enlarged_data_stand_beside_repeated_pixels(reference):
    asked, model = reference.asked, tiny.create("srgan", value_range=(0.0, 1.0))
    small = asked[:, ::2, ::2]
    answers = Answers(model, restore={"data": asked}, degrade={"low": small})
    score = scores_of(answers.runner(), reference, "restoration")["restoration_error"]
    repeated = small.repeat(2, axis=1).repeat(2, axis=2)
    assert score.value == 0
    assert score.beside == {"pixels repeated": pytest.approx(np.mean((repeated - asked) ** 2))}


@pytest.mark.once
def test_small_data_of_ones_own_are_what_is_enlarged(digits):
    pairs = [paired(data, low=images(data)[:, 1::2, 1::2]) for data in digits]
    held = metrics.Reference(*pairs, count=64)
    model = tiny.create("srgan", degradation=None)
    answers = Answers(model, restore={"data": 2 * held.asked - 0.5})
    score = scores_of(answers.runner(), held, "restoration")["restoration_error"]
    repeated = held.asked[:, 1::2, 1::2].repeat(2, axis=1).repeat(2, axis=2)
    expected = np.mean((repeated - held.asked) ** 2)
    assert score.value == pytest.approx(0.0625)
    assert score.beside == {"pixels repeated": pytest.approx(expected)}


@pytest.mark.once
def test_translations_stand_beside_their_targets(digits):
    pairs = [paired(data, target=images(data)[:, ::-1]) for data in digits]
    held = metrics.Reference(*pairs, count=64)
    model = tiny.create("pix2pix", value_range=(0.0, 1.0))
    answers = Answers(model, translate={"target": held.targets})
    found = scores_of(answers.runner(), held, "translation")
    assert found["translation_error"].value == 0
    mean = images(digits[0])[:, ::-1].mean(axis=0)
    expected = np.mean((held.targets - mean) ** 2)
    assert found["translation_error"].beside == {"mean target": pytest.approx(expected)}
    distance = found["translation_distance"]
    assert distance.value == pytest.approx(0, abs=1e-6) and distance.beside["data as they are"] > 10


@pytest.mark.once
def test_translations_without_pairs_are_held_against_the_other_domain(digits):
    held = metrics.Reference(*(unpaired(d, other=images(d)[::-1, ::-1]) for d in digits), count=64)
    model = tiny.create("cyclegan", value_range=(0.0, 1.0))
    answers = Answers(model, translate={"other": held.domain}, cycle={"data": held.asked + 0.5})
    found = scores_of(answers.runner(), held, "translation")
    assert set(found) == {"translation_distance", "cycle_error"}
    assert found["translation_distance"].value == pytest.approx(0, abs=1e-6)
    assert found["cycle_error"].value == pytest.approx(0.25)


@pytest.mark.once
def test_translations_into_classes_show_the_class_asked_for(digits, reference):
    train, labels = images(digits[0]), digits[0].labels
    asked = np.arange(reference.count) % 10
    shown = np.stack([train[labels == label][0] for label in range(10)])[asked]
    model = tiny.create("stargan", value_range=(0.0, 1.0))
    answers = Answers(model, translate={"other": shown}, cycle={"data": reference.asked})
    found = scores_of(answers.runner(), reference, "translation")
    EXACT.check(answers.given["translate"]["target_labels"], asked)
    score = found["translation_label_accuracy"]
    assert score.value > 0.9 and score.beside == {"chance": 0.1}
    assert "translation_error" not in found


@pytest.mark.once
def test_baselines_stand_beside_the_reconstructions_error(digits):
    report = metrics.evaluate(tiny.create("vae"), *digits, metrics=["mean_squared_error"])
    (score,) = report.scores
    train, test = (images(data) for data in digits)
    assert score.beside["mean"] == pytest.approx(baselines.mean_error(train, test))
    expected = baselines.principal_components_error(train, test, 4)
    assert score.beside["PCA of 4"] == pytest.approx(expected)


@pytest.mark.once
def test_the_likelihood_is_below_the_bound_that_training_minimises(digits):
    model = tiny.create("vae", network="mlp")
    model.fit(digits[0], epochs=5, verbose=0)
    report = metrics.evaluate(model, *digits, metrics=["likelihood"])
    bound = model.evaluate(digits[1])["loss"]
    assert report["negative_log_likelihood"] < bound
    assert report["negative_log_likelihood"] > 0.8 * bound


@pytest.mark.once
def test_a_model_with_another_posterior_or_prior_has_no_such_likelihood(digits):
    class Other(type(tiny.create("vae"))):
        def divergence(self, posterior, latent, batch):
            return 0.5 * super().divergence(posterior, latent, batch)

    held = metrics.Reference(*digits, count=32)
    model = Other(**tiny.settings("vae"))
    assert "negative_log_likelihood" not in metrics.evaluate(model, held, metrics=["likelihood"])


@pytest.mark.once
def test_vectors_without_bounds_are_judged_in_their_units():
    train, test = zoo.load_data("ring")
    model = zoo.create(
        "vae", shape=(2,), value_range=None, latent_dim=2, network_options={"width": 8}
    )
    model.adapt(train)
    report = metrics.evaluate(model, train, test, count=300)
    assert report.conditions["features"] == {"name": "standardized values"}
    assert "modes_hit" in report and "ssim" not in report
    expected = np.mean(
        (model.reconstruct(test.select(np.arange(5)).samples) - test.samples[:5]) ** 2
    )
    assert report["mean_squared_error"] == pytest.approx(expected, rel=1.5)


@pytest.mark.once
def test_data_without_a_test_split_or_labels_are_judged_too(digits):
    plain = as_data(images(digits[0]))
    report = metrics.evaluate(tiny.create("vae"), plain, metrics=["fidelity", "representation"])
    assert report.conditions["held_out"] == "last 10% of the data"
    assert report.conditions["count"] == 150
    assert report.conditions["features"] == {"name": "pixels"}
    assert "frechet_distance" in report and "probe_accuracy" not in report


@pytest.mark.once
def test_wrong_data_and_unknown_metrics_are_named(digits):
    with pytest.raises(UseError, match="Did you mean 'frechet_distance'"):
        metrics.evaluate(None, digits[0], metrics=["frechet_distnace"])
    with pytest.raises(ModelError, match=r"shape \(8, 8, 1\)"):
        metrics.evaluate(tiny.create("vae"), np.zeros((200, 4, 4, 1), "float32") + 0.5)
    with pytest.raises(DataError, match="16 rows"):
        metrics.Reference(*digits, count=3)


@pytest.mark.once
def test_a_bundle_has_the_models_scores(vae_folder, tmp_path, zoo_command, digits):
    assert zoo_command("export", vae_folder, "--out", tmp_path / "vae").code == 0
    words = ["--data", "digits", "--json"]
    reports = [
        json.loads(zoo_command("evaluate", subject, *words).out)
        for subject in (vae_folder, tmp_path / "vae")
    ]
    ours, bundles = ({s["metric"]: s["value"] for s in r["scores"]} for r in reports)
    assert set(ours) - set(bundles) == {"negative_log_likelihood"}
    for metric, value in bundles.items():
        # Counts of neighbours and answers move by whole rows where a distance is next to a bound.
        assert value == pytest.approx(ours[metric], rel=1e-4, abs=0.01), metric
    assert reports[0]["features"]["sha256"] == reports[1]["features"]["sha256"]


@pytest.mark.once
def test_the_table_names_features_and_baselines(vae_folder, zoo_command):
    code, out, _ = zoo_command("evaluate", vae_folder, "--metrics", "frechet_distance", "mean_*")
    assert code == 0
    lines = out.splitlines()
    (row,) = (line for line in lines if line.startswith("frechet_distance"))
    assert "digits classifier" in row and row.endswith("training data")
    (row,) = (line for line in lines if line.startswith("mean_squared_error"))
    assert row.endswith("PCA of 4") and " mean, " in row
    assert any(line.startswith("features") and "sha256" in line for line in lines)
    assert "coverage" not in out
    code, _, err = zoo_command("evaluate", vae_folder, "--metrics", "fid")
    assert code == 2
    assert "There is no metric 'fid'" in err


@pytest.mark.once
def test_a_callback_adds_metrics_to_history_and_a_file(digits, tmp_path):
    model = tiny.create("vae")
    path = tmp_path / "metrics.jsonl"
    judge = metrics.MetricCallback(
        *digits, metrics=["frechet_distance", "mean_squared_error"], every=2, count=64, path=path
    )
    few = digits[0].select(slice(0, 128))
    history = model.fit(few, epochs=4, callbacks=[judge], verbose=0).history
    assert np.isnan(history["frechet_distance"][::2]).all()
    assert np.isfinite(history["frechet_distance"][1::2]).all()
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["epoch"] for line in lines] == [2, 4]
    assert lines[1]["mean_squared_error"] == history["mean_squared_error"][3]
    report = metrics.evaluate(model, *digits, count=64, metrics=["frechet_distance"])
    assert report["frechet_distance"] == pytest.approx(lines[1]["frechet_distance"])


@pytest.mark.once
def test_a_checkpoint_keeps_the_best_model_by_a_metric(digits, tmp_path):
    held = metrics.Reference(*digits, count=64)
    model = tiny.create("vae")
    best = keras.callbacks.ModelCheckpoint(
        tmp_path / "best.keras", monitor="frechet_distance", save_best_only=True, mode="min"
    )
    judge = metrics.MetricCallback(held, metrics=["frechet_distance"])
    few = digits[0].select(slice(0, 128))
    history = model.fit(few, epochs=3, callbacks=[judge, best], verbose=0).history
    kept = metrics.evaluate(zoo.load(tmp_path / "best.keras"), held, metrics=["frechet_distance"])
    assert kept["frechet_distance"] == pytest.approx(min(history["frechet_distance"]))


@pytest.mark.once
def test_a_callback_rejects_a_metric_before_training():
    with pytest.raises(UseError, match="no metric 'fid'"):
        metrics.MetricCallback(np.zeros((4, 2)), metrics=["fid"])
    with pytest.raises(ValueError, match="every is at least 1"):
        metrics.MetricCallback(np.zeros((4, 2)), every=0)


@pytest.mark.once
def test_factors_of_the_data_and_paths_of_latents_are_judged_where_there_are_some(digits):
    train, test = (
        as_data(
            {"data": images(data)[:n], "factors": np.stack([data.labels, data.labels % 2], 1)[:n]}
        )
        for data, n in zip(digits, (200, 64), strict=True)
    )
    report = metrics.evaluate(
        tiny.create("vae"), train, test, metrics=["disentanglement", "path"], features="pixels"
    )
    assert {s.metric for s in report.scores} == {
        "mig",
        "sap",
        "path_length",
    }
    for metric in ("mig", "sap"):
        assert 0 <= report[metric] <= 1
    assert report["path_length"] > 0
    without = metrics.evaluate(tiny.create("vae"), *digits, metrics=["disentanglement"], count=64)
    assert without.scores == []
