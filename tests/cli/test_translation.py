"""Data are translated and enlarged by commands, and samples truncated."""

import json

import numpy as np
import pytest
from PIL import Image

from export import to_bundle
from tests import tiny
from zoo import load

pytestmark = pytest.mark.once


def saved(name, folder):
    path = folder / f"{name}.keras"
    tiny.create(name).save(path)
    return path


def test_translations_stand_between_data_and_targets(zoo, tmp_path):
    rng = np.random.default_rng(0)
    for name in ("edges", "photos"):
        np.savez(
            tmp_path / f"{name}.npz", x_train=rng.integers(256, size=(40, 8, 8), dtype="uint8")
        )
    model, out = saved("pix2pix", tmp_path), tmp_path / "made.png"
    words = ["--data", tmp_path / "edges.npz", "--json", "-n", 4]
    pair = ["--target", tmp_path / "photos.npz", "--out", out]
    done = zoo("translate", model, *words, *pair)
    assert done.code == 0, done.err
    assert {"rows", "error", "error_of_mean"} < set(json.loads(done.out))
    with Image.open(out) as image:
        assert image.size == (4 * 66 - 2, 3 * 66 - 2)
    done = zoo("translate", model, *words, "--out", tmp_path / "made.npy")
    assert set(json.loads(done.out)) == {"out", "rows"}
    assert np.load(tmp_path / "made.npy").shape == (4, 8, 8, 1)
    done = zoo("upscale", model, *words)
    assert done.code == 2 and "has no use 'upscale'" in done.err


def test_domains_are_translated_there_and_back(zoo, tmp_path):
    rng = np.random.default_rng(0)
    for name, count in (("horses", 40), ("zebras", 50)):
        np.savez(
            tmp_path / f"{name}.npz", x_train=rng.integers(256, size=(count, 8, 8), dtype="uint8")
        )
    model, made = saved("cyclegan", tmp_path), {}
    horses, zebras = (["--data", tmp_path / f"{name}.npz"] for name in ("horses", "zebras"))
    both = [*horses, "--target", tmp_path / "zebras.npz", "--unpaired"]
    asked = {"there": both, "back": [*both, "--back"], "zebras": [*zebras, "--back"]}
    for name, words in asked.items():
        done = zoo("translate", model, *words, "-n", 4, "--out", tmp_path / f"{name}.npy")
        assert done.code == 0, done.err
        made[name] = np.load(tmp_path / f"{name}.npy")
    assert made["there"].shape == made["back"].shape == (4, 8, 8, 1)
    assert (made["back"][0] != made["there"][0]).any()
    assert (made["back"][0] == made["zebras"][0]).all()  # the first row of the last tenth
    done = zoo("translate", saved("pix2pix", tmp_path), *both, "--back")
    assert done.code == 2 and "needs the use 'translate_back'" in done.err


def test_data_alone_are_translated_back_as_the_second_domain(zoo, tmp_path):
    # Grey data and an other domain in colour.
    model = tiny.create("cyclegan", other_channels=3, identity=0.0)
    model.save(tmp_path / "cyclegan.keras")
    to_bundle(model, tmp_path / "bundle", certify="quick")
    rng = np.random.default_rng(0)
    zebras = rng.integers(256, size=(5, 8, 8, 3), dtype="uint8")
    np.savez(tmp_path / "zebras.npz", x_train=zebras)
    np.savez(tmp_path / "horses.npz", x_train=zebras[..., 0])
    expected = model.use("translate_back", other=zebras)["data"]
    words, out = ["--data", tmp_path / "zebras.npz", "--back", "--out"], tmp_path / "made.npy"
    for subject in ("cyclegan.keras", "bundle"):
        done = zoo("translate", tmp_path / subject, *words, out)
        assert done.code == 0, done.err
        assert np.abs(np.load(out) - expected).max() < 1e-4
        done = zoo("translate", tmp_path / subject, *words, tmp_path / "made.png")
        assert done.code == 0, done.err
        done = zoo(
            "translate", tmp_path / subject, "--data", tmp_path / "horses.npz", *words[2:], out
        )
        assert done.code == 2
        assert "The data have the shape (any, any, 3). Received: (8, 8, 1)" in done.err
    done = zoo("translate", tmp_path / "cyclegan.keras", *words[:2], "--out", out)
    assert (
        done.code == 2 and "The data have the shape (any, any, 1). Received: (8, 8, 3)" in done.err
    )


