"""A row of the table of models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zoo.model import GenerativeModel
    from zoo.settings import Setting


@dataclass(frozen=True)
class Row:
    """One model: where its class is, whose idea it is, and which settings the row changes.

    Attributes:
        target: `module:Class`, or `file.py:Class`.
        paper: The source that it is cited by.
        summary: The difference to other models, in a few words.
        settings: Defaults that the row changes.
        small: Settings with which it learns small images in some thousand steps, where its sizes
            scaled down do not do.
    """

    target: str
    paper: str = ""
    summary: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    small: Mapping[str, Any] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """The folder, `autoencoders`, `gans` or `hybrids`; of other packages their name."""
        module = self.target.partition(":")[0].split(".")
        return module[1] if module[0] == "zoo" else module[0]

    def load(self) -> type[GenerativeModel]:
        """The class; imports Keras and the backend.

        Raises:
            ModelError: There is no such class, or it is no `GenerativeModel`.
        """
        from zoo import backends
        from zoo.registry.classes import load_class

        backends.choose()
        return load_class(self.target)

    def fields(self) -> dict[str, Setting]:
        """The settings of the class, with the defaults that the row changes."""
        fields = dict(self.load().fields)
        return fields | {k: replace(fields[k], default=v) for k, v in self.settings.items()}
