"""diffusers' layout against its topology written in PyTorch, with random weights."""

import json
import struct

import numpy as np
import pytest

from tests.arrays import array as numpy_of
from tests.tolerances import Tolerance
from zoo.errors import DataError
from zoo.weights.safetensors import read_safetensors

torch = pytest.importorskip("torch", reason="the reference is written in PyTorch")
nn = torch.nn
functional = torch.nn.functional

pytestmark = pytest.mark.once
SAME = Tolerance(absolute=1e-5, relative=1e-4)
CHANNELS, GROUPS, LATENT = (8, 12), 2, 2
CONFIG = {
    "block_out_channels": CHANNELS,
    "layers_per_block": 1,
    "latent_channels": LATENT,
    "norm_num_groups": GROUPS,
    "in_channels": 3,
    "sample_size": 8,
    "act_fn": "silu",
}
VECTORS, DIM = 7, 3
VQ_CONFIG = {
    **CONFIG,
    "down_block_types": ["DownEncoderBlock2D", "AttnDownEncoderBlock2D"],
    "up_block_types": ["AttnUpDecoderBlock2D", "UpDecoderBlock2D"],
    "mid_block_add_attention": False,
    "num_vq_embeddings": VECTORS,
    "vq_embed_dim": DIM,
    "norm_type": "group",
}


def norm(width):
    return nn.GroupNorm(GROUPS, width, eps=1e-6)


class Residual(nn.Module):
    def __init__(self, before, width):
        super().__init__()
        self.norm1, self.norm2 = norm(before), norm(width)
        self.conv1 = nn.Conv2d(before, width, 3, padding=1)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1)
        if before != width:
            self.conv_shortcut = nn.Conv2d(before, width, 1)

    def forward(self, x):
        y = self.conv1(functional.silu(self.norm1(x)))
        y = self.conv2(functional.silu(self.norm2(y)))
        return y + (self.conv_shortcut(x) if hasattr(self, "conv_shortcut") else x)


