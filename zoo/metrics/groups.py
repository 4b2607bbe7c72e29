"""The metrics by what they need of a model: each group reads one use."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from zoo.data.sources.builtin import DEVIATIONS, mixture_centres
from zoo.errors import UseError
from zoo.metrics import (
    classes,
    copies,
    coverage,
    disentanglement,
    fidelity,
    made_of_data,
    reconstruction,
    tables,
)
from zoo.metrics.codes import active_units, codebook_use
from zoo.metrics.judged import Judged
from zoo.metrics.nll import negative_log_likelihood
from zoo.metrics.path_length import perceptual_path_length
from zoo.metrics.reference import representation_score
from zoo.metrics.score import Score

REPRESENTATION = (
    "neighbour_accuracy",
    "probe_accuracy",
    "clustering_accuracy",
    "clustering_nmi",
)
NEAREST = 2_000
"""Rows whose nearest training row is looked for."""
MOST_LATENTS = 256
"""Of codes that are held against factors, one latent at a time."""
PATHS = 1_000
"""Between latents, along which samples move."""
FLOOR = "training data"
INDEPENDENT = "independent columns"


@dataclass(frozen=True)
class Group:
    """Metrics that come together.

    Attributes:
        use: The use that they need.
        metrics: Their names.
        scores: The function that computes those that apply.
    """

    use: str
    metrics: Sequence[str]
    scores: Callable[[Judged], Iterator[Score]]

    def judge(self, judged: Judged) -> Iterator[Score]:
        """The scores, each of a metric that the group names."""
        for score in self.scores(judged):
            if score.metric not in self.metrics:
                raise UseError(
                    f"A group yields the metrics that it names. Received: {score.metric!r}. "
                    f"Accepted: {', '.join(self.metrics)}."
                )
            yield score


def _reconstruction(judged: Judged) -> Iterator[Score]:
    data, made, reference = judged.reference.asked, judged.rebuilt, judged.reference
    if made.shape != data.shape:
        return
    beside = {"mean": reference.mean_error}
    if judged.reads("encode") and not judged.discrete:
        code_dim = int(np.prod(judged.test_codes.shape[1:]))
        error = reference.components_error(code_dim)
        beside |= {} if error is None else {f"PCA of {code_dim}": error}
    error = reconstruction.mean_squared_error(data, made)
    yield Score("mean_squared_error", error, beside=beside)
    if reference.range is None:
        return
    yield Score("psnr", reconstruction.peak_signal_to_noise_ratio(data, made))
    if data.ndim == 4:
        yield Score("ssim", reconstruction.structural_similarity(data, made))
        if reconstruction.number_of_scales(min(data.shape[1:3])) > 1:
            similarity = reconstruction.multiscale_similarity(data, made)
            yield Score("ms_ssim", similarity)
    floor = {"entropy of the data": reconstruction.entropy_floor(data)}
    yield Score("cross_entropy", reconstruction.cross_entropy(data, made), beside=floor)


def _fidelity(judged: Judged) -> Iterator[Score]:
    """Distances of samples to test data, beside those of training data."""
    reference = judged.reference
    name = reference.features.name
    real, floor, made = (x.features for x in (reference.real, reference.floor, judged.made))
    beside = {FLOOR: fidelity.frechet_distance(real, floor)}
    distance = fidelity.frechet_distance(real, made)
    yield Score("frechet_distance", distance, features=name, beside=beside)
    estimate, least = (fidelity.kernel_distance(real, x) for x in (made, floor))
    beside = {FLOOR: least.value}
    yield Score("kernel_distance", estimate.value, estimate.standard_error, name, beside)
    for measure in (coverage.precision_recall, coverage.density_coverage):
        found, best = vars(measure(real, made)), vars(measure(real, floor))
        for metric, value in found.items():
            yield Score(metric, value, features=name, beside={FLOOR: best[metric]})


def _classes(judged: Judged) -> Iterator[Score]:
    """Scores of samples by the features' classifier, and modes of mixtures."""
    source = judged.reference.train.origin.get("source")
    if source in DEVIATIONS:
        points = judged.samples.reshape(len(judged.samples), -1)
        modes = classes.mixture_modes(points, mixture_centres(source), DEVIATIONS[source])
        yield from (Score(f"modes_{name}", value) for name, value in vars(modes).items())
    name, reference = judged.reference.features.name, judged.reference
    made, floor, real = (x.logits for x in (judged.made, reference.floor, reference.real))
    if made is None or floor is None or real is None:
        return
    found, best = (_of_classes(judged, logits) for logits in (made, floor))
    for metric, value in found.items():
        yield Score(metric, value, features=name, beside={FLOOR: best[metric]})
    if judged.labels is not None:
        accuracy = classes.label_accuracy(made, judged.labels)
        beside = {}
        if reference.labelled:
            beside = {"test data": classes.label_accuracy(real, reference.asked_labels)}
        yield Score("label_accuracy", accuracy, features=name, beside=beside)


def _of_classes(judged: Judged, logits: np.ndarray) -> dict[str, float]:
    predicted = classes.probabilities(logits)
    found: dict[str, float] = {"classifier_score": classes.classifier_score(predicted)}
    if judged.reference.labelled:
        modes = classes.class_modes(predicted, judged.reference.asked_labels)
        found |= {f"classes_{name}": value for name, value in vars(modes).items()}
    return found


def _copies(judged: Judged) -> Iterator[Score]:
    """How near samples are to the training data."""
    reference = judged.reference
    asked, made = reference.asked[:NEAREST], judged.samples[:NEAREST]
    value = copies.memorisation(reference.everything, asked, made)
    yield Score("memorisation", value, features="pixels", beside={"new data": 0.5})