def test_pictures_of_the_second_domain_are_read_in_its_colours(zoo, tmp_path):
    model = tiny.create("cyclegan", other_channels=3, identity=0.0)
    model.save(tmp_path / "cyclegan.keras")
    (tmp_path / "in").mkdir()
    zebra = np.random.default_rng(0).integers(256, size=(8, 8, 3), dtype="uint8")
    Image.fromarray(zebra).save(tmp_path / "in/zebra.png")
    words = ["--data", tmp_path / "in", "--back", "--out", tmp_path / "out"]
    done = zoo("translate", tmp_path / "cyclegan.keras", *words)
    assert done.code == 0, done.err
    expected = model.use("translate_back", other=zebra[None])["data"][0, ..., 0]
    assert np.abs(read(tmp_path / "out/zebra.png") - (expected + 1) * 127.5).max() <= 0.51


def test_the_target_of_pairs_is_what_is_translated_back(zoo, tmp_path):
    rng = np.random.default_rng(0)
    for name in ("horses", "zebras"):
        values = rng.integers(256, size=(5, 8, 8), dtype="uint8")
        np.savez(tmp_path / f"{name}.npz", x_train=values)
    model, made = saved("cyclegan", tmp_path), {}
    zebras = ["--data", tmp_path / "zebras.npz"]
    pairs = ["--data", tmp_path / "horses.npz", "--target", tmp_path / "zebras.npz"]
    for name, words in {"alone": zebras, "pairs": pairs}.items():
        done = zoo("translate", model, *words, "--back", "--json", "--out", tmp_path / "made.npy")
        assert done.code == 0, done.err
        made[name] = np.load(tmp_path / "made.npy")
    assert (made["alone"] == made["pairs"]).all()
    horses = np.load(tmp_path / "horses.npz")["x_train"][..., None] / 127.5 - 1
    error = json.loads(done.out)["error"]
    assert error == pytest.approx(np.abs(made["pairs"] - horses).mean(), rel=1e-4)


def test_data_become_each_class_that_is_asked_for(zoo, tmp_path):
    model, out = saved("stargan", tmp_path), tmp_path / "made.npy"
    words = ["translate", model, "--data", "digits", "-n", 4]
    made = []
    for asked in ("3,8", "8"):
        done = zoo(*words, "--labels", asked, "--out", out)
        assert done.code == 0, done.err
        made.append(np.load(out))
    assert made[0].shape == (8, 8, 8, 1) and (made[0][4:] == made[1]).all()
    assert (made[0][:4] != made[1]).any()
    done = zoo(*words, "--out", tmp_path / "made.png")
    assert done.code == 0, done.err
    with Image.open(tmp_path / "made.png") as image:
        assert image.size == (4 * 66 - 2, 11 * 66 - 2)  # the data, and ten classes
    done = zoo("use", model, "translate", *words[2:], "--labels", "8", "--out", tmp_path / "u.npy")
    assert done.code == 0, done.err
    assert np.load(tmp_path / "u.npy").shape == (4, 8, 8, 1)
    done = zoo("translate", saved("pix2pix", tmp_path), *words[2:], "--labels", "8")
    assert done.code == 2 and "reads no labels. Received: --labels 8" in done.err


def pictures(folder, size, names=("a.png", "deep/b.bmp")):
    rng = np.random.default_rng(0)
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(256, size=(size, size), dtype="uint8")).save(folder / name)
    return folder


def read(path):
    with Image.open(path) as image:
        return np.asarray(image)


