"""Every family builds networks of the right shapes for any data, or says which it can."""

import keras
import numpy as np
import pytest

from tests.arrays import array, tensor
from tests.tolerances import EXACT, FORMULA
from zoo import backends, networks
from zoo.errors import ModelError
from zoo.networks import blocks, conv_pool, vq

IMAGES = [(8, 8, 1), (28, 28, 1), (9, 7, 3), (5, 12, 2), (4, 4, 1)]
SEQUENCES = [(16, 2), (15, 3), (4, 1)]
EVERYTHING = [*IMAGES, *SEQUENCES, (5,)]
CASES = [
    (network, shape)
    for network in networks.FAMILIES
    for shape in EVERYTHING
    if network == "mlp" or len(shape) > 1
]
HEADS = {"mean": 3, "log_variance": 2}


@pytest.mark.parametrize(("network", "shape"), CASES, ids=str)
def test_encoder_reads_the_data_into_its_heads(network, shape):
    encoder = networks.encoder(network, shape, HEADS, width=4, features=True)
    assert [tensor.name for tensor in encoder.inputs] == ["data"]
    assert encoder.input_shape == (None, *shape)
    shapes = {name: output.shape for name, output in encoder.output.items()}
    assert shapes.pop("features")[0] is None
    assert shapes == {"mean": (None, 3), "log_variance": (None, 2)}


@pytest.mark.parametrize(("network", "shape"), CASES, ids=str)
def test_decoder_makes_data_of_exactly_the_shape(network, shape):
    decoder = networks.decoder(network, 6, shape, width=4, output="tanh")
    assert [tensor.name for tensor in decoder.inputs] == ["latent"]
    assert decoder.input_shape == (None, 6)
    assert decoder.output_shape == (None, *shape)
    assert decoder.output_names == ["data"]


@pytest.mark.parametrize("network", networks.FAMILIES)
def test_odd_sizes_are_computed_as_they_are_declared(network):
    decoder = networks.decoder(network, 2, (9, 7, 3), width=2)
    encoder = networks.encoder(network, (9, 7, 3), {"code": 2}, width=2)
    made = decoder(tensor(np.ones((2, 2))))
    assert tuple(made.shape) == (2, 9, 7, 3)
    assert tuple(encoder(made).shape) == (2, 2)


@pytest.mark.parametrize("network", networks.FAMILIES)
def test_encoder_and_decoder_take_the_same_options(network):
    options = {"width": 4, "depth": 2, "normalization": "batch", "num_classes": 3}
    options |= {"activation": "leaky_relu", "kernel_initializer": "he_uniform"}
    assert networks.encoder(network, (8, 8, 1), HEADS, **options)
    assert networks.decoder(network, 6, (8, 8, 1), **options).output_shape == (None, 8, 8, 1)


@pytest.mark.parametrize("network", networks.FAMILIES)
def test_no_weight_is_undone_by_batch_normalization(network):
    """The gradient of a bias that is subtracted again is rounding noise, which Adam scales up."""
    options = {"width": 3, "depth": 2, "normalization": "batch"}
    both = [
        networks.encoder(network, (8, 8, 1), {"code": 2}, **options),
        networks.decoder(network, 2, (8, 8, 1), **options),
    ]
    variables = [v for each in both for v in each.variables]
    trained = [v for v in variables if v.trainable]
    others = [v for v in variables if not v.trainable]
    rng = np.random.default_rng(0)
    for variable in trained:
        variable.assign(rng.normal(0.2, 0.5, variable.shape).astype("float32"))

    def objective(batch):
        code, made = (each(batch[i], training=True) for i, each in enumerate(both))
        return keras.ops.sum(code * batch[2]) + keras.ops.sum(made * batch[3]), {}

    shapes = [(4, 8, 8, 1), (4, 2), (4, 2), (4, 8, 8, 1)]
    batch = [rng.normal(size=shape).astype("float32") for shape in shapes]
    backend = backends.current()
    gradients, _ = backend.compile_step(
        lambda batch: backend.gradients(lambda: objective(batch), trained, others),
        variables,
        updates=True,
    )([backend.place(values) for values in batch])
    assert any("batch_normalization" in variable.path for variable in trained)
    sizes = {v.path: np.abs(array(g)).max() for v, g in zip(trained, gradients, strict=True)}
    assert [path for path, size in sizes.items() if size < 1e-5 * max(sizes.values())] == []


@pytest.mark.parametrize(("network", "shape"), [c for c in CASES if c[1] in EVERYTHING[2:6]])
def test_labels_are_read_beside_the_data_and_beside_the_latent(network, shape):
    encoder = networks.encoder(network, shape, {"logit": 1}, width=2, num_classes=3)
    decoder = networks.decoder(network, 6, shape, width=2, num_classes=3)
    assert [tensor.name for tensor in encoder.inputs] == ["data", "labels"]
    assert [tensor.name for tensor in decoder.inputs] == ["latent", "labels"]
    assert encoder.output_shape == (None, 1)
    assert decoder.output_shape == (None, *shape)