def _path(judged: Judged) -> Iterator[Score]:
    """How far samples move as their latent does."""
    noise = judged.runner.table["sample"].draws.get("latent")
    if noise is None or noise.distribution not in ("normal", "uniform"):
        return
    count = min(judged.reference.count, PATHS)
    ends = [noise.draw(np.random.default_rng([judged.seed, end]), count) for end in (1, 2)]
    found = perceptual_path_length(
        judged.features_of, *ends, spherical=noise.distribution == "normal", seed=judged.seed
    )
    name = judged.reference.features.name
    yield Score("path_length", found.value, found.standard_error, name)


def _disentanglement(judged: Judged) -> Iterator[Score]:
    """Whether each factor of the data stands in one latent."""
    reference = judged.reference
    if not reference.has_factors or judged.discrete:
        return
    if not 2 <= judged.test_codes[0].size <= MOST_LATENTS:
        return
    known, asked = reference.known_factors, reference.asked_factors
    yield Score("mig", disentanglement.mutual_information_gap(judged.test_codes, asked))
    predictability = disentanglement.attribute_predictability(
        judged.train_codes, known, judged.test_codes, asked
    )
    yield Score("sap", predictability)


def _representation(judged: Judged) -> Iterator[Score]:
    """Scores of classes by codes, beside those by the data themselves."""
    reference = judged.reference
    if not reference.labelled:
        return
    for metric in REPRESENTATION:
        value = representation_score(metric, reference, judged.train_codes, judged.test_codes)
        yield Score(metric, value, beside={"data": reference.representation(metric)})


def _codes(judged: Judged) -> Iterator[Score]:
    """How codes are used."""
    codes = judged.test_codes
    if judged.discrete:
        settings = judged.runner.about.settings
        size = int(settings.get("codebook_size", codes.max() + 1))
        found = codebook_use(codes, max(size, int(codes.max()) + 1))
        yield Score("perplexity", found.perplexity, beside={"entries": size})
        yield Score("codebook_share", found.share)
        return
    if judged.code_is_mean:
        total = int(np.prod(codes.shape[1:]))
        yield Score("active_units", active_units(codes), beside={"latents": total})


def _likelihood(judged: Judged) -> Iterator[Score]:
    """−log p(data) in nats."""
    found = negative_log_likelihood(judged)
    if found is not None:
        yield Score("negative_log_likelihood", found.value, found.standard_error)


def _tables(judged: Judged) -> Iterator[Score]:
    """What a classifier learns of samples, and how the columns are distributed."""
    table = judged.table
    if table is None:
        return
    sizes = [len(c.categories) for c in table.categories]
    numbers, reference = len(table.numbers), judged.reference
    real, made, test = reference.known, judged.rows_as_known, reference.asked
    alone = tables.shuffled_columns(real, numbers, sizes, judged.seed)
    if (column := judged.predicted_columns) is not None:
        known, most = (
            tables.predict_column(real, test, column),
            tables.predict_most_frequent(real, test, column),
        )
        independent = tables.predict_column(alone, test, column)
        found = vars(tables.predict_column(made, test, column))
        for metric, value in found.items():
            beside = {FLOOR: vars(known)[metric], INDEPENDENT: vars(independent)[metric]}
            beside["most frequent"] = vars(most)[metric]
            name = f"trained_on_samples_{metric}"
            yield Score(name, value, features=judged.predicted, beside=beside)
    distance = tables.marginal_distance(test, made, numbers, sizes)
    beside = {FLOOR: tables.marginal_distance(test, real, numbers, sizes)}
    yield Score("marginal_distance", distance, beside=beside)
    floor, least = (tables.correlation_distance(test, rows) for rows in (real, alone))
    beside = {FLOOR: floor, INDEPENDENT: least}
    yield Score("correlation_distance", tables.correlation_distance(test, made), beside=beside)


GROUPS = {
    "reconstruction": Group(
        "reconstruct",
        (
            "mean_squared_error",
            "psnr",
            "ssim",
            "ms_ssim",
            "cross_entropy",
        ),
        _reconstruction,
    ),
    "restoration": Group("restore", made_of_data.RESTORATION, made_of_data.restoration),
    "translation": Group("translate", made_of_data.TRANSLATION, made_of_data.translation),
    "fidelity": Group(
        "sample",
        ("frechet_distance", "kernel_distance", "precision", "recall", "density", "coverage"),
        _fidelity,
    ),
    "classes": Group(
        "sample",
        (
            "classifier_score",
            "classes_hit",
            "classes_quality",
            "classes_reverse_kl",
            "label_accuracy",
            "modes_hit",
            "modes_quality",
            "modes_reverse_kl",
        ),
        _classes,
    ),
    "tables": Group(
        "sample",
        (
            "trained_on_samples_accuracy",
            "trained_on_samples_f1",
            "marginal_distance",
            "correlation_distance",
        ),
        _tables,
    ),
    "copies": Group("sample", ("memorisation",), _copies),
    "path": Group("sample", ("path_length",), _path),
    "representation": Group("encode", REPRESENTATION, _representation),
    "disentanglement": Group("encode", ("mig", "sap"), _disentanglement),
    "codes": Group("encode", ("perplexity", "codebook_share", "active_units"), _codes),
    "likelihood": Group("encode", ("negative_log_likelihood",), _likelihood),
}
"""Name → group, in the order in which they are reported."""