def test_each_picture_of_a_folder_becomes_one_of_another_folder(zoo, tmp_path):
    model, folder, out = saved("stargan", tmp_path), pictures(tmp_path / "in", 8), tmp_path / "out"
    (folder / "broken.png").write_text("no picture")
    words = ["translate", model, "--data", folder, "--out"]
    done = zoo(*words, out / "one", "--labels", "8", "--json")
    assert done.code == 0 and json.loads(done.out)["pictures"] == 2, done.err
    done = zoo(*words, out / "two", "--labels", "3,8")
    assert done.code == 0 and "left out" in done.err, done.err
    found = sorted(path.relative_to(out).as_posix() for path in out.rglob("*.png"))
    places = ("one", "two/3", "two/8")
    assert found == [f"{place}/{name}.png" for place in places for name in ("a", "deep/b")]
    made = read(out / "one/a.png")
    assert (made == read(out / "two/8/a.png")).all()
    data = read(folder / "a.png")[None, ..., None] / np.float32(127.5) - 1
    expected = load(model).use("translate", data=data, target_labels=8)["other"]
    assert np.abs(made - (expected[0, ..., 0] + 1) * 127.5).max() <= 0.51
    done = zoo(
        "upscale",
        saved("srgan", tmp_path),
        "--data",
        pictures(tmp_path / "small", 4),
        "--out",
        out / "large",
    )
    assert done.code == 0 and read(out / "large/deep/b.png").shape == (8, 8), done.err


@pytest.mark.parametrize(("name", "word"), [("pix2pix", "translate"), ("srgan", "upscale")])
def test_pictures_keep_their_sizes_from_models_and_from_bundles(zoo, tmp_path, name, word):
    model, folder = saved(name, tmp_path), tmp_path / "in"
    for height, width in ((8, 8), (11, 6), (1, 9)):
        pixels = np.arange(height * width, dtype="uint8").reshape(height, width)
        folder.mkdir(exist_ok=True)
        Image.fromarray(pixels).save(folder / f"{height}x{width}.png")
    bundle = to_bundle(load(model), tmp_path / name, samples=False, certify="quick")
    factor = 2 if word == "upscale" else 1
    for subject, out in ((model, tmp_path / "one"), (bundle, tmp_path / "two")):
        done = zoo(word, subject, "--data", folder, "--out", out)
        assert done.code == 0 and "resized" not in done.err, done.err
    for path in folder.iterdir():
        made, again = (read(tmp_path / place / path.name) for place in ("one", "two"))
        assert made.shape == tuple(factor * size for size in read(path).shape)
        assert np.abs(made.astype(int) - again).max() <= 1


def test_pictures_are_resized_for_a_model_of_one_size(zoo, tmp_path):
    model, folder = saved("stargan", tmp_path), pictures(tmp_path / "in", 12)
    done = zoo("translate", model, "--data", folder, "--labels", "3", "--out", tmp_path / "out")
    assert done.code == 0 and "resized to 8x8" in done.err, done.err
    assert read(tmp_path / "out/a.png").shape == (8, 8)


def test_a_folder_is_made_of_another_folder_alone(zoo, tmp_path):
    model, folder = saved("stargan", tmp_path), pictures(tmp_path / "in", 8, ("a.png",))
    rejected = {
        "another folder than --data": ["--data", folder, "--out", folder],
        "where --data is one. Received: --data digits": ["--data", "digits", "--out", "out"],
        "is read by itself. Received: --channels": [
            *("--data", folder, "--channels", 1, "--out", "out")
        ],
        "does not end in .png or .npy or nothing, as a folder": ["--out", "out.jpg"],
    }
    for message, words in rejected.items():
        done = zoo("translate", model, *words)
        assert done.code == 2 and message in done.err, done.err
    pictures(folder, 8, ("a.bmp",))
    done = zoo("translate", model, "--data", folder, "--out", tmp_path / "out")
    assert done.code == 2 and "differ in more than their endings" in done.err


def test_large_data_are_made_small_first_and_small_ones_enlarged(zoo, tmp_path):
    model, out = saved("srgan", tmp_path), tmp_path / "made.png"
    done = zoo("upscale", model, "--data", "digits", "-n", 4, "--out", out, "--json")
    assert done.code == 0, done.err
    assert {"rows", "error", "error_of_nearest"} < set(json.loads(done.out))
    with Image.open(out) as image:
        assert image.size == (4 * 66 - 2, 3 * 66 - 2)
    np.savez(tmp_path / "small.npz", x_train=np.zeros((5, 4, 4), "uint8"))
    words = ["--data", tmp_path / "small.npz", "--out", tmp_path / "large.npy"]
    assert zoo("upscale", model, *words).code == 0
    assert np.load(tmp_path / "large.npy").shape == (5, 8, 8, 1)
    done = zoo("upscale", model)
    assert done.code == 2 and "--data is needed" in done.err


