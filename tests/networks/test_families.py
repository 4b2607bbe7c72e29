"""Every family builds networks of the right shapes for any data, or says which it can."""

import keras
import numpy as np
import pytest
from keras import layers

from tests.arrays import array, tensor
from tests.tolerances import EXACT, FORMULA
from zoo import backends, networks
from zoo.errors import ModelError
from zoo.networks import FAMILIES, apply, blocks

IMAGES = [(8, 8, 1), (28, 28, 1), (9, 7, 3), (5, 12, 2), (4, 4, 1)]
SEQUENCES = [(16, 2), (15, 3), (4, 1)]
EVERYTHING = [*IMAGES, *SEQUENCES, (5,)]
BOTH_WAYS = [
    name
    for name, family in FAMILIES.items()
    if hasattr(family, "up") and not hasattr(family, "RANKS")
]
"""Those that are no translator's or discriminator's alone, and for any images and sequences."""
CASES = [
    (network, shape)
    for network in BOTH_WAYS
    for shape in EVERYTHING
    if network == "mlp" or shape[1:]
]
FEW = [case for case in CASES if case[1] in [(9, 7, 3), (15, 3), (5,)]]
VECTORS = [name for name in BOTH_WAYS if not FAMILIES[name].MAPS]
NORMALIZED = [
    name
    for name in BOTH_WAYS
    if not getattr(FAMILIES[name], "TOKENS", False) and not hasattr(FAMILIES[name], "EQUALIZED")
]
HEADS = {"mean": 3, "log_variance": 2}


def encoder(network, shape, heads, **options):
    return networks.encoder(network, {"data": shape}, heads, **options)


def decoder(network, latent, shape, **options):
    """A decoder; a family of maps reads a map of `latent` channels."""
    if FAMILIES[network].MAPS:
        sizes = blocks.downsampled_sizes(shape, options.get("depth", 2))[-1]
        latent = (*sizes, latent)
    else:
        latent = (latent,)
    return networks.decoder(network, {"latent": latent}, {"data": shape}, **options)


def shapes(tensors):
    return {name: tuple(x.shape[1:]) for name, x in tensors.items()}


@pytest.mark.parametrize(("network", "shape"), CASES, ids=str)
def test_encoder_reads_the_data_into_its_heads(network, shape):
    found = encoder(network, shape, HEADS, width=4, features=True)
    assert shapes(found.input) == {"data": shape}
    made = shapes(found.output)
    made.pop("features")
    small = ()
    if FAMILIES[network].MAPS:
        small = blocks.downsampled_sizes(shape, 2)[-1]
    assert made == {"mean": (*small, 3), "log_variance": (*small, 2)}


@pytest.mark.parametrize(("network", "shape"), CASES, ids=str)
def test_decoder_makes_data_of_exactly_the_shape(network, shape):
    found = decoder(network, 6, shape, width=4)
    assert list(found.input) == ["latent"]
    assert shapes(found.output) == {"data": shape}


@pytest.mark.parametrize("network", BOTH_WAYS)
def test_odd_sizes_are_computed_as_they_are_declared(network):
    up = decoder(network, 2, (9, 7, 3), width=4)
    down = encoder(network, (9, 7, 3), {"code": 2}, width=4)
    latent = np.ones((2, *up.input["latent"].shape[1:]))
    made = apply(up, {"latent": tensor(latent)})["data"]
    assert tuple(made.shape) == (2, 9, 7, 3)
    code = apply(down, {"data": made})["code"]
    assert tuple(code.shape[1:]) == tuple(down.output["code"].shape[1:])


@pytest.mark.parametrize("network", [name for name in NORMALIZED if not FAMILIES[name].FLAT])
@pytest.mark.parametrize("depth", [0, 1, 3])
def test_depth_is_how_often_the_size_is_halved(network, depth):
    down = encoder(network, (8, 8, 1), {"code": None}, width=4, depth=depth)
    smallest = 8 >> depth
    found = tuple(down.output["code"].shape[1:])
    if FAMILIES[network].MAPS:
        assert found == (smallest, smallest, found[-1])
    halvings = sum(getattr(layer, "strides", 1) in (2, (2, 2)) for layer in down.layers)
    # A shortcut pools as well.
    pools = {
        "resnet": 2,
        "biggan": 2,
        "fastgan": 2,
        "r3gan": 1,
        "conv": 1,
        "conv_pool": 1,
        "vq": 1,
    }[network]
    assert halvings == depth * pools
    assert shapes(decoder(network, 2, (8, 8, 1), width=4, depth=depth).output) == {
        "data": (8, 8, 1)
    }


