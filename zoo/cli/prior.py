"""A prior that is fitted to a model's codes before a command uses the model."""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from typing import Any

from zoo.cli import sources, splits, terminal, values
from zoo.cli.errors import UsageError
from zoo.cli.opened import Opened, check_no_engine, open_model, open_subject

NAMES = ("normal", "mixture", "aggregated", "vamp", "flow", "independent", "autoregressive")
"""The rows of `zoo.priors.KINDS`, for a parser without Keras."""


def add_arguments(parser: argparse.ArgumentParser, *, data: bool = True) -> None:
    """Adds the kind of prior, how many components it has, and the data that it is fitted to.

    Args:
        parser: Of a command.
        data: Whether the command has no data of its own.
    """
    parser.add_argument(
        "--prior",
        choices=NAMES,
        metavar="KIND",
        help="draw codes from a prior that is fitted to those of the run's data: "
        f"{', '.join(NAMES)} (the model's own)",
    )
    parser.add_argument(
        "--components",
        type=values.count,
        metavar="K",
        help="of the prior: normal distributions of a mixture, kept posteriors, pseudo-inputs",
    )
    parser.set_defaults(data_of_prior=data)
    if data:
        sources.add_arguments(parser, help="what --prior is fitted to; the run's own by default")


def opened(options: argparse.Namespace) -> Opened:
    """The subject, whose codes come from the prior that the options name, where they name one.

    Raises:
        UsageError: An option is for a prior and none is named, or the subject is a bundle.
    """
    if options.prior is None:
        check_unused(options)
        return open_subject(options.subject, options.engine)
    check_no_engine(options.engine, "--prior, which is fitted to a run")
    found = open_model(options.subject, "--prior is fitted to a run: zoo export RUN --prior KIND")
    train, _ = splits.splits_for(found, options)
    sampler = fitted(found.about, train, options)
    return replace(found, about=sampler, table=sampler.table(), use=sampler.use)


def check_unused(options: argparse.Namespace) -> None:
    """Checks that no option is for a prior that is not named.

    Raises:
        UsageError: One is.
    """
    if options.components is not None:
        raise UsageError("--components is of a prior. Received: no --prior.")
    if options.data_of_prior and (given := sources.given(options)):
        raise UsageError(f"{given[0]} is of what a prior is fitted to. Received: no --prior.")


def fitted(model: Any, data: Any, options: argparse.Namespace) -> Any:
    """The model with a prior of the options' kind, always of the same seed; says what it did."""
    from zoo.priors.sampler import ROWS, fit_prior

    given = {} if options.components is None else {"components": options.components}
    start = time.perf_counter()
    with terminal.results_only():
        sampler = fit_prior(model, data, options.prior, **given)
    seconds = time.perf_counter() - start
    about = ", ".join(
        f"{name} {value}" for name, value in sampler.settings.get("options", {}).items()
    )
    terminal.note(
        f"fitted the prior {options.prior}{f' ({about})' if about else ''} to codes of "
        f"{min(len(data), ROWS)} rows in {seconds:.1f} s"
    )
    return sampler
