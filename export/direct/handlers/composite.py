"""Operations of several steps: pixels, patches, segments, distances, losses."""

from __future__ import annotations

from typing import Any

import numpy as np
from keras import ops

from export.direct.registry import array, case, decomposition, register_unsupported
from export.direct.sizes import Size

IMAGE = array(2, 6, 4, 3, low=0.0, high=1.0)
PROBABILITIES = array(2, 3, low=0.05, high=0.95)
PROBABILITY_EPSILON = 1e-7


@decomposition(
    "DepthToSpace",
    "SpaceToDepth",
    cases=lambda: [
        case("depth_to_space", array(2, 3, 2, 8), 2),
        case("space_to_depth", array(2, 4, 6, 3), 2),
    ],
)
def pixel_shuffle(operation: Any, x: Any) -> Any:
    """Moves blocks between channels and space (Shi et al., 2016)."""
    if operation.data_format == "channels_first":
        raise NotImplementedError("channels last, because backends differ on channels first")
    block = operation.block_size
    height, width, depth = x.shape[1:]
    if type(operation).__name__ == "DepthToSpace":
        depth //= block * block
        blocks = ops.reshape(x, (-1, height, width, block, block, depth))
        moved = ops.transpose(blocks, (0, 1, 3, 2, 4, 5))
        return ops.reshape(moved, (-1, height * block, width * block, depth))
    height, width = height // block, width // block
    blocks = ops.reshape(x, (-1, height, block, width, block, depth))
    moved = ops.transpose(blocks, (0, 1, 3, 2, 4, 5))
    return ops.reshape(moved, (-1, height, width, block * block * depth))


@decomposition("RGBToGrayscale", cases=lambda: [case("image.rgb_to_grayscale", IMAGE)])
def grayscale(operation: Any, images: Any) -> Any:
    """The luma of ITU-R BT.601."""
    weights = np.array([0.2989, 0.587, 0.114], "float32")
    if operation.data_format == "channels_first":
        return ops.sum(images * weights.reshape(3, 1, 1), axis=-3, keepdims=True)
    return ops.sum(images * weights, axis=-1, keepdims=True)


@decomposition(
    "CropImages",
    "PadImages",
    cases=lambda: [
        case("image.crop_images", IMAGE, 1, 1, target_height=3, target_width=2),
        case("image.pad_images", IMAGE, 1, 0, target_height=9, target_width=5),
    ],
)
def border(operation: Any, images: Any) -> Any:
    """Cuts or adds a border."""
    cropping = type(operation).__name__ == "CropImages"
    suffix = "cropping" if cropping else "padding"
    first = len(images.shape) - (2 if operation.data_format == "channels_first" else 3)
    width = [[0, 0] for _ in images.shape]
    sides = (("top", "bottom", "height"), ("left", "right", "width"))
    for axis, (before, after, size) in enumerate(sides, first):
        target = getattr(operation, f"target_{size}")
        given = [getattr(operation, f"{side}_{suffix}") for side in (before, after)]
        if target is not None:
            total = abs(images.shape[axis] - target)
            given = [total - given[1] if given[0] is None else given[0], None]
            given[1] = total - given[0]
        width[axis] = given
    if not cropping:
        return ops.pad(images, width)
    shape = images.shape
    return images[
        tuple(slice(a, n - b if a or b else None) for n, (a, b) in zip(shape, width, strict=True))
    ]


@decomposition(
    "ExtractPatches", cases=lambda: [case("image.extract_patches", IMAGE, (3, 2), padding="valid")]
)
def extract_patches(operation: Any, images: Any) -> Any:
    """Reads each patch by a convolution with one-hot kernels."""
    first = operation.data_format == "channels_first"
    channels = images.shape[1 if first else -1]
    if isinstance(channels, Size):
        raise NotImplementedError("the number of channels")
    volume = int(np.prod(operation.size)) * channels
    kernel = np.eye(volume, dtype="float32").reshape(*operation.size, channels, volume)
    return ops.conv(
        images,
        kernel,
        strides=operation.strides,
        padding=operation.padding,
        dilation_rate=operation.dilation_rate,
        data_format=operation.data_format,
    )


@decomposition("CDist", cases=lambda: [case("cdist", array(2, 3, 4), array(2, 5, 4))])
def pairwise_distance(operation: Any, x: Any, y: Any) -> Any:
    """Euclidean distances of all pairs."""
    offset = ops.expand_dims(x, -2) - ops.expand_dims(y, -3)
    return ops.sqrt(ops.sum(offset * offset, axis=-1))


@decomposition(
    "InTopK",
    cases=lambda: [case("in_top_k", array(3, dtype="int32", low=0, high=5), array(3, 5), 2)],
)
def in_top_k(operation: Any, targets: Any, predictions: Any) -> Any:
    """Whether fewer than `k` classes score higher than the target."""
    own = ops.take_along_axis(predictions, ops.expand_dims(targets, -1), axis=-1)
    higher = ops.sum(ops.cast(predictions > own, "int32"), axis=-1)
    return higher < operation.k