class Attention(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.group_norm = norm(width)
        self.to_q, self.to_k, self.to_v = (nn.Linear(width, width) for _ in range(3))
        self.to_out = nn.ModuleList([nn.Linear(width, width)])

    def forward(self, x):
        flat = self.group_norm(x).flatten(2).transpose(1, 2)
        read = functional.scaled_dot_product_attention(
            self.to_q(flat), self.to_k(flat), self.to_v(flat)
        )
        return x + self.to_out[0](read).transpose(1, 2).reshape(x.shape)


class Middle(nn.Module):
    def __init__(self, width, attends):
        super().__init__()
        self.resnets = nn.ModuleList([Residual(width, width), Residual(width, width)])
        self.attentions = nn.ModuleList([Attention(width)] if attends else [])

    def forward(self, x):
        x = self.resnets[0](x)
        for block in self.attentions:
            x = block(x)
        return self.resnets[1](x)


class Resample(nn.Module):
    def __init__(self, width, down):
        super().__init__()
        self.down = down
        self.conv = nn.Conv2d(width, width, 3, stride=2 if down else 1, padding=0 if down else 1)

    def forward(self, x):
        if self.down:
            return self.conv(functional.pad(x, (0, 1, 0, 1)))
        return self.conv(functional.interpolate(x, scale_factor=2.0, mode="nearest"))


class Block(nn.Module):
    def __init__(self, before, width, count, kind, last, attends):
        super().__init__()
        if attends:
            self.attentions = nn.ModuleList([Attention(width) for _ in range(count)])
        first = [Residual(before, width)]
        self.resnets = nn.ModuleList(first + [Residual(width, width) for _ in range(count - 1)])
        self.kind = kind
        if not last:
            setattr(self, kind, nn.ModuleList([Resample(width, kind == "downsamplers")]))

    def forward(self, x):
        for number, block in enumerate(self.resnets):
            x = block(x)
            x = self.attentions[number](x) if hasattr(self, "attentions") else x
        return getattr(self, self.kind)[0](x) if hasattr(self, self.kind) else x


class Half(nn.Module):
    def __init__(self, channels, read, made, down, discrete=False):
        super().__init__()
        count, kind = (1, "downsamplers") if down else (2, "upsamplers")
        self.down = down
        self.conv_in = nn.Conv2d(read, channels[0], 3, padding=1)
        befores = (channels[0], *channels[:-1])
        blocks = nn.ModuleList(
            Block(
                before,
                width,
                count,
                kind,
                last=number == len(channels) - 1,
                attends=discrete and width == CHANNELS[-1],
            )
            for number, (before, width) in enumerate(zip(befores, channels, strict=True))
        )
        setattr(self, "down_blocks" if down else "up_blocks", blocks)
        self.mid_block = Middle(channels[-1] if down else channels[0], not discrete)
        self.conv_norm_out = norm(channels[-1])
        self.conv_out = nn.Conv2d(channels[-1], made, 3, padding=1)

    def forward(self, x):
        x = self.conv_in(x)
        x = x if self.down else self.mid_block(x)
        for block in self.down_blocks if self.down else self.up_blocks:
            x = block(x)
        x = self.mid_block(x) if self.down else x
        return self.conv_out(functional.silu(self.conv_norm_out(x)))


class Reference(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = Half(CHANNELS, 3, 2 * LATENT, True)
        self.decoder = Half(CHANNELS[::-1], LATENT, 3, False)
        self.quant_conv = nn.Conv2d(2 * LATENT, 2 * LATENT, 1)
        self.post_quant_conv = nn.Conv2d(LATENT, LATENT, 1)

    def mean(self, images):
        return self.quant_conv(self.encoder(images))[:, :LATENT]

    def images(self, latents):
        return self.decoder(self.post_quant_conv(latents)).clip(-1, 1)


class DiscreteReference(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = Half(CHANNELS, 3, LATENT, True, discrete=True)
        self.decoder = Half(CHANNELS[::-1], LATENT, 3, False, discrete=True)
        self.quant_conv = nn.Conv2d(LATENT, DIM, 1)
        self.quantize = nn.Module()
        self.quantize.embedding = nn.Embedding(VECTORS, DIM)
        self.post_quant_conv = nn.Conv2d(DIM, LATENT, 1)

    def vectors(self, images):
        return self.quant_conv(self.encoder(images)).permute(0, 2, 3, 1)

    def codes(self, images):
        vectors = self.vectors(images)
        table = self.quantize.embedding.weight
        return (
            torch.cdist(vectors.reshape(1, -1, DIM), table[None])
            .argmin(-1)
            .view(vectors.shape[:-1])
        )

    def images(self, codes):
        vectors = self.quantize.embedding(codes).permute(0, 3, 1, 2)
        return self.decoder(self.post_quant_conv(vectors)).clip(-1, 1)


def write(path, arrays, dtypes=None):
    header, body = {"__metadata__": {"format": "pt"}}, b""
    for name, array in arrays.items():
        content = array.tobytes()
        dtype = (dtypes or {}).get(name, "F32")
        offsets = [len(body), len(body) + len(content)]
        header[name] = {"dtype": dtype, "shape": list(array.shape), "data_offsets": offsets}
        body += content
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + body)


def disturbed(kind):
    torch.manual_seed(0)
    reference = kind().eval()
    with torch.no_grad():
        for parameter in reference.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))  # norms, too
    return reference


def save(reference, config, folder):
    arrays = {name: value.detach().numpy() for name, value in reference.state_dict().items()}
    write(folder / "weights.safetensors", arrays)
    (folder / "config.json").write_text(json.dumps(config))
    return reference, arrays, folder


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    return save(disturbed(Reference), CONFIG, tmp_path_factory.mktemp("diffusers"))


@pytest.fixture(scope="module")
def saved_discrete(tmp_path_factory):
    reference = disturbed(DiscreteReference)
    with torch.no_grad():  # The vectors are some that data have, so that all are in use.
        made = reference.vectors(torch.rand(1, 3, 8, 8)).reshape(-1, DIM)
        reference.quantize.embedding.weight.copy_(made[:VECTORS])
    return save(reference, VQ_CONFIG, tmp_path_factory.mktemp("discrete"))


