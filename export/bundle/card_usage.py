"""The sections of the model card on how a bundle is used."""

from __future__ import annotations

from export.runtime.manifest import Manifest, Port
from zoo.noise import Noise

ROWS = 16


def usage(manifest: Manifest) -> str:
    """Two examples of the first use that needs no data, or of the first one."""
    if not manifest.uses:
        return "The bundle has no uses; its parts are listed below."
    name = next(
        (n for n, use in manifest.uses.items() if set(use.inputs) <= set(use.draws)),
        next(iter(manifest.uses)),
    )
    return (
        f"With NumPy and ONNX Runtime alone:\n\n```python\n{_plain(manifest, name)}\n```\n\n"
        f"With genzoo's runtime, which needs no more than these two and checks its inputs:\n\n"
        f"```python\n{_session(manifest, name)}\n```"
    )


def uses(manifest: Manifest) -> str:
    """A table of the uses: what each reads, its parts, what it gives."""
    rows = ["| use | reads | parts | gives |", "| --- | --- | --- | --- |"]
    for name, use in manifest.uses.items():
        read = ", ".join(
            f"{value}{' (drawn)' if value in use.draws else ''}" for value in use.inputs
        )
        chain = " → ".join(step.part for step in use.steps)
        rows.append(f"| {name} | {read} | {chain} | {', '.join(use.gives)} |")
    return "\n".join(rows)


def parts(manifest: Manifest) -> str:
    """A table of the parts: their files, inputs and outputs."""
    rows = ["| part | file | inputs | outputs |", "| --- | --- | --- | --- |"]
    for name, part in manifest.parts.items():
        inputs = "<br>".join(map(_described, part.inputs))
        outputs = "<br>".join(map(_described, part.outputs))
        rows.append(f"| {name} | `{part.file}` | {inputs} | {outputs} |")
    return "\n".join(rows)


def _plain(manifest: Manifest, name: str) -> str:
    """The use as calls of ONNX Runtime."""
    use, ports = manifest.uses[name], manifest.inputs(name)
    lines = ["import numpy as np, onnxruntime as ort", "", "rng = np.random.default_rng([0])"]
    lines += [f"{value} = {_example(ports[value], use.draws.get(value))}" for value in use.inputs]
    for step in use.steps:
        file = manifest.parts[step.part].file
        reads = ", ".join(f'"{port}": {_variable(value)}' for port, value in step.reads.items())
        outputs = [port.name for port in manifest.parts[step.part].outputs]
        made = ", ".join(_variable(f"{step.name}/{output}") for output in outputs)
        lines.append(f'session = ort.InferenceSession("{file}")')
        lines.append(f"{made}, = session.run(None, {{{reads}}})")
    lines += [f"{result} = {_variable(value)}" for result, value in use.gives.items()]
    return "\n".join(lines)


def _session(manifest: Manifest, name: str) -> str:
    """The use as a call of the runtime."""
    use, ports = manifest.uses[name], manifest.inputs(name)
    given = [
        f"{value}={_example(ports[value], None)}" for value in use.inputs if value not in use.draws
    ]
    arguments = ", ".join([f'"{name}"', *(given or [f"count={ROWS}"])])
    lines = ["import numpy as np", "import export.runtime", ""]
    chosen = manifest.choice and manifest.choice.candidate.engine != "onnxruntime"
    engine = ', engine="auto"' if chosen else ""
    lines += [f'session = export.runtime.load("."{engine})', f"results = session.use({arguments})"]
    return "\n".join(lines if given else lines[1:])


def _variable(value: str) -> str:
    """A value's name as a variable of Python."""
    return value.replace("/", "_")


def _example(port: Port, noise: Noise | None) -> str:
    """An expression that makes an input."""
    size = ", ".join(str(ROWS if length is None else length) for length in (ROWS, *port.shape))
    size += "," if not port.shape else ""
    if port.is_integer and not port.shape and port.cardinality:
        return f'np.arange({ROWS}, dtype="{port.dtype}") % {port.cardinality}'
    if noise is not None and noise.distribution in ("uniform", "quantile"):
        return f'rng.uniform({noise.low:g}, {noise.high:g}, ({size})).astype("{port.dtype}")'
    if noise is not None and noise.distribution in ("normal", "cut_normal"):
        return f'rng.standard_normal(({size}), dtype="{port.dtype}")'
    return f'np.zeros(({size}), "{port.dtype}")'


def _described(port: Port) -> str:
    sizes = ", ".join(["batch", *("any" if n is None else str(n) for n in port.shape)])
    text = f"`{port.name}` {port.dtype} ({sizes})"
    if port.cardinality is not None:
        text += f", 0 to {port.cardinality - 1}"
    if port.range is not None:
        text += ", {:g} to {:g}".format(*port.range)
    return text
