"""What a model's parts are fed with: real inputs, typical ones, and a few to keep."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from export.certification.inputs import BATCHES, embedded_cardinality, probes
from export.certification.native import Native
from export.errors import ExportError
from export.signature import Tensor

REAL = sum(BATCHES)  # how many real inputs the certificate takes
TYPICAL = 64
FEW = 8  # fewer real inputs than these calibrate and judge nothing


def in_float32(model: Any) -> Any:
    """The model itself, or a float32 one with its weights where it computes in less."""
    if model.settings.get("precision", "float32") == "float32":
        return model
    twin = type(model)(**{**model.settings, "precision": "float32"})
    twin.set_weights(model.get_weights())
    return twin


def cardinality(model: Any, network: Any) -> dict[str, int]:
    """How many values each integer input of a part takes."""
    found = embedded_cardinality(network)
    if model.num_classes is not None and "labels" in [symbol.name for symbol in network.inputs]:
        found["labels"] = model.num_classes
    return found


def real_inputs(
    model: Any, natives: Mapping[str, Native], real: Mapping[str, np.ndarray] | None
) -> dict[str, np.ndarray]:
    """Real inputs of every part: the data, and their codes for the decoder."""
    if real is None:
        return {}
    found = {name: np.asarray(values[:REAL]) for name, values in real.items()}
    if model.code is None or not {"encoder", "decoder"} <= set(natives):
        return found
    encoder = natives["encoder"]
    given = {tensor.name: found[tensor.name] for tensor in encoder.signature.inputs}
    # In the certificate's batches, whose shapes a compiling backend meets anyway.
    ends = [end for end in np.cumsum(BATCHES) if end <= len(found["data"])] or [len(found["data"])]
    pieces = [
        encoder({name: values[start:end] for name, values in given.items()})[model.code]
        for start, end in zip([0, *ends], ends, strict=False)
    ]
    codes = np.concatenate(pieces)
    found = {name: values[: len(codes)] for name, values in found.items()}
    reads = [t.name for t in natives["decoder"].signature.inputs if t.name != "labels"]
    return found | {reads[0]: codes}


def typical_inputs(
    model: Any, native: Native, real: Mapping[str, np.ndarray], known: Mapping[str, int]
) -> dict[str, dict[str, np.ndarray]]:
    """Inputs as they are in use, by family: `real` ones, and `prior` where the part samples it.

    A decoder is used on both: codes of data lie closer together than draws of the prior.

    Raises:
        ExportError: there are neither for an input of the part.
    """
    rng = np.random.default_rng([0])
    names = [tensor.name for tensor in native.signature.inputs]
    count = min((len(values) for values in real.values()), default=0)
    count, enough = (count, True) if count >= FEW else (TYPICAL, False)

    def typical(tensor: Tensor, sources: Mapping[str, Any]) -> np.ndarray:
        if tensor.name in sources:
            return np.asarray(sources[tensor.name][:count], dtype=tensor.dtype)
        if tensor.name == "labels":
            return (np.arange(count) % known["labels"]).astype(tensor.dtype)
        raise ExportError(
            f"A lower precision is judged on real inputs. Received: {len(real)} for "
            f"{tensor.name!r}. Pass real_inputs with {FEW} samples or more."
        )

    families: dict[str, Mapping[str, Any]] = {}
    given = {name: values for name, values in real.items() if enough and name in names}
    drawn = {name: noise.draw(rng, count) for name, noise in model.prior.items() if name in names}
    if set(given) - {"labels"} or not drawn:
        families["real"] = drawn | given
    if drawn:
        families["prior"] = given | drawn
    return {
        family: {tensor.name: typical(tensor, sources) for tensor in native.signature.inputs}
        for family, sources in families.items()
    }


def few_inputs(
    native: Native, real: Mapping[str, np.ndarray], known: Mapping[str, int]
) -> dict[str, np.ndarray]:
    """Three inputs of a part, real ones where there are."""
    batches = list(probes(native.signature, seed=1, cardinality=known, real=real or None))
    threes = {probe.family: probe.inputs for probe in batches if probe.count == 3}
    return threes.get("real", threes["normal"])


def reference(part: str, native: Native, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Inputs of a part and the native model's outputs, under the names that a bundle keeps."""
    arrays = {f"{part}/input/{name}": values for name, values in inputs.items()}
    return arrays | {f"{part}/output/{k}": values for k, values in native(inputs).items()}
