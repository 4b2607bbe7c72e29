"""What the layers share that compute in a backend's own form what a layer of Keras computes."""

from collections.abc import Callable
from typing import Any

from zoo import backends


class OwnForm:
    """Stands before a Keras layer among a class's bases.

    The class has the method `own_form(forms, inputs)`, which gives None where Keras's form is to be
    used, and says with `export_as` which layer its `call` computes.
    """

    own_form: Callable[..., Any]

    def call(self, inputs: Any) -> Any:
        """What the Keras layer computes, in the backend's fastest form."""
        forms = backends.forms()
        found = None if forms is None else self.own_form(forms, inputs)
        return super().call(inputs) if found is None else found  # type: ignore[misc]