def images_of(*size):
    return np.random.default_rng(0).uniform(-1, 1, (2, *size, 3)).astype("float32")


def called(function, array):
    """A reference's result with channels last."""
    given = torch.from_numpy(array)
    with torch.no_grad():
        made = function(given.permute(0, 3, 1, 2) if given.ndim == 4 else given).numpy()
    return made.transpose(0, 2, 3, 1) if made.ndim == 4 else made


def test_the_model_computes_what_the_reference_computes(saved):
    from zoo.weights.diffusers import import_autoencoder_kl

    reference, _, folder = saved
    model = import_autoencoder_kl(folder / "weights.safetensors", folder / "config.json")
    data = images_of(8, 8)
    code = np.random.default_rng(1).normal(size=(2, 4, 4, LATENT)).astype("float32")
    SAME.check(model.encode(data), called(reference.mean, data))
    SAME.check(model.decode(code), called(reference.images, code))


def test_the_discrete_model_computes_what_the_reference_computes(saved_discrete, tmp_path):
    import zoo
    from zoo.cli.entry import main

    reference, arrays, folder = saved_discrete
    path = tmp_path / "imported.keras"
    words = ["import-weights", "vqgan", folder / "weights.safetensors", "--out", path]
    assert main([str(word) for word in words]) == 0
    model = zoo.load(path)
    data = images_of(8, 8)
    codes = called(reference.codes, data)
    assert len(np.unique(codes)) > 2  # of 7 vectors
    np.testing.assert_array_equal(model.encode(data), codes)
    SAME.check(model.decode(codes.astype("int32")), called(reference.images, codes))
    # The moving averages begin at the vectors.
    counts, sums = (numpy_of(x) for x in (model.codebook.counts, model.codebook.sums))
    np.testing.assert_array_equal(sums / counts[:, None], arrays["quantize.embedding.weight"])


def test_parts_of_any_size_export(saved, saved_discrete, tmp_path):
    import onnxruntime

    import export
    from zoo.weights.diffusers import parts_of_any_size

    for name, (reference, _, folder) in (
        ("autoencoder_kl", saved),
        ("vqgan", saved_discrete),
    ):
        files = folder / "weights.safetensors", folder / "config.json"
        sessions = {}
        for part, network in parts_of_any_size(name, *files).items():
            path = tmp_path / f"{name}.{part}.onnx"
            assert export.to_onnx(network, path, certify="quick").passed
            sessions[part] = onnxruntime.InferenceSession(path)
        for size in ((8, 8), (12, 6)):
            data = images_of(*size)
            (code,) = sessions["encoder"].run(["code"], {"data": data})
            (made,) = sessions["decoder"].run(["data"], {"latent": code})
            if name == "vqgan":
                np.testing.assert_array_equal(code, called(reference.codes, data))
                SAME.check(made, called(reference.images, code))
            else:
                SAME.check(code, called(reference.mean, data))
                SAME.check(made, called(reference.images, code))


def test_older_names_are_read(saved, tmp_path):
    import keras

    from zoo.networks import latent_diffusion
    from zoo.weights.diffusers import OLD_NAMES, assign

    _, arrays, _ = saved
    old = {new: name for name, new in OLD_NAMES.items()}
    renamed = {}
    for name, array in arrays.items():
        for new, before in old.items():
            name = name.replace(f".{new}.", f".{before}.")
        renamed[name] = array
    assert set(renamed) != set(arrays)
    topology = latent_diffusion.Topology(CHANNELS, 1, LATENT, GROUPS)
    networks = [getattr(latent_diffusion, n)((8, 8, 3), topology) for n in ("encoder", "decoder")]
    assign(renamed, networks)
    layer = networks[0].get_layer("encoder-mid_block-attentions-0-to_q")
    expected = arrays["encoder.mid_block.attentions.0.to_q.weight"].T
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(layer.kernel), expected)


