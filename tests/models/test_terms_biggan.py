"""What makes BigGAN what it is: pieces of the latent, a shared embedding, orthogonal filters."""

import keras
import numpy as np
import pytest
from keras import layers

import zoo
from tests.arrays import array, arrays, tensor
from tests.tolerances import EXACT, FORMULA
from zoo import losses, networks
from zoo.errors import ModelError
from zoo.layers import ConditionalBatchNormalization, SelfAttention, SpectralDense
from zoo.networks.kernels import kernel_matrices

PLAIN = {"spectral": False, "attention": None, "kernel_initializer": "zeros"}


def draws(*shape, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype("float32")


def generator(shape, latent, **options):
    reads, makes = {"latent": (latent,)}, {"data": shape}
    return networks.decoder("biggan", reads, makes, normalization="conditional", **options)


def discriminator(shape, **options):
    return networks.encoder("biggan", {"data": shape}, {"logit": 1}, features=True, **options)


def test_two_filters_of_a_layer_are_penalised_for_their_product():
    three, two = [[1.0, -1.0, 0.0]], [[1.0, 2.0], [3.0, 4.0], [0.0, 1.0]]
    FORMULA.check(array(losses.orthogonality(tensor(three))), 2 * (-1) ** 2)
    FORMULA.check(array(losses.orthogonality(tensor(two))), 2 * (2 + 12 + 0) ** 2)


def test_kernels_have_a_column_for_each_filter_and_embeddings_are_none():
    x = keras.Input((4, 4, 2))
    y = layers.Conv2DTranspose(3, 2)(layers.Conv2D(5, 3)(x))
    y = SpectralDense(1)(layers.Dense(2, name="embedding")(layers.Flatten()(y)))
    network = keras.Model(x, y)
    found = [array(matrix) for matrix in kernel_matrices([network, network])]
    assert [matrix.shape for matrix in found] == [(18, 5), (20, 3), (2, 1)]
    transposed = network.layers[2].weights[0]
    EXACT.check(found[1], np.swapaxes(array(transposed), 2, 3).reshape(-1, 3))
    spectral = network.layers[-1]
    spectral._kernel.assign(np.array([[3.0], [4.0]]))
    EXACT.check(array(kernel_matrices([network])[-1]), [[3], [4]])


def test_any_gan_takes_the_regularization_by_its_keyword():
    common = {"shape": (3,), "latent_dim": 2, "network_options": {"width": 4, "depth": 1}}
    plain, regular = (zoo.create("gan", **common, orthogonal=weight) for weight in (0.0, 0.5))
    batch = {"data": tensor(draws(2, 3)), "latent": tensor(draws(2, 2, seed=1))}
    before, found = (arrays(model.generator_loss(batch, False)) for model in (plain, regular))
    grams = [(w.T @ w) for w in regular.generator.get_weights() if w.ndim == 2]
    term = sum((gram**2).sum() - (np.diag(gram) ** 2).sum() for gram in grams)
    FORMULA.check(found["orthogonality"], term)
    FORMULA.check(found["loss"], before["loss"] + 0.5 * term)
    assert "orthogonality" not in before


def test_each_block_reads_the_embedding_and_a_piece_of_the_latent():
    network = generator((16, 16, 1), 8, num_classes=3, width=2, embedding=4, **PLAIN)
    found = [x for x in network.layers if isinstance(x, ConditionalBatchNormalization)]
    read = keras.Model(network.input, [x.input[1] for x in found])
    embedding = draws(3, 4)
    network.get_layer("embedding").kernel.assign(embedding)
    latent, labels = draws(2, 8, seed=1), np.array([2, 0], "int32")
    made = read({"latent": tensor(latent), "labels": tensor(labels, "int32")})
    # Three pieces of 2; the first one has the two that are left.
    pieces = [latent[:, 4:6], latent[:, 4:6], latent[:, 6:], latent[:, 6:]]
    assert len(made) == 4
    for values, piece in zip(made, pieces, strict=True):
        EXACT.check(array(values), np.concatenate([embedding[labels], piece], axis=1))
    dense = next(x for x in network.layers if type(x) is layers.Dense and x.name != "embedding")
    assert dense.kernel.shape[0] == 4


def test_a_doubling_is_a_shortcut_and_two_normalized_convolutions():
    network = generator((8, 8, 1), 3, width=1, depth=1, num_classes=2, embedding=2, **PLAIN)
    dense, narrow, last = (
        next(x for x in network.layers if test(x))
        for test in (
            lambda x: type(x) is layers.Dense and x.name != "embedding",
            lambda x: type(x) is layers.Conv2D and x.kernel_size == (1, 1),
            lambda x: type(x) is layers.Conv2D and x.use_bias,
        )
    )
    dense.kernel.assign(draws(*dense.kernel.shape))
    narrow.kernel.assign(np.array([[[[2.0], [-1.0]]]]))
    centre = np.zeros((3, 3, 1, 1))
    centre[1, 1] = 3.0
    last.kernel.assign(centre)
    latent = draws(2, 3, seed=1)
    found = networks.apply(network, {"latent": tensor(latent), "labels": tensor([0, 1], "int32")})
    small = (latent[:, :2] @ array(dense.kernel)).reshape(2, 4, 4, 2)
    shortcut = (2 * small[..., :1] - small[..., 1:]).repeat(2, axis=1).repeat(2, axis=2)
    # The other way's second convolution is 0; the last normalization has the variance 1.
    FORMULA.check(array(found["data"]), 3 * np.maximum(shortcut, 0) / np.sqrt(1 + 1e-5))


def test_a_halving_is_a_shortcut_and_two_convolutions_and_space_is_summed():
    network = discriminator((4, 4, 1), width=1, depth=1, **PLAIN)
    convolutions = [x for x in network.layers if isinstance(x, layers.Conv2D)]
    first, second = (x for x in convolutions if x.kernel_size == (1, 1))
    first.kernel.assign(np.array([[[[2.0]]]]))
    second.kernel.assign(np.array([[[[1.0, -1.0]]]]))
    for layer, value in zip(convolutions, (9.0, 0.25, 0.5, 9.0, -0.5, 0.0), strict=True):
        layer.bias.assign(np.full(layer.bias.shape, value))
    assert [x.kernel_size[0] for x in convolutions] == [3, 3, 1, 3, 1, 3]
    x = draws(2, 4, 4, 1)
    halved = x.reshape(2, 2, 2, 2, 2).mean(axis=(2, 4))
    small = 2 * halved + 0.5 + 0.25  # biases of the shortcut and of the second convolution
    features = np.maximum(np.stack([small, -small], axis=-1) - 0.5, 0).sum(axis=(1, 2))
    found = networks.apply(network, {"data": tensor(x)})
    FORMULA.check(array(found["features"]), features)


def weights_of_the_generator(width, classes):
    """Of the author's code at 128×128, without the biases that normalizations undo."""
    read = [width * growth for growth in (16, 16, 8, 4, 2)]
    made = [*read[1:], width]
    condition = 128 + 20
    total = classes * 128 + (20 + 1) * 16 * read[0]
    for before, after in zip(read, made, strict=True):
        total += 9 * before * after + 9 * after**2 + before * after
        total += 2 * condition * (before + after)
    attention = 2 * (2 * width) * (2 * width // 8) + 2 * (2 * width) * width + 1
    return total + attention + 2 * width + 9 * width * 3 + 3, 3 * sum(made)


def weights_of_the_discriminator(width, classes):
    made = [width * growth for growth in (1, 2, 4, 8, 16, 16)]
    total = 0
    for before, after in zip([3, *made[:-1]], made, strict=True):
        total += 9 * before * after + 9 * after**2 + 2 * after
        total += before * after + after if before != after else 0
    attention = 2 * width * (width // 8) + 2 * width * (width // 2) + 1
    return total + attention + made[-1] + 1 + classes * made[-1]


@pytest.mark.once
def test_the_networks_have_the_papers_weights_at_an_eighth_of_its_width():
    """At the width 96 the author's PyTorch code has 70,433,988 and 87,982,370."""
    weights, undone = weights_of_the_generator(96, 1000)
    assert weights + undone == 70_433_988
    assert weights_of_the_discriminator(96, 1000) == 87_982_370
    own = {"width": 16, "kernel_initializer": "zeros"}
    made = generator((128, 128, 3), 120, num_classes=10, **own)
    assert count(made.trainable_variables) == weights_of_the_generator(16, 10)[0]
    judge = discriminator((128, 128, 3), **own)
    units = judge.output["features"].shape[-1]
    found = count(judge.trainable_variables) + 10 * units
    assert found == weights_of_the_discriminator(16, 10)
    for network in (made, judge):
        (attention,) = [x for x in network.layers if isinstance(x, SelfAttention)]
        assert tuple(attention.input.shape[1:-1]) == (64, 64)


def count(variables):
    return sum(int(np.prod(v.shape)) for v in variables)


@pytest.mark.once
def test_kernels_start_orthogonal_and_are_divided_by_their_singular_values():
    model = zoo.create("biggan", shape=(8, 8, 1), num_classes=3, network_options={"width": 2})
    networks_of = {"generator": model.generator, "discriminator": model.discriminator}
    for name, network in networks_of.items():
        for matrix in map(array, kernel_matrices([network])):
            short = min(matrix.shape)
            gram = matrix @ matrix.T if matrix.shape[0] == short else matrix.T @ matrix
            FORMULA.check(gram, np.eye(short), name=name)
    assert all(hasattr(x, "direction") for x in model.generator.layers if "conv" in x.name)
    embedding = array(model.embedding._kernel)
    FORMULA.check(embedding @ embedding.T, np.eye(3))
    assert model.prior["latent"].distribution == "cut_normal"
    rates = [array(phase.optimizer.learning_rate) for phase in model.phases]
    assert rates[0] == 4 * rates[1] and [phase.repeat for phase in model.phases] == [2, 1]


@pytest.mark.once
def test_without_labels_blocks_read_the_latent_alone():
    model = zoo.create(
        "biggan", shape=(8, 8, 1), num_classes=None, latent_dim=5, network_options={"width": 2}
    )
    found = [x for x in model.generator.layers if isinstance(x, ConditionalBatchNormalization)]
    assert {x.input[1].shape[1] for x in found} == {2}
    assert set(model.discriminator.input) == {"data"}
    with pytest.raises(ModelError, match="one for each of 2 doublings.*Accepted: 3 or more"):
        generator((16, 16, 1), 2)
    with pytest.raises(ModelError, match="embedding is a whole number"):
        generator((16, 16, 1), 8, embedding=0)
