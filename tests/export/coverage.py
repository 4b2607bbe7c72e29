"""What of Keras converts to ONNX: `python -m tests.export.coverage` writes docs/coverage.md.

Every public layer and every function of `keras.ops` is in one of three groups: it converts, with
a case that a test runs; it is refused, with the advice of its error; it is no part of a graph.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
from keras import layers, ops

from export.direct import registry

PAGE = Path(__file__).resolve().parents[2] / "docs" / "coverage.md"
VECTOR, SEQUENCE, IMAGE, VOLUME = (6,), (6, 4), (8, 7, 3), (5, 6, 5, 2)

# Functions that make no node: they look at a tensor, or wrap functions of a user's own.
OUTSIDE = {
    "convert_to_numpy": "leaves the graph",
    "custom_gradient": "a gradient; its function is traced",
    "dtype": "of a tensor, known when a model is built",
    "is_tensor": "known when a model is built",
    "ndim": "known when a model is built",
    "shape": "known sizes are numbers; unknown ones are read when the graph runs",
    "vectorize": "wraps a function",
    **dict.fromkeys(
        ("bartlett", "blackman", "hamming", "hanning", "kaiser"), "a constant when a model is built"
    ),
}
# Functions that make a tensor of sizes: a constant, or made when the graph runs.
MADE_OF_SIZES = ("arange", "empty", "eye", "identity", "ones", "tri", "zeros")
# Functions whose operation has another name.
OTHER_NAMES = {"extract_patches_3d": "ExtractPatches", "hard_swish": "HardSilu", "swish": "Silu"}

# Layer → the shape of its input and its settings.
LAYERS: dict[str, tuple[Any, dict[str, Any]]] = {
    "Activation": (VECTOR, {"activation": "relu"}),
    "ActivityRegularization": (VECTOR, {}),
    "AdaptiveAveragePooling1D": (SEQUENCE, {"output_size": 3}),
    "AdaptiveAveragePooling2D": (IMAGE, {"output_size": 3}),
    "AdaptiveAveragePooling3D": (VOLUME, {"output_size": 2}),
    "AdaptiveMaxPooling1D": (SEQUENCE, {"output_size": 3}),
    "AdaptiveMaxPooling2D": (IMAGE, {"output_size": 3}),
    "AdaptiveMaxPooling3D": (VOLUME, {"output_size": 2}),
    "Add": ([VECTOR, VECTOR], {}),
    "AdditiveAttention": ([SEQUENCE, SEQUENCE], {}),
    "AlphaDropout": (VECTOR, {"rate": 0.5}),
    "Attention": ([SEQUENCE, SEQUENCE], {}),
    "AugMix": (IMAGE, {}),
    "AutoContrast": (IMAGE, {}),
    "Average": ([VECTOR, VECTOR], {}),
    "AveragePooling1D": (SEQUENCE, {"pool_size": 2}),
    "AveragePooling2D": (IMAGE, {"pool_size": 2}),
    "AveragePooling3D": (VOLUME, {"pool_size": 2}),
    "BatchNormalization": (IMAGE, {}),
    "Bidirectional": (SEQUENCE, {"layer": lambda: layers.LSTM(3)}),
    "CategoryEncoding": ("int32", {"num_tokens": 9}),
    "CenterCrop": (IMAGE, {"height": 4, "width": 3}),
    "Concatenate": ([VECTOR, VECTOR], {}),
    "Conv1D": (SEQUENCE, {"filters": 3, "kernel_size": 3}),
    "Conv1DTranspose": (SEQUENCE, {"filters": 3, "kernel_size": 3, "strides": 2}),
    "Conv2D": (IMAGE, {"filters": 3, "kernel_size": 3}),
    "Conv2DTranspose": (IMAGE, {"filters": 3, "kernel_size": 3, "strides": 2}),
    "Conv3D": (VOLUME, {"filters": 3, "kernel_size": 3}),
    "Conv3DTranspose": (VOLUME, {"filters": 3, "kernel_size": 3, "strides": 2}),
    "ConvLSTM1D": ((3, 5, 2), {"filters": 3, "kernel_size": 3}),
    "ConvLSTM2D": ((3, 5, 4, 2), {"filters": 3, "kernel_size": 3}),
    "ConvLSTM3D": ((2, 4, 4, 4, 2), {"filters": 3, "kernel_size": 3}),
    "Cropping1D": (SEQUENCE, {}),
    "Cropping2D": (IMAGE, {"cropping": 1}),
    "Cropping3D": (VOLUME, {}),
    "CutMix": (IMAGE, {}),
    "Dense": (VECTOR, {"units": 3}),
    "DepthwiseConv1D": (SEQUENCE, {"kernel_size": 3}),
    "DepthwiseConv2D": (IMAGE, {"kernel_size": 3}),
    "Discretization": (VECTOR, {"bin_boundaries": [-1.0, 0.0, 1.0]}),
    "Dot": ([VECTOR, VECTOR], {"axes": 1}),
    "Dropout": (VECTOR, {"rate": 0.5}),
    "ELU": (VECTOR, {}),
    "EinsumDense": (SEQUENCE, {"equation": "abc,cd->abd", "output_shape": (None, 3)}),
    "Embedding": ("int32", {"input_dim": 9, "output_dim": 3}),
    "Equalization": (IMAGE, {}),
    "Flatten": (IMAGE, {}),
    "GRU": (SEQUENCE, {"units": 3}),
    "GaussianDropout": (VECTOR, {"rate": 0.5}),
    "GaussianNoise": (VECTOR, {"stddev": 0.5}),
    "GlobalAveragePooling1D": (SEQUENCE, {}),
    "GlobalAveragePooling2D": (IMAGE, {}),
    "GlobalAveragePooling3D": (VOLUME, {}),
    "GlobalMaxPooling1D": (SEQUENCE, {}),
    "GlobalMaxPooling2D": (IMAGE, {}),
    "GlobalMaxPooling3D": (VOLUME, {}),
    "GroupNormalization": (SEQUENCE, {"groups": 2}),
    "GroupQueryAttention": (
        [SEQUENCE, SEQUENCE],
        {"head_dim": 4, "num_query_heads": 4, "num_key_value_heads": 2},
    ),
    "Identity": (VECTOR, {}),
    "LSTM": (SEQUENCE, {"units": 3}),
    "Lambda": (VECTOR, {"function": lambda: lambda x: 2.0 * x}),
    "LayerNormalization": (SEQUENCE, {}),
    "LeakyReLU": (VECTOR, {}),
    "Masking": (SEQUENCE, {}),
    "MaxPooling1D": (SEQUENCE, {"pool_size": 2}),
    "MaxPooling2D": (IMAGE, {"pool_size": 2}),
    "MaxPooling3D": (VOLUME, {"pool_size": 2}),
    "Maximum": ([VECTOR, VECTOR], {}),
    "MelSpectrogram": (
        (64,),
        {
            "num_mel_bins": 5, "sampling_rate": 64, "sequence_stride": 16, "fft_length": 32,
            "min_freq": 1, "max_freq": 30,
        },
    ),
    "Minimum": ([VECTOR, VECTOR], {}),
    "MixUp": (IMAGE, {}),
    "MultiHeadAttention": ([SEQUENCE, SEQUENCE], {"num_heads": 2, "key_dim": 4}),
    "Multiply": ([VECTOR, VECTOR], {}),
    "Normalization": (VECTOR, {"mean": 0.5, "variance": 2.0}),
    "PReLU": (VECTOR, {}),
    "Permute": (SEQUENCE, {"dims": (2, 1)}),
    "Pipeline": (VECTOR, {"layers": lambda: [layers.Rescaling(2.0)]}),
    "RMSNormalization": (SEQUENCE, {}),
    "RNN": (SEQUENCE, {"cell": lambda: layers.LSTMCell(3)}),
    "RandAugment": (IMAGE, {}),
    "RandomBrightness": (IMAGE, {"factor": 0.2}),
    "RandomColorDegeneration": (IMAGE, {"factor": 0.2}),
    "RandomColorJitter": (IMAGE, {"brightness_factor": 0.2}),
    "RandomContrast": (IMAGE, {"factor": 0.2}),
    "RandomCrop": (IMAGE, {"height": 8, "width": 7}),
    "RandomElasticTransform": (IMAGE, {}),
    "RandomErasing": (IMAGE, {}),
    "RandomFlip": (IMAGE, {}),
    "RandomGaussianBlur": (IMAGE, {}),
    "RandomGrayscale": (IMAGE, {}),
    "RandomHue": (IMAGE, {"factor": 0.2}),
    "RandomInvert": (IMAGE, {}),
    "RandomPerspective": (IMAGE, {}),
    "RandomPosterization": (IMAGE, {"factor": 4}),
    "RandomRotation": (IMAGE, {"factor": 0.2}),
    "RandomSaturation": (IMAGE, {"factor": 0.2}),
    "RandomSharpness": (IMAGE, {"factor": 0.2}),
    "RandomShear": (IMAGE, {"x_factor": 0.2}),
    "RandomTranslation": (IMAGE, {"height_factor": 0.2, "width_factor": 0.2}),
    "RandomZoom": (IMAGE, {"height_factor": 0.2}),
    "ReLU": (VECTOR, {"negative_slope": 0.1}),
    "RepeatVector": (VECTOR, {"n": 3}),
    "Rescaling": (VECTOR, {"scale": 0.5, "offset": 1.0}),
    "Reshape": (SEQUENCE, {"target_shape": (-1, 2)}),
    "Resizing": (IMAGE, {"height": 5, "width": 9}),
    "ReversibleEmbedding": ("int32", {"input_dim": 9, "output_dim": 3}),
    "STFTSpectrogram": ((64, 1), {"frame_length": 16, "frame_step": 8, "fft_length": 16}),
    "SeparableConv1D": (SEQUENCE, {"filters": 3, "kernel_size": 3}),
    "SeparableConv2D": (IMAGE, {"filters": 3, "kernel_size": 3}),
    "SimpleRNN": (SEQUENCE, {"units": 3}),
    "Softmax": (VECTOR, {}),
    "Solarization": (IMAGE, {}),
    "SpatialDropout1D": (SEQUENCE, {"rate": 0.5}),
    "SpatialDropout2D": (IMAGE, {"rate": 0.5}),
    "SpatialDropout3D": (VOLUME, {"rate": 0.5}),
    "SpectralNormalization": (VECTOR, {"layer": lambda: layers.Dense(3)}),
    "Subtract": ([VECTOR, VECTOR], {}),
    "TimeDistributed": (SEQUENCE, {"layer": lambda: layers.Dense(3)}),
    "UnitNormalization": (VECTOR, {}),
    "UpSampling1D": (SEQUENCE, {}),
    "UpSampling2D": (IMAGE, {"interpolation": "bilinear"}),
    "UpSampling3D": (VOLUME, {}),
    "ZeroPadding1D": (SEQUENCE, {}),
    "ZeroPadding2D": (IMAGE, {}),
    "ZeroPadding3D": (VOLUME, {}),
}  # fmt: skip
# Layers that are refused, each with its reason; the errors say the same with a way out.
REFUSED_LAYERS = {
    "ContrastLimitedAdaptiveHistogramEqualization": "histograms of each image",
    **dict.fromkeys(
        ("HashedCrossing", "Hashing", "IntegerLookup", "StringLookup", "TextVectorization"),
        "it runs in TensorFlow on every backend: build the model from the integers on",
    ),
    **dict.fromkeys(
        ("FlaxLayer", "JaxLayer", "TFSMLayer", "TorchModuleWrapper"),
        "a layer of one backend: another route may convert it",
    ),
}
# Classes and functions that are no layer of a graph by themselves.
NO_LAYERS = {
    **dict.fromkeys(("GRUCell", "LSTMCell", "SimpleRNNCell", "StackedRNNCells"), "a cell of RNN"),
    **dict.fromkeys(("Layer", "Wrapper"), "a base class; its `call` is traced"),
    **dict.fromkeys(("Input", "InputLayer", "InputSpec"), "an input"),
    **dict.fromkeys(("deserialize", "serialize"), "a function of configurations"),
    "MaxNumBoundingBoxes": "changes bounding boxes, which are data",
}


def layer(name: str) -> Any:
    """A model of one layer, with the settings of its case."""
    shape, settings = LAYERS[name]
    settings = {key: value() if callable(value) else value for key, value in settings.items()}
    instance = getattr(layers, name)(**settings)
    if isinstance(shape, list):
        inputs = [keras.Input(each) for each in shape]
        attention = name in ("MultiHeadAttention", "GroupQueryAttention")
        return keras.Model(inputs, instance(*inputs) if attention else instance(inputs))
    if shape == "int32":
        tokens = keras.Input((4,), dtype="int32")
        return keras.Model(tokens, instance(tokens))
    x = keras.Input(shape)
    # Equalization's symbolic output is its input itself, which makes a cycle of a model's output.
    return keras.Model(x, layers.Identity()(instance(x)))


def functions() -> dict[str, Any]:
    """Every public function of `keras.ops` by its shortest name."""
    found: dict[int, tuple[str, Any]] = {}
    for prefix in ("", "nn", "numpy", "image", "linalg"):
        module = getattr(ops, prefix) if prefix else ops
        for name in dir(module):
            function = getattr(module, name)
            if not name.startswith("_") and callable(function):
                found.setdefault(id(function), (f"{prefix}.{name}".lstrip("."), function))
    return dict(sorted(found.values()))


def operation_name(function: str) -> str | None:
    """The class of the operation of a function, as the handlers know it."""
    short = function.rpartition(".")[2]
    known = (*registry.OPERATIONS, *registry.DECOMPOSITIONS, *registry.UNSUPPORTED)
    by_letters = {name.lower(): name for name in known}
    found = OTHER_NAMES.get(short, short)
    return by_letters.get(found.replace("_", "").lower())


def standing(function: str, cased: set[str]) -> tuple[str, str] | None:
    """The group of a function and a remark; None where it is in none."""
    short = function.rpartition(".")[2]
    if short in OUTSIDE:
        return "outside", OUTSIDE[short]
    if short in MADE_OF_SIZES:
        return "converts", "made of sizes when the graph runs"
    name = operation_name(function)
    if function in cased or short in cased:
        return "converts", ""
    if name in registry.OPERATIONS or name in registry.DECOMPOSITIONS:
        return "converts", ""
    return ("refused", registry.UNSUPPORTED[name]) if name in registry.UNSUPPORTED else None


def unlisted_layers() -> list[str]:
    """Layers of the installed Keras that are in no group; an alias is in that of its class."""
    known = {*LAYERS, *REFUSED_LAYERS, *NO_LAYERS}
    classes = {getattr(layers, name) for name in known}
    merging = {name.lower() for name in LAYERS}
    return [
        name
        for name in dir(layers)
        if not name.startswith("_") and getattr(layers, name) not in classes and name not in merging
    ]


def page() -> str:
    """The text of docs/coverage.md."""
    counts = [case.function for case in registry.cases()]
    cased = set(counts)
    groups: dict[str, list[tuple[str, str]]] = {"converts": [], "refused": [], "outside": []}
    for name in functions():
        group, remark = standing(name, cased) or ("refused", "unknown")
        number = counts.count(name) + counts.count(name.rpartition(".")[2]) * ("." in name)
        groups[group].append((name, remark or (str(number) if number else "")))
    return "".join(_lines(groups))


def _lines(groups: dict[str, list[tuple[str, str]]]) -> Iterator[str]:
    yield "# What of Keras converts to ONNX\n\n"
    yield (
        f"Of Keras {keras.__version__}, by the direct route, made by `make docs` from the table "
        "of handlers and the layers' cases; a test fails on a name that is not here. In brackets "
        "is the number of cases, each compared with Keras on every backend; operations without "
        "one are parts of others that have.\n"
    )
    titles = {
        "converts": "Functions of `keras.ops` that convert",
        "refused": "Functions that are refused, by an error that says so",
        "outside": "Functions that are no part of a graph",
    }
    for group, title in titles.items():
        yield f"\n## {title}: {len(groups[group])}\n\n"
        if group == "converts":
            yield " · ".join(f"`{n}`" + (f" ({r})" if r else "") for n, r in groups[group]) + "\n"
        else:
            yield from (f"- `{name}`: {remark}\n" for name, remark in groups[group])
    yield f"\n## Layers that convert: {len(LAYERS)}\n\n"
    yield " · ".join(f"`{name}`" for name in LAYERS) + "\n"
    for title, names in (("are refused", REFUSED_LAYERS), ("are no part of a graph", NO_LAYERS)):
        yield f"\n## Layers that {title}: {len(names)}\n\n"
        yield from (f"- `{name}`: {remark}\n" for name, remark in names.items())


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