@pytest.mark.parametrize("network", NORMALIZED)
@pytest.mark.parametrize("normalization", ["batch", "layer", "instance", "spectral", "group-2"])
def test_encoder_and_decoder_take_the_same_options(network, normalization):
    options = {"width": 4, "depth": 2, "normalization": normalization, "num_classes": 3}
    options |= {"activation": "leaky_relu", "kernel_initializer": "he_uniform"}
    if network == "mlp" and normalization == "instance":
        return  # one value of a vector's unit has no spread; test_what_cannot_be_built says so
    assert encoder(network, (8, 8, 1), HEADS, **options)
    assert shapes(decoder(network, 6, (8, 8, 1), **options).output) == {"data": (8, 8, 1)}


@pytest.mark.parametrize("network", NORMALIZED)
def test_no_weight_is_undone_by_batch_normalization(network):
    """The gradient of a bias that is subtracted again is rounding noise, which Adam scales up."""
    options = {"width": 3 if network != "vq" else 4, "depth": 2, "normalization": "batch"}
    down = encoder(network, (8, 8, 1), {"code": 2}, **options)
    up = decoder(network, 2, (8, 8, 1), **options)
    variables = [*down.variables, *up.variables]
    trained = [v for v in variables if v.trainable]
    others = [v for v in variables if not v.trainable]
    rng = np.random.default_rng(0)
    for variable in trained:
        variable.assign(rng.normal(0.2, 0.5, variable.shape).astype("float32"))
    latent, code = (tuple(x.shape[1:]) for x in (up.input["latent"], down.output["code"]))

    def objective(batch):
        found = apply(down, batch, training=True)["code"]
        made = apply(up, batch, training=True)["data"]
        return keras.ops.sum(found * batch["by_code"]) + keras.ops.sum(made * batch["by_data"]), {}

    sizes = {"data": (8, 8, 1), "latent": latent, "by_code": code, "by_data": (8, 8, 1)}
    batch = {k: rng.normal(size=(4, *size)).astype("float32") for k, size in sizes.items()}
    backend = backends.current()
    gradients, _ = backend.compile_step(
        lambda batch: backend.gradients(lambda: objective(batch), trained, others),
        variables,
        updates=True,
    )({name: backend.place(values) for name, values in batch.items()})
    assert any("batch_normalization" in variable.path for variable in trained)
    sizes = {v.path: np.abs(array(g)).max() for v, g in zip(trained, gradients, strict=True)}
    assert [path for path, size in sizes.items() if size < 1e-5 * max(sizes.values())] == []


@pytest.mark.parametrize(("network", "shape"), FEW, ids=str)
def test_labels_are_read_beside_the_data_and_beside_the_latent(network, shape):
    options = {"width": 4, "num_classes": 3, "activation": "tanh"}
    down = encoder(network, shape, {"logit": 1}, **options)
    up = decoder(network, 6, shape, **options)
    assert list(down.input) == ["data", "labels"] and list(up.input) == ["latent", "labels"]
    assert down.input["labels"].dtype == "int32"
    rng = np.random.default_rng(0)
    data = rng.normal(size=(1, *shape)).astype("float32")
    latent = rng.normal(size=(1, *up.input["latent"].shape[1:])).astype("float32")
    for part, values in ((down, {"data": tensor(data)}), (up, {"latent": tensor(latent)})):
        made = [
            array(next(iter(apply(part, values | {"labels": tensor([i], "int32")}).values())))
            for i in range(3)
        ]
        assert (made[0] != made[1]).any() and (made[1] != made[2]).any()


@pytest.mark.parametrize("shape", [(2,), (1, 2, 1)], ids=str)
def test_labels_of_vectors_and_of_flattened_images_are_one_hot_features(shape):
    network = encoder("mlp", shape, {"logit": 1}, depth=0, num_classes=3)
    kernel = np.array([[1.0], [2.0], [10.0], [20.0], [30.0]])
    network.set_weights([kernel, np.array([0.5])])
    data = np.reshape([[1.0, 1.0], [0.0, -1.0]], (2, *shape))
    values = {"data": tensor(data), "labels": tensor([2, 0], "int32")}
    FORMULA.check(array(apply(network, values)["logit"]), [[33.5], [8.5]])


