"""Sounds: WAV files of every kind, windows and their overlap-add, folders, and the made ones."""

import numpy as np
import pytest
from scipy.io import wavfile

from tests.tolerances import EXACT, FORMULA
from zoo.data import load_data
from zoo.data.sources import made_sounds
from zoo.data.sources.wav import Sound, read_wav, resample, write_wav
from zoo.data.windows import overlap_add, windows
from zoo.errors import DataError

pytestmark = pytest.mark.once


@pytest.mark.parametrize(("size", "hop"), [(8, 4), (8, 2), (7, 3), (5, 5)])
@pytest.mark.parametrize("length", [1, 8, 21])
def test_windows_make_the_signal_that_they_were_cut_from(size, hop, length):
    signal = np.random.default_rng(0).normal(size=(length, 2))
    cut = windows(signal, size, hop)
    assert cut.shape == (1 + max(-(-(length - size) // hop), 0), size, 2)
    last = signal[(len(cut) - 1) * hop :]
    np.testing.assert_array_equal(cut[-1], np.pad(last, [(0, size - len(last)), (0, 0)]))
    FORMULA.check(overlap_add(cut, hop, length), signal)


def test_windows_that_differ_are_averaged_by_a_sine_squared():
    made = overlap_add(np.array([[1.0] * 4, [3.0] * 4]), 2)
    weight = np.sin(np.pi * (np.arange(4) + 0.5) / 4) ** 2
    FORMULA.check(made, [1, 1, *(weight[2:] + 3 * weight[:2]), 3, 3])
    for hop in (0, 5):
        with pytest.raises(DataError, match=f"from 1 to their size. Received: hop={hop} of size=4"):
            windows(np.ones(9), 4, hop)
    with pytest.raises(DataError, match="at least one sample"):
        windows(np.ones(0), 4, 2)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.array([0, 128, 255], "uint8"), [-1, 0, 127 / 128]),
        (np.array([-32768, 0, 16384], "int16"), [-1, 0, 0.5]),
        (np.array([-(2**31), 2**30, 0], "int32"), [-1, 0.5, 0]),
        (np.array([-1.5, 0.25, 0], "float32"), [-1.5, 0.25, 0]),
        (np.array([-1.5, 0.25, 0], "float64"), [-1.5, 0.25, 0]),
        (np.array([[0, 16384], [-16384, 0]], "int16"), [[0, 0.5], [-0.5, 0]]),
    ],
)
def test_integers_and_floats_become_floats_around_silence(tmp_path, values, expected):
    wavfile.write(tmp_path / "a.wav", 8000, values)
    found = read_wav(tmp_path / "a.wav")
    assert (found.rate, found.samples.dtype, found.dtype) == (8000, "float32", values.dtype)
    EXACT.check(found.samples, np.reshape(expected, (len(values), -1)).astype("float32"))


def test_24_bits_are_read(tmp_path):
    """The header of 24-bit PCM in one channel, and three samples by hand."""
    data = b"".join(n.to_bytes(3, "little", signed=True) for n in (-(2**23), 2**22, 0))
    form = b"fmt " + (16).to_bytes(4, "little") + bytes([1, 0, 1, 0])
    form += (8000).to_bytes(4, "little") + (24000).to_bytes(4, "little") + bytes([3, 0, 24, 0])
    body = b"WAVE" + form + b"data" + len(data).to_bytes(4, "little") + data + b"\0"
    (tmp_path / "a.wav").write_bytes(b"RIFF" + len(body).to_bytes(4, "little") + body)
    EXACT.check(read_wav(tmp_path / "a.wav").samples[:, 0], np.array([-1, 0.5, 0], "float32"))


