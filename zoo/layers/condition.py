"""One category among those of all columns."""

from typing import Any

import keras
from keras import ops

from zoo.precision import precise, precise_dtype


@keras.saving.register_keras_serializable("genzoo")
class Condition(keras.Layer):
    """A quantile → the one-hot of a category, as often as the data have it: `(batch, categories)`.

    Every column comes equally often. Until the frequencies are assigned, every category does.

    Args:
        categories: How many there are, of all columns together.
    """

    def __init__(self, categories: int, **options: Any) -> None:
        super().__init__(**options)
        self.categories = categories

    def build(self, input_shape: Any) -> None:
        """Adds the frequencies, which nothing trains."""
        self.frequency = self.add_weight(
            shape=(self.categories,),
            initializer=keras.initializers.Constant(1 / self.categories),
            trainable=False,
            autocast=False,
            name="frequency",
        )
        self.built = True

    def call(self, inputs: Any) -> Any:
        """The first category whose cumulated frequency exceeds the quantile `(batch, 1)`."""
        bounds = ops.cumsum(ops.convert_to_tensor(self.frequency))
        passed = ops.cast(bounds[None] <= precise(inputs), "int32")
        chosen = ops.minimum(ops.sum(passed, axis=-1), self.categories - 1)
        return ops.one_hot(chosen, self.categories, dtype=precise_dtype())

    def compute_output_shape(self, input_shape: Any) -> Any:
        """One number for each category."""
        return (input_shape[0], self.categories)

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {**super().get_config(), "categories": self.categories}