def test_labels_of_vectors_are_one_hot_features():
    encoder = networks.encoder("mlp", (2,), {"logit": 1}, depth=0, num_classes=3)
    kernel = np.array([[1.0], [2.0], [10.0], [20.0], [30.0]])
    encoder.set_weights([kernel, np.array([0.5])])
    logits = encoder([tensor([[1.0, 1.0], [0.0, -1.0]]), tensor([2, 0], "int32")])
    FORMULA.check(array(logits), [[33.5], [8.5]])


def test_labels_of_flattened_images_are_one_hot_features():
    encoder = networks.encoder("mlp", (1, 2, 1), {"logit": 1}, depth=0, num_classes=3)
    kernel = np.array([[1.0], [2.0], [10.0], [20.0], [30.0]])
    encoder.set_weights([kernel, np.array([0.5])])
    data = tensor(np.reshape([[1.0, 1.0], [0.0, -1.0]], (2, 1, 2, 1)))
    FORMULA.check(array(encoder([data, tensor([2, 0], "int32")])), [[33.5], [8.5]])


def test_labels_of_images_are_a_channel():
    inputs, x = blocks.data_and_labels((2, 1, 2), 3)
    network = keras.Model(inputs, x)
    by_label = np.arange(6.0).reshape(3, 2)
    network.set_weights([by_label, np.array([0.5, 0.25])])
    data = np.ones((2, 2, 1, 2))
    found = array(network([tensor(data), tensor([2, 0], "int32")]))
    assert found.shape == (2, 2, 1, 3)
    EXACT.check(found[..., :2], data)
    FORMULA.check(found[:, :, 0, 2], [[4.5, 5.25], [0.5, 1.25]])


@pytest.mark.parametrize("network", networks.FAMILIES)
def test_logits_are_the_same_network_before_its_output_activation(network):
    decoder = networks.decoder(network, 2, (8, 8, 1), width=2, depth=1, output="sigmoid")
    logits = networks.logits(decoder)
    assert [id(v) for v in logits.variables] == [id(v) for v in decoder.variables]
    latent = tensor(np.random.default_rng(0).normal(size=(2, 2)))
    values = array(logits(latent)).astype("float64")
    assert values.min() < 0 < values.max()
    FORMULA.check(array(decoder(latent)), 1 / (1 + np.exp(-values)))


def test_logits_of_a_network_without_output_activation_are_refused():
    encoder = networks.encoder("mlp", (5,), {"code": 2}, width=2)
    with pytest.raises(ModelError, match="before an output activation. Received: encoder.*Dense"):
        networks.logits(encoder)


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
    assert networks.family(network, shape) is networks.FAMILIES[expected]


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: networks.family("cnn", (8, 8, 1)), "network is one of mlp, conv, resnet.*'cnn'"),
        (lambda: networks.family("conv", (5,)), r"Vectors \(5,\) need the network 'mlp'"),
        (lambda: networks.family("resnet", (5,)), r"Vectors \(5,\) need the network 'mlp'"),
        (lambda: networks.decoder(None, 0, (5,)), "latent_dim is at least 1. Received: 0"),
        (lambda: networks.encoder(None, (5,), {"code": 0}), "at least 1 unit. Received.*'code': 0"),
        (lambda: networks.encoder("conv", (3, 9, 1), HEADS), r"at least 4. Received: \(3, 9, 1\)"),
        (lambda: networks.decoder("conv", 2, (9, 3, 1)), r"at least 4. Received: \(9, 3, 1\)"),
        (lambda: networks.encoder("resnet", (3, 2), HEADS), r"at least 4. Received: \(3, 2\)"),
        (lambda: networks.decoder("resnet", 2, (3, 2)), r"at least 4. Received: \(3, 2\)"),
        (lambda: conv_pool.encoder((3, 3, 1)), r"at least 4. Received: \(3, 3, 1\)"),
        (lambda: conv_pool.encoder((5,)), r"images or sequences.*Received: \(5,\)"),
        (lambda: conv_pool.decoder((5,)), r"images or sequences.*Received: \(5,\)"),
        (lambda: vq.encoder((5,), 2), r"images or sequences.*Received: \(5,\)"),
        (lambda: vq.decoder(2, (5,)), r"images or sequences.*Received: \(5,\)"),
        (lambda: networks.encoder("mlp", (5,), HEADS, normalization="group"), "'group'"),
    ],
)
def test_what_cannot_be_built_is_refused_with_what_can(build, message):
    with pytest.raises(ModelError, match=message):
        build()


@pytest.mark.parametrize("shape", [(8, 8, 1), (9, 7, 3), (4, 1)])
def test_depth_is_refused_above_what_the_shape_allows(shape):
    deepest = {(8, 8, 1): 3, (9, 7, 3): 4, (4, 1): 2}[shape]
    assert len(blocks.halvings(shape, deepest)) == deepest + 1
    with pytest.raises(
        ModelError, match=rf"depth.*Received: {deepest + 1}.*Accepted: 0 to {deepest}"
    ):
        blocks.halvings(shape, deepest + 1)
    with pytest.raises(ModelError, match="Received: -1"):
        blocks.halvings(shape, -1)


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
    assert blocks.halvings(shape, depth) == sizes
