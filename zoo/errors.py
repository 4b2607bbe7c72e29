"""The errors that zoo raises on purpose: one line each, ready to be shown to a user."""


class ZooError(Exception):
    """An error with a message that tells what was received and what is accepted."""


class DataError(ZooError, ValueError):
    """Data that cannot be used as they are."""


class TargetError(ZooError, OSError):
    """A file that could not be written; whatever was there before is untouched."""