def test_what_does_not_fit_is_named(saved, tmp_path):
    from zoo.weights.diffusers import import_autoencoder_kl

    _, arrays, folder = saved
    name = "quant_conv.bias"
    for changed, message in (
        ({n: a for n, a in arrays.items() if n != name}, "needs the tensor quant_conv.bias"),
        ({**arrays, name: np.zeros(3, "float32")}, "quant_conv.bias has the shape"),
        ({**arrays, "other.weight": np.zeros(3, "float32")}, "left over: other.weight"),
        ({**arrays, "a": np.zeros(3, "float32")}, "left over: a"),
        *(
            ({**arrays, kernel: np.zeros(shape, "float32")}, f"{kernel} has the shape")
            for kernel, shape in (
                ("encoder.conv_in.weight", (2,)),
                ("encoder.conv_in.weight", ()),
                ("encoder.conv_in.weight", (8, 3, 3)),
                ("encoder.mid_block.attentions.0.to_q.weight", (12, 12, 3, 3)),
                ("encoder.mid_block.attentions.0.to_q.weight", (12, 12, 0, 0)),
            )
        ),
    ):
        write(tmp_path / "x.safetensors", changed)
        with pytest.raises(DataError, match=message):
            import_autoencoder_kl(tmp_path / "x.safetensors", folder / "config.json")
    for changed, message in (
        ({"act_fn": "relu"}, "act_fn is silu"),
        ({"norm_type": "spatial"}, "norm_type is group"),
        ({"down_block_types": ["DownBlock2D"] * 2}, "down_block_types are 2 of DownEncoderBlock2D"),
        ({"up_block_types": ["UpDecoderBlock2D"]}, "up_block_types are 2 of UpDecoderBlock2D"),
        ({"sample_size": None}, "without sample_size"),
        ({"down_block_types": 3}, "down_block_types are 2 of"),
        ({"up_block_types": [[], {}]}, "up_block_types are 2 of"),
        ({"block_out_channels": []}, "block_out_channels are multiples of norm_num_groups, 2"),
        ({"block_out_channels": [8, 3]}, "block_out_channels are multiples of norm_num_groups, 2"),
        ({"block_out_channels": "ab"}, "block_out_channels is a whole number from 1"),
        ({"sample_size": [8, 8]}, "sample_size is a whole number from 1. Received: .8, 8"),
        ({"in_channels": "3"}, "in_channels is a whole number from 1. Received: '3'"),
        ({"layers_per_block": 0}, "layers_per_block is a whole number from 1. Received: 0"),
        ({"vq_embed_dim": 2.5}, "vq_embed_dim is a whole number from 1. Received: 2.5"),
        ({"latent_channels": 3}, "has the shape"),
    ):
        (tmp_path / "config.json").write_text(json.dumps({**CONFIG, **changed}))
        with pytest.raises(DataError, match=message):
            import_autoencoder_kl(folder / "weights.safetensors", tmp_path / "config.json")
    (tmp_path / "config.json").write_text(json.dumps({**CONFIG, "sample_size": [8, 8]}))
    import_autoencoder_kl(folder / "weights.safetensors", tmp_path / "config.json", size=(8, 8))
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(DataError, match="the key 'latent_channels' is missing"):
        import_autoencoder_kl(folder / "weights.safetensors", tmp_path / "config.json")


def test_half_precision_is_read_as_float32(tmp_path):
    values = np.array([[1.5, -2.0]], "float32")
    half = values.astype("float16")
    brain = (values.view("uint32") >> 16).astype("uint16")
    write(tmp_path / "x.safetensors", {"a": half, "b": brain}, {"a": "F16", "b": "BF16"})
    for array in read_safetensors(tmp_path / "x.safetensors").values():
        assert array.dtype == np.float32
        np.testing.assert_array_equal(array, values)


def test_damaged_files_are_named(tmp_path):
    path = tmp_path / "x.safetensors"
    write(path, {"a": np.zeros(4, "float32")})
    whole = path.read_bytes()
    for damaged in (b"", b"\xff" * 16, whole[:-1], whole[:8] + b"[" + whole[9:]):
        path.write_bytes(damaged)
        with pytest.raises(DataError, match="no file of safetensors"):
            read_safetensors(path)
