"""ONNX Runtime with every value of a workload in a buffer that is bound once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.errors import BenchmarkError
from benchmarks.subjects.onnx import provider_of
from benchmarks.workload.workdir import Workdir
from zoo.uses import Use

Outputs = dict[str, np.ndarray]

PROVIDERS = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "tensorrt": "TensorrtExecutionProvider",
}
FULL_FLOAT32 = {"cuda": {"use_tf32": "0"}}
"""Options of a provider; TensorRT reads `NVIDIA_TF32_OVERRIDE`, which subjects set to 0."""


class BoundOnnxRuntime:
    """Runs the direct route's files for one batch size, through IO binding.

    The inputs are copied into their buffers on the device, the parts read one another's outputs
    there, and the results are copied back. Batch sizes are fixed when a graph is opened.

    Args:
        engine: `cuda` or `tensorrt`, on a GPU.
        cuda_graph: Whether each part is captured as a CUDA graph and replayed.
        threads: Of one operator, on the processor.
        device: `cpu` or `gpu`.
    """

    def __init__(
        self,
        engine: str = "cuda",
        *,
        cuda_graph: bool = False,
        threads: int = 0,
        device: str = "cpu",
    ) -> None:
        self.engine = "cpu" if device == "cpu" else engine
        self.cuda_graph = cuda_graph
        self.threads = threads or None

    def describe(self) -> dict[str, Any]:
        """ONNX Runtime's version, and the provider that it uses.

        Raises:
            BenchmarkError: The provider is not there, or cannot load its libraries.
        """
        import onnxruntime
        from onnxruntime.datasets import get_example

        if self.engine != "cpu":
            onnxruntime.preload_dlls()  # those of NVIDIA's Python packages, which PyTorch brings
        self._open(Path(get_example("sigmoid.onnx")))
        return {"versions": {"onnxruntime": onnxruntime.__version__}, "device": self.engine}

    def open(self, task: dict[str, Any]) -> Callable[[], Outputs]:
        """Opens the workload's parts, allocates every value and binds it."""
        workdir = Workdir(task["folder"])
        use = workdir.use(task["workload"])
        inputs = workdir.inputs(task["workload"], task["batch"])
        paths = [_graph(workdir, step.part) for step in use.steps]
        values = values_of(use, paths, inputs)
        # A part that comes twice has two sessions, since each captures its own CUDA graph.
        sessions = [self._open(path, batch=task["batch"]) for path in paths]
        device = "cpu" if self.engine == "cpu" else "cuda"
        return BoundChain(use, sessions, inputs, values, device)

    def _open(self, path: Path, *, batch: int | None = None) -> Any:
        """A session on the engine, for one batch size.

        Raises:
            BenchmarkError: ONNX Runtime has not the engine, or falls back to another.
        """
        import onnxruntime

        available = onnxruntime.get_available_providers()
        if PROVIDERS[self.engine] not in available:
            raise BenchmarkError(
                f"ONNX Runtime must have {PROVIDERS[self.engine]}. Received: {', '.join(available)}"
            )
        options = onnxruntime.SessionOptions()
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        if self.threads is not None:
            options.intra_op_num_threads = self.threads
        if batch is not None:
            options.add_free_dimension_override_by_name("batch", batch)
        session = onnxruntime.InferenceSession(
            str(path), sess_options=options, providers=self._providers()
        )
        if provider_of(session) != self.engine:
            raise BenchmarkError(
                f"ONNX Runtime must use {self.engine!r}. Received: {provider_of(session)!r}"
            )
        return session

    def _providers(self) -> list[tuple[str, dict[str, str]]]:
        """The engine, and those that compute what it does not, in order."""
        order = [self.engine, *(["cuda"] if self.engine == "tensorrt" else [])]
        own = {"enable_cuda_graph": "1"} if self.cuda_graph else {}
        return [(PROVIDERS[name], FULL_FLOAT32.get(name, {}) | own) for name in order]


class BoundChain:
    """A use's chain, whose values are all in buffers that were allocated once.

    Args:
        use: The chain.
        sessions: Of each step.
        inputs: The use's inputs.
        values: Every value by name; their shapes and types are the buffers'.
        device: `cpu` or `cuda`.
    """

    def __init__(
        self,
        use: Use,
        sessions: Sequence[Any],
        inputs: Mapping[str, np.ndarray],
        values: Mapping[str, np.ndarray],
        device: str,
    ) -> None:
        from onnxruntime import OrtValue

        self.use = use
        self.inputs = inputs
        self.device = device
        self.buffers = {
            name: OrtValue.ortvalue_from_shape_and_type(array.shape, array.dtype, device, 0)
            for name, array in values.items()
        }
        self.steps = []
        for step, session in zip(use.steps, sessions, strict=True):
            binding = session.io_binding()
            for node in session.get_inputs():
                binding.bind_ortvalue_input(node.name, self.buffers[step.reads[node.name]])
            for node in session.get_outputs():
                name = f"{step.name}/{node.name}"
                binding.bind_ortvalue_output(node.name, self.buffers[name])
            self.steps.append((session, binding))

    def __call__(self) -> Outputs:
        """The results of the use, copied back."""
        for name, array in self.inputs.items():
            self.buffers[name].update_inplace(array)
        for session, binding in self.steps:
            session.run_with_iobinding(binding)
        found = {name: self.buffers[value].numpy() for name, value in self.use.gives.items()}
        # On the processor they are views of the buffers.
        return {n: a.copy() for n, a in found.items()} if self.device == "cpu" else found


def values_of(
    use: Use, paths: Sequence[Path], inputs: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Every value of a chain, computed once on the processor."""
    from export.runtime.engine import open_session, run

    values = dict(inputs)
    for step, path in zip(use.steps, paths, strict=True):
        session = open_session(path, providers=["cpu"])
        feed = {node.name: values[step.reads[node.name]] for node in session.get_inputs()}
        values |= {f"{step.name}/{name}": made for name, made in run(session, feed).items()}
    return values


def _graph(workdir: Workdir, part: str) -> Path:
    path = workdir.graph(part, "direct")
    if not path.exists():
        raise BenchmarkError(f"The part {part!r} was not exported by direct in float32.")
    return path