@pytest.mark.parametrize(
    ("dtype", "kind", "expected"),
    [
        ("uint8", "int16", [-32768, 16384, 32767]),
        ("int32", "int32", [-(2**31), 2**30, 2**31 - 1]),
        ("float64", "float32", [-1.25, 0.5, 1]),
    ],
)
def test_sounds_are_written_in_the_form_of_the_file_that_was_read(tmp_path, dtype, kind, expected):
    write_wav(tmp_path / "a.wav", Sound(np.array([[-1.25], [0.5], [1.0]]), 8000, dtype))
    rate, values = wavfile.read(tmp_path / "a.wav")
    assert (rate, values.dtype, values.tolist()) == (8000, kind, expected)


def test_a_tone_stays_itself_at_another_rate():
    def tone(rate):
        return np.sin(2 * np.pi * 440 * np.arange(rate // 4) / rate)[:, None].astype("float32")

    made = resample(tone(11025), 11025, 8000)
    assert made.shape == (-(-(11025 // 4) * 8000 // 11025), 1)
    inside = slice(100, 1900)  # the filter reaches beyond the ends
    np.testing.assert_allclose(made[inside], tone(8000)[inside], atol=2e-3)


@pytest.fixture
def folder(tmp_path):
    """Two sounds at 8,000, one in stereo and short; one at 4,000; a broken one."""
    (tmp_path / "deep").mkdir()
    wavfile.write(tmp_path / "a.wav", 8000, np.full(20, 16384, "int16"))
    wavfile.write(tmp_path / "b.WAV", 8000, np.array([[8192, 24576]] * 3, "int16"))
    wavfile.write(tmp_path / "c.wav", 4000, np.zeros(8, "int16"))
    (tmp_path / "d.wav").write_bytes((tmp_path / "a.wav").read_bytes()[:50])
    return tmp_path


def test_a_folder_of_sounds_becomes_windows_of_one_rate(folder):
    with pytest.warns(UserWarning, match=r"Left out 1 of 4 sounds of .*d\.wav"):
        data, test = load_data(folder, window=8)
    assert test is None and data.shape == (8, 1) and data.samples.dtype == "float32"
    found = data.description
    assert (found["rate"], found["window"], found["files"]) == (8000, 8, 3)
    assert found["skipped"] == ["d.wav"] and data.source_range == (-1, 1)
    # 20 samples are windows at 0, 4, 8 and 12; 3 are one, with zeros behind; 8 are 16 at 8,000.
    EXACT.check(data.samples[:4], np.full((4, 8, 1), 0.5, "float32"))
    EXACT.check(data.samples[4, :, 0], np.array([0.5] * 3 + [0] * 5, "float32"))
    EXACT.check(data.samples[5:], np.zeros((3, 8, 1), "float32"))


def test_subfolders_are_classes_and_splits(folder):
    for split, name in (("train", "low"), ("train", "high"), ("test", "low")):
        (folder / "all" / split / name).mkdir(parents=True)
        content = (folder / "a.wav").read_bytes()
        (folder / "all" / split / name / "a.wav").write_bytes(content)
    data, test = load_data(folder / "all", window=16)
    assert data.class_names == ["high", "low"] == test.class_names
    assert data.labels.tolist() == [0, 0, 1, 1] and test.labels.tolist() == [1, 1]


def test_pairs_of_sounds_are_read_at_the_rate_of_the_first(folder):
    for name in ("noisy", "clean"):
        (folder / name).mkdir()
    wavfile.write(folder / "noisy" / "a.wav", 8000, np.zeros(16, "int16"))
    wavfile.write(folder / "clean" / "a.wav", 4000, np.zeros(8, "int16"))
    data, _ = load_data(folder / "noisy", target=folder / "clean", window=8)
    assert data.shapes == {"data": (8, 1), "target": (8, 1)} and len(data) == 3
    (folder / "clean" / "a.wav").rename(folder / "clean" / "b.wav")
    wavfile.write(folder / "noisy" / "b.wav", 8000, np.zeros(16, "int16"))
    with pytest.raises(DataError, match="Files of pairs have the same names. Received: 'a'"):
        load_data(folder / "noisy", target=folder / "clean")


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("deep", {}, "A folder of images holds at least one"),
        ("d.wav", {}, r"The sound cannot be read. Received: .*d\.wav"),
        ("e.wav", {}, "No such data"),
        ("a.wav", {"window": 1}, "at least two samples. Received: window=1"),
        ("a.wav", {"rate": 0}, "A rate is at least 1. Received: rate=0"),
        ("a.wav", {"size": 8}, "size is for images. Received: size=8"),
        ("a.wav", {"lines": True}, r"lines is for text \(.txt\)"),
    ],
)
def test_what_is_no_sound_is_refused(folder, name, options, message):
    with pytest.raises(DataError, match=message):
        load_data(folder / name, **options)


def test_windows_are_for_sounds_alone():
    with pytest.raises(DataError, match=r"window is for sounds \(.wav\). Received: window=8"):
        load_data("digits", window=8)


def test_sounds_without_samples_or_with_infinite_ones_are_refused(tmp_path):
    wavfile.write(tmp_path / "a.wav", 8000, np.array([0, np.inf], "float32"))
    wavfile.write(tmp_path / "b.wav", 8000, np.zeros(0, "int16"))
    with pytest.raises(DataError, match="holds other than finite numbers"):
        load_data(tmp_path / "a.wav")
    with pytest.raises(DataError, match="holds none"):
        load_data(tmp_path / "b.wav")


def test_made_sounds_follow_the_seed_and_are_no_louder_than_full_scale():
    kinds = list(made_sounds.KINDS)

    def draw(seed):
        return [made_sounds.make(kind, 8000, np.random.default_rng(seed)) for kind in kinds]

    first, again, other = draw(1), draw(1), draw(2)
    for sound, same, different in zip(first, again, other, strict=True):
        assert sound.shape == (8000,) and 0.35 <= np.abs(sound).max() <= 0.7
        np.testing.assert_array_equal(sound, same)
        assert (sound != different).any()
    silent = np.abs(first[kinds.index("speech")]) < 1e-6
    assert 0.05 < silent.mean() < 0.8  # the pauses


def test_the_frequency_of_a_chirp_goes_from_its_first_to_its_last():
    time = np.arange(8000) / 8000
    rng = np.random.default_rng(3)
    sound = made_sounds.KINDS["chirp"](time, 8000, rng)
    rng = np.random.default_rng(3)
    ends = [made_sounds._pitch(8000, rng) for _ in range(2)]
    for end, piece in zip(ends, (sound[:400], sound[-400:]), strict=True):
        strongest = np.argmax(np.abs(np.fft.rfft(piece * np.hanning(400), 8000)))
        assert abs(strongest - end) < 0.05 * np.ptp(ends) + 20


def test_a_file_without_a_chunk_of_samples_or_without_channels_is_refused(tmp_path):
    wavfile.write(tmp_path / "whole.wav", 8000, np.zeros(4, "int16"))
    content = (tmp_path / "whole.wav").read_bytes()
    (tmp_path / "no-data.wav").write_bytes(content[:36])
    (tmp_path / "no-channels.wav").write_bytes(content[:22] + bytes(2) + content[24:])
    for name in ("no-data", "no-channels"):
        with pytest.raises(DataError, match=f"cannot be read. Received: .*{name}.wav"):
            load_data(tmp_path / f"{name}.wav")


def test_floats_beyond_full_scale_are_made_quieter(tmp_path):
    wavfile.write(tmp_path / "loud.wav", 8000, np.array([0, 2, -4, 1], "float32"))
    data, _ = load_data(tmp_path / "loud.wav", window=4)
    FORMULA.check(data.batch(np.arange(1), (-1.0, 1.0))["data"][0, :, 0], [0, 0.5, -1, 0.25])


def test_an_array_beside_sounds_is_no_sound(folder):
    (folder / "noisy").mkdir()
    wavfile.write(folder / "noisy" / "a.wav", 8000, np.zeros(8, "int16"))
    np.save(folder / "clean.npy", np.zeros((1, 8, 1), "float32"))
    data, _ = load_data(folder / "noisy", target=folder / "clean.npy", window=8)
    assert data.shapes["target"] == (8, 1)