def test_large_pictures_are_learned_from_small_ones_of_ones_own(zoo, tmp_path):
    names = [f"{number}.png" for number in range(170)]
    large, small = pictures(tmp_path / "large", 8, names), pictures(tmp_path / "small", 4, names)
    pairs, run = ["--data", large, "--low", small], tmp_path / "run"
    sizes = ["--set", "network_options.width=2", "network_options.upscaler.blocks=1"]
    words = ["train", "srgan", *sizes, "pretraining_steps=1", "--batch-size", 16, "--quiet"]
    done = zoo(*words, *pairs, "--steps", 3, "--out", run)
    assert done.code == 0, done.err
    settings = json.loads((run / "run.json").read_text())["model"]["settings"]
    assert (settings["degradation"], settings["factor"]) == (None, 2)
    assert (run / "samples").is_dir()
    done = zoo("upscale", run, "--out", tmp_path / "made.npy", "--json")
    assert done.code == 0, done.err
    assert {"rows", "error", "error_of_nearest"} < set(json.loads(done.out))
    done = zoo("evaluate", run, *pairs, "--metrics", "restoration", "--json")
    assert done.code == 0 and "restoration_error" in done.out, done.err
    done = zoo("upscale", run, "--data", small, "--out", tmp_path / "out")
    assert done.code == 0 and read(tmp_path / "out/3.png").shape == (8, 8), done.err
    done = zoo(*words, "--data", large, "--low", large, "--steps", 1, "--out", tmp_path / "other")
    assert done.code == 2 and "Each side of large data is a power of 2" in done.err
    done = zoo(
        *words, "--set", "degradation=mean", *pairs, "--steps", 1, "--out", tmp_path / "other"
    )
    assert done.code == 2 and "srgan reads no low. Received: --low" in done.err
    (small / "3.png").unlink()
    done = zoo(*words, *pairs, "--steps", 1, "--out", tmp_path / "other")
    assert done.code == 1 and "Received: '3' in" in done.err


def test_samples_are_truncated(zoo, tmp_path):
    model, made = saved("stylegan2", tmp_path), []
    for factor in ("0.5", "0"):
        words = ["-n", 3, "--truncation", factor, "--out", tmp_path / "x.npy"]
        assert zoo("sample", model, *words).code == 0
        made.append(np.load(tmp_path / "x.npy"))
    assert np.abs(made[1] - made[1][:1]).max() < 1e-5  # the mean style, and noise of strength 0
    assert np.abs(made[0] - made[0][:1]).max() > 1e-3
    done = zoo("sample", model, "--truncation", "2", "--out", tmp_path / "x.npy")
    assert done.code == 2 and "is not a share" in done.err


def test_one_picture_becomes_one_picture(zoo, tmp_path):
    model, folder = saved("pix2pix", tmp_path), pictures(tmp_path / "in", 8, ("a.png",))
    words = ["translate", model, "--data", folder / "a.png", "--out"]
    for out in (tmp_path / "made.png", tmp_path / "made"):
        done = zoo(*words, out, "--json")
        assert done.code == 0 and json.loads(done.out)["pictures"] == 1, done.err
    assert (read(tmp_path / "made.png") == read(tmp_path / "made/a.png")).all()
    done = zoo("upscale", saved("srgan", tmp_path), *words[2:], tmp_path / "large.png")
    assert done.code == 0 and read(tmp_path / "large.png").shape == (16, 16), done.err
    before = (folder / "a.png").read_bytes()
    refused = {
        folder / "a.png": "another file than --data",
        tmp_path / "made.npy": "A picture becomes a picture",
    }
    for out, message in refused.items():
        done = zoo(*words, out)
        assert done.code == 2 and message in done.err, done.err
    assert (folder / "a.png").read_bytes() == before
    done = zoo("translate", model, "--data", folder / "none", "--out", tmp_path / "others")
    assert done.code == 2 and "--data exists. Received: " in done.err
    stargan = saved("stargan", tmp_path)
    done = zoo("translate", stargan, *words[2:], tmp_path / "classes.png")
    assert done.code == 2 and "one of each class" in done.err
