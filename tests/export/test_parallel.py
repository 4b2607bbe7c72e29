"""Batches split among threads: the same numbers in the same order, and only where it pays."""

import threading

import numpy as np
import pytest

from export import direct
from export.runtime import engine, parallel
from tests.export.conftest import small_generator
from tests.tolerances import CERTIFICATE


class Recorder:
    """A session that gives its input back and remembers what it was called with."""

    def __init__(self, fails_on=None):
        self.sizes, self.threads, self.fails_on = [], set(), fails_on

    def run(self, names, feed):
        self.sizes.append(len(feed["x"]))
        self.threads.add(threading.current_thread().name)
        if self.fails_on is not None and self.fails_on in feed["x"]:
            raise ArithmeticError("a piece failed")
        return [feed["x"] + feed.get("y", 0)]


@pytest.mark.once
@pytest.mark.parametrize(
    ("count", "threads", "sizes"),
    [(7, 2, [7]), (8, 2, [4, 4]), (9, 2, [4, 5]), (64, 3, [21, 21, 22]), (13, 8, [4, 4, 5])],
)
def test_large_batches_are_split_evenly_and_answered_in_order(count, threads, sizes):
    whole, single = Recorder(), Recorder()
    graph = parallel.Parallel(whole, lambda: single, threads=threads)
    data = np.arange(count)
    (answer,) = graph.run(None, {"x": data, "y": 100 * data})
    np.testing.assert_array_equal(answer, 101 * data)
    assert sorted(whole.sizes + single.sizes) == sizes
    assert bool(single.sizes) == (len(sizes) > 1)


@pytest.mark.once
def test_inputs_of_different_lengths_are_left_to_the_session():
    whole = Recorder()
    graph = parallel.Parallel(whole, Recorder, threads=2)
    graph.run(None, {"x": np.zeros(16), "y": np.zeros(1)})
    assert whole.sizes == [16]


@pytest.mark.once
def test_a_piece_that_fails_is_told_and_the_next_batch_runs():
    graph = parallel.Parallel(Recorder(), lambda: Recorder(fails_on=15), threads=2)
    with pytest.raises(ArithmeticError, match="a piece failed"):
        graph.run(None, {"x": np.arange(16)})
    assert len(graph.run(None, {"x": np.arange(10)})[0]) == 10


@pytest.fixture(scope="module")
def generator():
    return direct.convert(small_generator()).SerializeToString()


@pytest.mark.once
def test_a_generator_split_among_threads_gives_what_it_gives_whole(generator):
    rng = np.random.default_rng(0)
    feed = {
        "latent": rng.standard_normal((19, 4), dtype=np.float32),
        "labels": rng.integers(0, 3, 19, dtype=np.int32),
    }
    split = engine.open_graph(generator, providers=["cpu"], threads=3)
    assert isinstance(split, parallel.Parallel)
    whole = engine.open_session(generator, providers=["cpu"], threads=1)
    for count in (19, 5, 19):
        piece = {name: values[:count] for name, values in feed.items()}
        CERTIFICATE.check(engine.run(split, piece)["data"], engine.run(whole, piece)["data"])
    assert split.get_providers() == ["CPUExecutionProvider"]


@pytest.mark.once
def test_only_a_graph_in_memory_is_opened_twice(generator, tmp_path):
    path = tmp_path / "generator.onnx"
    path.write_bytes(generator)
    assert not isinstance(engine.open_graph(path, providers=["cpu"]), parallel.Parallel)


@pytest.mark.once
def test_a_graph_of_one_fixed_size_is_not_split(generator):
    class Fixed:
        def __init__(self, shape, provider="CPUExecutionProvider"):
            self.shape, self.provider = shape, provider

        def get_providers(self):
            return [self.provider]

        def get_inputs(self):
            return [self]

        get_outputs = get_inputs

    assert parallel.worth_splitting(generator, Fixed(["batch", 4]))
    assert not parallel.worth_splitting(generator, Fixed([16, 4]))
    assert not parallel.worth_splitting(generator, Fixed([]))
    assert not parallel.worth_splitting(b"Conv", Fixed(["batch", 4]))
    assert not parallel.worth_splitting(generator, Fixed(["batch", 4], "CUDAExecutionProvider"))
