"""The errors that zoo raises on purpose: one line each, ready to be shown to a user."""

import difflib
from collections.abc import Iterable


class ZooError(Exception):
    """An error whose message gives the rule, what was received and what is accepted.

    Attributes:
        exit_code: Of the command line: 1 for a failure, 2 for wrong use.
    """

    exit_code = 1


class DataError(ZooError, ValueError):
    """Data that cannot be used as they are.

    Attributes:
        options: Those of `load_data` that it is about; the command line has other names for them.
    """

    def __init__(self, message: str = "", *, options: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.options = options


class TargetError(ZooError, OSError):
    """A file that could not be written; whatever was there before is untouched."""


class ModelError(ZooError, ValueError):
    """A model that cannot be built or used as asked."""

    exit_code = 2


class UseError(ZooError, ValueError):
    """Inputs that a use of a model cannot read."""

    exit_code = 2


class UnknownModelError(ZooError, KeyError):
    """A name that the registry does not hold."""

    exit_code = 2

    def __str__(self) -> str:
        """The message itself, without the quotes that `KeyError` puts around it."""
        return str(self.args[0])


class BackendError(ZooError, ImportError):
    """A backend that is missing or not one that models train on."""


class RunError(ZooError, ValueError):
    """A run folder or a checkpoint that cannot be used as asked."""


class DivergenceError(ZooError, ArithmeticError):
    """A loss or a weight that became NaN or infinite."""


def suggestion(name: str, known: Iterable[object]) -> str:
    """A sentence that names the nearest of the known names, or nothing."""
    spelled = {str(own).lower(): own for own in known}
    near = difflib.get_close_matches(str(name).lower(), list(spelled), n=1)
    return f" Did you mean {spelled[near[0]]!r}?" if near else ""