@decomposition(
    "SegmentSum",
    cases=lambda: [
        case("segment_sum", array(4, 3), np.array([0, 2, 0, 1]), num_segments=3, batched=False)
    ],
)
def segment_sum(operation: Any, data: Any, segment_ids: Any) -> Any:
    """Sums of rows by segment: a product with the one-hot segments."""
    if operation.num_segments is None:
        raise NotImplementedError("num_segments")
    chosen = ops.one_hot(segment_ids, operation.num_segments, dtype="float32")
    flat = ops.reshape(data, (data.shape[0], -1))
    total = ops.matmul(ops.transpose(chosen), flat)
    return ops.cast(ops.reshape(total, (operation.num_segments, *data.shape[1:])), data.dtype)


@decomposition(
    "Digitize", cases=lambda: [case("digitize", array(2, 3), np.array([-1.0, 0.0, 1.0]))]
)
def digitize(operation: Any, x: Any, bins: Any) -> Any:
    """The number of bin edges that are not above the value; of NaN none is."""
    edges = np.asarray(ops.convert_to_numpy(bins), "float32")
    below = ops.logical_not(ops.expand_dims(x, -1) < edges)
    return ops.sum(ops.cast(below, "int32"), axis=-1)


@decomposition(
    "BinaryCrossentropy",
    cases=lambda: [
        case("binary_crossentropy", PROBABILITIES, PROBABILITIES),
        case("binary_crossentropy", PROBABILITIES, array(2, 3), from_logits=True),
    ],
)
def binary_crossentropy(operation: Any, target: Any, output: Any) -> Any:
    """`-t log p - (1 - t) log(1 - p)`, from logits by softplus."""
    if operation.from_logits:
        return ops.softplus(output) - target * output
    output = ops.clip(output, PROBABILITY_EPSILON, 1.0 - PROBABILITY_EPSILON)
    return -(target * ops.log(output) + (1.0 - target) * ops.log(1.0 - output))


@decomposition(
    "CategoricalCrossentropy",
    "SparseCategoricalCrossentropy",
    cases=lambda: [
        case("categorical_crossentropy", PROBABILITIES, array(2, 3), from_logits=True),
        case("categorical_crossentropy", PROBABILITIES, PROBABILITIES),
        case(
            "sparse_categorical_crossentropy",
            array(2, dtype="int32", low=0, high=3),
            array(2, 3),
            from_logits=True,
        ),
    ],
)
def categorical_crossentropy(operation: Any, target: Any, output: Any) -> Any:
    """`-Σ t log p`."""
    axis = operation.axis
    if type(operation).__name__.startswith("Sparse"):
        if len(target.shape) == len(output.shape):
            target = ops.squeeze(target, axis)
        target = ops.one_hot(target, output.shape[axis], axis=axis, dtype="float32")
    if operation.from_logits:
        return -ops.sum(target * ops.log_softmax(output, axis=axis), axis=axis)
    share = output / ops.sum(output, axis=axis, keepdims=True)
    share = ops.clip(share, PROBABILITY_EPSILON, 1.0 - PROBABILITY_EPSILON)
    return -ops.sum(target * ops.log(share), axis=axis)


register_unsupported(
    *("ISTFT", "ViewAsComplex", "ViewAsReal", "Polar"),
    advice="Complex numbers cannot be in the graph: compute it outside of the model.",
)
register_unsupported(
    *("Cholesky", "CholeskyInverse", "Eig", "Eigh", "Inv", "LuFactor", "Qr", "Solve"),
    *("SolveTriangular", "SVD", "Lstsq", "Pinv", "Det", "Slogdet", "Logdet", "MatrixRank"),
    advice="ONNX has no matrix decompositions: compute it once, outside of `call`, as a weight.",
)
register_unsupported(
    *("Nonzero", "Unique", "Bincount", "Histogram"),
    advice="Its output has no fixed shape: compute it outside of the model.",
)
register_unsupported(
    *("AffineTransform", "PerspectiveTransform", "ElasticTransform", "MapCoordinates"),
    *("ScaleAndTranslate", "SSIM", "SobelEdges", "Fold"),
    advice="Write it in simpler keras.ops, or apply it to the data.",
)
register_unsupported(
    *("CTCLoss", "CTCDecode", "JVP"),
    advice="It belongs to training or decoding: compute it outside of the model.",
)
register_unsupported(
    *("View", "Nextafter"),
    advice="ONNX has no access to the bits of a number: compute it outside of the model.",
)
register_unsupported(
    "Rearrange",
    advice="Write it as ops.reshape and ops.transpose.",
)
register_unsupported(
    "AssociativeScan",
    advice="Write it as ops.scan, which runs its steps in turn.",
)
