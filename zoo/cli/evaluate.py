"""Judges a run or a bundle on held-out data by every metric that its uses allow.

Samples are compared with test data, reconstructions with what they rebuild, codes with labels. The
last column holds what trivial baselines, or data themselves, reach.
"""

from __future__ import annotations

import argparse
from typing import Any

from zoo.cli import prior, sources, terminal, values
from zoo.cli.opened import add_subject
from zoo.metrics.evaluation import evaluate, select
from zoo.metrics.groups import GROUPS
from zoo.metrics.judged import Runner
from zoo.metrics.score import Report, Score

EXAMPLES = f"""\
examples:
  zoo evaluate runs/vae
  zoo evaluate runs/vae --prior flow --metrics likelihood fidelity
  zoo evaluate bundles/vae --data digits --metrics reconstruction frechet_distance
  zoo evaluate runs/table_gan --data people/ --metrics tables --predict city
  zoo evaluate runs/dcgan --data mnist.npz --features mnist.onnx --json

groups: {", ".join(GROUPS)}
zoo features train makes the features of other images than the embedded digits.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the model, the data, and what is measured."""
    add_subject(parser)
    sources.add_arguments(parser, help="as for zoo train; the run's own by default")
    parser.add_argument(
        "--metrics", nargs="+", metavar="NAME", help="metrics or groups, or patterns (all)"
    )
    parser.add_argument(
        "--features",
        metavar="FILE",
        help="what samples are compared in: an .onnx file of zoo features train, or pixels",
    )
    parser.add_argument(
        "--count",
        type=values.count,
        metavar="N",
        help="test data, and samples (all test data, at most 10000)",
    )
    parser.add_argument(
        "--predict",
        metavar="COLUMN",
        help="of tables: what a classifier that is trained on samples tells (the last category)",
    )
    prior.add_arguments(parser, data=False)
    parser.add_argument("--seed", type=values.seed, default=0, metavar="N", help="of samples (0)")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> None:
    """Evaluates, and prints a row for each metric."""
    select(options.metrics)
    opened = prior.opened(options)
    train, test = sources.load_for(opened, options)
    model = opened.about if hasattr(opened.about, "phases") else None
    report = evaluate(
        Runner(opened.about, opened.table, opened.use, model),
        train,
        test,
        metrics=options.metrics,
        features=options.features,
        count=options.count,
        seed=options.seed,
        predicted=options.predict,
    )
    if options.json:
        terminal.print_json({"subject": str(options.subject)} | report.to_json())
    else:
        show(report)


def show(report: Report) -> None:
    """Prints the conditions and the scores."""
    about = dict(report.conditions)
    features = about.pop("features")
    about["features"] = ", ".join(f"{key} {terminal.text(v)}" for key, v in features.items())
    terminal.print_pairs(about)
    print()
    terminal.print_table([_row(score) for score in report.scores])


def _row(score: Score) -> dict[str, Any]:
    return {
        "metric": score.metric,
        "on": score.features,
        "value": terminal.text(float(score.value)),
        "±": score.standard_error,
        "beside": ", ".join(
            f"{terminal.text(float(value))} {name}" for name, value in score.beside.items()
        ),
    }