@pytest.mark.parametrize("space", [(2, 3), (4,)], ids=str)
def test_labels_of_images_and_sequences_are_one_hot_planes(space):
    data, one_hot = keras.Input((*space, 2)), keras.Input((3,))
    network = keras.Model([data, one_hot], blocks.with_planes(data, one_hot))
    values = np.random.default_rng(0).normal(size=(2, *space, 2)).astype("float32")
    found = array(network([tensor(values), tensor(np.eye(3)[[2, 0]])]))
    EXACT.check(found[..., :2], values)
    EXACT.check(found[0, ..., 2:], np.broadcast_to([0.0, 0.0, 1.0], (*space, 3)))
    EXACT.check(found[1, ..., 2:], np.broadcast_to([1.0, 0.0, 0.0], (*space, 3)))


def test_conditional_normalization_reads_the_labels_in_place_of_planes():
    options = {"width": 4, "depth": 1, "num_classes": 3, "normalization": "conditional"}
    network = decoder("conv", 4, (8, 8, 1), **options)
    first = next(layer for layer in network.layers if isinstance(layer, layers.Dense))
    assert first.input.shape == (None, 4)
    assert first.use_bias and first.bias.shape == (4 * 4 * 4,)  # a value for each position
    assert any("Conditional" in type(layer).__name__ for layer in network.layers)
    with pytest.raises(ModelError, match="Conditional normalization reads labels. Received: no n"):
        decoder("conv", 4, (8, 8, 1), width=4, normalization="conditional")


def test_several_inputs_are_joined():
    reads = {"data": (8, 8, 1), "target": (8, 8, 2)}
    network = networks.encoder("conv", reads, {"logit": 1}, width=4)
    assert shapes(network.input) == reads
    first = next(layer for layer in network.layers if isinstance(layer, layers.Conv2D))
    assert first.input.shape == (None, 8, 8, 3)


def test_a_decoder_of_data_reads_it_down_first():
    network = networks.decoder(
        "conv_pool", {"data": (8, 8, 3)}, {"target": (8, 8, 1)}, down=True, width=4
    )
    assert shapes(network.input) == {"data": (8, 8, 3)}
    assert shapes(network.output) == {"target": (8, 8, 1)}


ACTIVATIONS = {
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "tanh": np.tanh,
    "linear": lambda x: x,
    "clip": lambda x: np.clip(x, -0.5, 0.25),
}


@pytest.mark.parametrize("network", BOTH_WAYS)
@pytest.mark.parametrize("kind", ACTIVATIONS)
def test_the_activated_network_is_the_logits_with_their_activation(network, kind):
    logits = decoder(network, 2, (8, 8, 1), width=4, depth=1, name="decoder_logits")
    part = networks.activated(logits, kind, (-0.5, 0.25))
    assert part.name == "decoder" and part.input == logits.input
    assert [id(v) for v in logits.variables] == [id(v) for v in part.variables]
    spread = (
        900 if network in ("fastgan", "biggan") else 9
    )  # spectral kernels and gates make maps smaller
    latent = np.random.default_rng(0).normal(0, spread, (2, *logits.input["latent"].shape[1:]))
    values = array(apply(logits, {"latent": tensor(latent)})["data"]).astype("float64")
    assert values.min() < -0.5 and 0.25 < values.max()
    made = apply(part, {"latent": tensor(latent)})["data"]
    FORMULA.check(array(made), ACTIVATIONS[kind](values))


def test_clipping_without_a_range_is_linear():
    logits = decoder("mlp", 2, (5,), width=4)
    part = networks.activated(logits, "clip", None)
    latent = {"latent": tensor(9 * np.ones((1, 2)))}
    EXACT.check(array(apply(part, latent)["data"]), array(apply(logits, latent)["data"]))


@pytest.mark.parametrize("kind", ["sigmoid", "clip"])
def test_outputs_are_float32_also_in_mixed_precision(kind):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        made = networks.activated(decoder("conv", 2, (8, 8, 1), width=4), kind, (0, 1))
        heads = encoder("conv", (8, 8, 1), HEADS, width=4, features=True)
    finally:
        keras.config.set_dtype_policy(before)
    assert {x.dtype for x in made.output.values()} == {"float32"}
    assert {heads.output[name].dtype for name in HEADS} == {"float32"}
    hidden = next(layer for layer in heads.layers if isinstance(layer, layers.Conv2D))
    assert hidden.compute_dtype == "bfloat16"


