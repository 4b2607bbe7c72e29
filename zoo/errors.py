"""The errors that zoo raises on purpose: one line each, ready to be shown to a user."""


class ZooError(Exception):
    """An error with a message that tells what was received and what is accepted."""


class DataError(ZooError, ValueError):
    """Data that cannot be used as they are."""


class TargetError(ZooError, OSError):
    """A file that could not be written; whatever was there before is untouched."""


class ModelError(ZooError, ValueError):
    """A model that cannot be built or used as asked."""


class UnknownModelError(ZooError, KeyError):
    """A name that the registry does not hold."""

    def __str__(self) -> str:
        """The message itself, without the quotes that `KeyError` puts around it."""
        return str(self.args[0])


class BackendError(ZooError, ImportError):
    """A backend that is missing or not one that models train on."""


class RunError(ZooError, ValueError):
    """A run folder or a checkpoint that cannot be used as asked."""


class DivergenceError(ZooError, ArithmeticError):
    """A loss or a weight that became NaN or infinite."""
