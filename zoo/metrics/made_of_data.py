"""How near restored and translated data come to what they should be, beside trivial answers."""

from __future__ import annotations

from collections.abc import Iterator

from zoo.metrics import classes, fidelity
from zoo.metrics.baselines import enlarged
from zoo.metrics.judged import Judged
from zoo.metrics.reconstruction import mean_squared_error
from zoo.metrics.score import Score

RESTORATION = ("restoration_error",)
TRANSLATION = (
    "translation_error",
    "translation_distance",
    "translation_label_accuracy",
    "cycle_error",
)


def restoration(judged: Judged) -> Iterator[Score]:
    """The squared error of data that a model damaged itself, beside that of the damaged data."""
    data, results = judged.reference.asked, judged.results("restore")
    if "corrupted" in results:
        beside = {"corrupted": mean_squared_error(data, results["corrupted"])}
    else:
        small = judged.results("degrade")["low"] if judged.reads("degrade") else judged.small
        beside = {"pixels repeated": mean_squared_error(data, enlarged(small, data.shape))}
    made = list(results.values())[-1]
    yield Score("restoration_error", mean_squared_error(data, made), beside=beside)


def translation(judged: Judged) -> Iterator[Score]:
    """Translations beside their targets, or beside data of the domain that they should be of."""
    reference, made = judged.reference, judged.translated
    targets = reference.targets
    if targets is not None:
        beside = {"mean target": reference.mean_target_error}
        yield Score("translation_error", mean_squared_error(targets, made), beside=beside)
    domain = reference.domain
    if made.shape[1:] == domain.shape[1:] == reference.asked.shape[1:]:
        name, extract = reference.features.name, reference.features.extract
        there, found = extract(domain), extract(made)
        beside = {
            "data as they are": fidelity.frechet_distance(there.features, reference.real.features)
        }
        distance = fidelity.frechet_distance(there.features, found.features)
        yield Score("translation_distance", distance, features=name, beside=beside)
        if judged.target_labels is not None and found.logits is not None:
            accuracy = classes.label_accuracy(found.logits, judged.target_labels)
            beside = {"chance": 1 / judged.runner.about.num_classes}
            yield Score("translation_label_accuracy", accuracy, features=name, beside=beside)
    if judged.reads("cycle"):
        again = list(judged.results("cycle").values())[-1]
        beside = {"mean": reference.mean_error}
        yield Score("cycle_error", mean_squared_error(reference.asked, again), beside=beside)