@pytest.mark.parametrize(
    ("network", "shape", "expected"),
    [
        (None, (5,), "mlp"),
        (None, (16, 2), "conv"),
        (None, (8, 8, 1), "conv"),
        ("mlp", (8, 8, 1), "mlp"),
    ],
)
def test_family_follows_the_shape_unless_it_is_named(network, shape, expected):
    assert networks.family(network, shape) is FAMILIES[expected]


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: networks.family("cnn", (8, 8, 1)), "network is one of mlp, conv, .*'cnn'"),
        (lambda: networks.family("conv", (5,)), r"Vectors \(5,\) need the network 'mlp'"),
        (lambda: networks.family("resnet", (5,)), r"Vectors \(5,\) need the network 'mlp'"),
        (lambda: networks.family("conv_pool", (5,)), r"Vectors \(5,\) need the network 'mlp'"),
        (lambda: networks.family("vq", (5,)), r"Vectors \(5,\) need the network 'mlp'"),
        (lambda: encoder(None, (5,), {"code": 0}), "at least 1 unit. Received.*'code': 0"),
        (lambda: encoder("conv", (3, 9, 1), HEADS), r"at least 4. Received: \(3, 9, 1\)"),
        (lambda: decoder("conv", 2, (9, 3, 1)), r"at least 4. Received: \(9, 3, 1\)"),
        (lambda: encoder("resnet", (3, 2), HEADS), r"at least 4. Received: \(3, 2\)"),
        (lambda: decoder("resnet", 2, (3, 2)), r"at least 4. Received: \(3, 2\)"),
        (lambda: encoder("conv_pool", (3, 3, 1), HEADS), r"at least 4. Received: \(3, 3, 1\)"),
        (lambda: encoder("vq", (3, 3, 1), HEADS), r"at least 4. Received: \(3, 3, 1\)"),
        (lambda: encoder("mlp", (5,), HEADS, normalization="groop"), "one of .*'groop'"),
        (
            lambda: encoder("mlp", (5,), HEADS, width=3, depth=1, normalization="group-2"),
            "2 groups of 3",
        ),
        (lambda: encoder("mlp", (5,), HEADS, width=0), "width is a whole number from 1"),
        (lambda: encoder("mlp", (5,), HEADS, dropout=1.0), "dropout is a share from 0, below 1"),
        (lambda: encoder("mlp", (5,), HEADS, widht=3), "network has no option 'widht'. Did you"),
        (lambda: encoder("conv_pool", (8, 8, 1), HEADS, width=[2, 3]), "has one width"),
    ],
)
def test_what_cannot_be_built_is_refused_with_what_can(build, message):
    with pytest.raises(ModelError, match=message):
        build()


@pytest.mark.parametrize("shape", [(8, 8, 1), (9, 7, 3), (4, 1)])
def test_depth_is_refused_above_what_the_shape_allows(shape):
    deepest = {(8, 8, 1): 3, (9, 7, 3): 4, (4, 1): 2}[shape]
    assert len(blocks.downsampled_sizes(shape, deepest)) == deepest + 1
    with pytest.raises(
        ModelError, match=rf"depth.*Received: {deepest + 1}.*Accepted: 0 to {deepest}"
    ):
        blocks.downsampled_sizes(shape, deepest + 1)
    with pytest.raises(ModelError, match="Received: -1"):
        blocks.downsampled_sizes(shape, -1)


@pytest.mark.parametrize(
    ("shape", "depth", "sizes"),
    [
        ((28, 28, 1), None, [(28, 28), (14, 14), (7, 7), (4, 4)]),
        ((9, 7, 3), None, [(9, 7), (5, 4)]),
        ((9, 7, 3), 2, [(9, 7), (5, 4), (3, 2)]),
        ((4, 64, 1), None, [(4, 64)]),
        ((16, 2), 1, [(16,), (8,)]),
        ((16, 2), 0, [(16,)]),
    ],
)
def test_sizes_halve_and_round_up(shape, depth, sizes):
    assert blocks.downsampled_sizes(shape, depth) == sizes


def weights_of(network):
    return network.count_params()


def test_pooling_at_28_by_28_has_the_28353_weights_of_keras_example():
    down = encoder("conv_pool", (28, 28, 1), {"code": None})
    up = decoder("conv_pool", 32, (28, 28, 1))
    # 3·3·1·32 + 32, then 3·3·32·32 + 32; twice that and 3·3·32·1 + 1.
    assert weights_of(down) == 320 + 9248
    assert weights_of(up) == 2 * 9248 + 289
    assert weights_of(down) + weights_of(up) == 28_353


@pytest.mark.parametrize("network", ["conv_pool", "vq"])
@pytest.mark.parametrize("shape", [(9, 7, 3), (15, 3)], ids=str)
def test_a_map_is_read_as_it_is_made(network, shape):
    down = encoder(network, shape, {"code": 3}, width=4)
    up = networks.decoder(
        network, {"latent": tuple(down.output["code"].shape[1:])}, {"data": shape}, width=4
    )
    assert shapes(up.output) == {"data": shape}
