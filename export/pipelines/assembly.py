"""An ONNX graph under construction from the parts of a bundle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import compose, helper, numpy_helper


class Assembly:
    """A graph that grows at both ends: operators before what it reads, and after what it makes."""

    def __init__(self, model: onnx.ModelProto) -> None:
        self.model = model
        self._leading: list[onnx.NodeProto] = []

    @property
    def inputs(self) -> list[str]:
        """The names of the inputs, in order."""
        return [entry.name for entry in self.model.graph.input]

    def constant(self, name: str, array: Any) -> str:
        """Stores an array; its name."""
        self.model.graph.initializer.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def add_input(self, name: str, dtype: Any, shape: Sequence[int | str]) -> str:
        """Adds an input; its name."""
        kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
        self.model.graph.input.append(helper.make_tensor_value_info(name, kind, shape))
        return name

    def before(self, operator: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:
        """Adds an operator that runs before the parts, after those added so before; its output."""
        self._leading.append(helper.make_node(operator, inputs, [output], **attributes))
        return output

    def after(self, operator: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:
        """Adds an operator that runs after everything that is there; its output."""
        self.model.graph.node.append(helper.make_node(operator, inputs, [output], **attributes))
        return output

    def detach_input(self, name: str, inner: str) -> None:
        """Makes whatever read an input read `inner`, which `before` is to compute."""
        for node in (*self._leading, *self.model.graph.node):
            node.input[:] = [inner if read == name else read for read in node.input]

    def remove_input(self, name: str) -> None:
        """Takes an input away whose readers read something else now."""
        del self.model.graph.input[self.inputs.index(name)]

    def detach_output(self, inner: str) -> str:
        """Renames what makes the single output; the output's name, for `after` to make anew."""
        name = self.model.graph.output[0].name
        for node in (*self._leading, *self.model.graph.node):
            node.input[:] = [inner if read == name else read for read in node.input]
            node.output[:] = [inner if made == name else made for made in node.output]
        return name

    def set_output(self, name: str, dtype: Any, shape: Sequence[int | str]) -> None:
        """Makes a tensor the only output."""
        kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
        del self.model.graph.output[:]
        self.model.graph.output.append(helper.make_tensor_value_info(name, kind, shape))

    def retype_input(self, name: str, dtype: Any) -> None:
        """Changes the type of an input."""
        entry = self.model.graph.input[self.inputs.index(name)]
        entry.type.tensor_type.elem_type = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))

    def rename(self, old: str, new: str) -> None:
        """Gives a tensor another name wherever it stands."""
        graph = self.model.graph
        for entry in (*graph.input, *graph.output, *graph.value_info):
            entry.name = new if entry.name == old else entry.name
        for node in (*self._leading, *graph.node):
            node.input[:] = [new if name == old else name for name in node.input]
            node.output[:] = [new if name == old else name for name in node.output]

    def finish(self, name: str, properties: Mapping[str, str]) -> onnx.ModelProto:
        """The graph with all its operators in order, under a name, with text for its readers."""
        later = list(self.model.graph.node)
        del self.model.graph.node[:]
        self.model.graph.node.extend([*self._leading, *later])
        self._leading = []
        self.model.graph.name = name
        helper.set_model_props(self.model, dict(properties))
        return self.model


def joined(
    first: onnx.ModelProto, second: onnx.ModelProto, made: str, read: str, prefix: str
) -> Assembly:
    """Two parts in sequence: what the first makes as `made`, the second reads as `read`.

    The second's names get the prefix. An input that both read under one name is read once.
    """
    merged = compose.merge_models(
        first,
        compose.add_prefix(second, prefix),
        io_map=[(made, prefix + read)],
        outputs=[prefix + entry.name for entry in second.graph.output],
    )
    assembly = Assembly(merged)
    for entry in second.graph.input:
        if entry.name == read:
            continue
        if entry.name in [other.name for other in first.graph.input]:
            assembly.remove_input(prefix + entry.name)
        assembly.rename(prefix + entry.name, entry.name)
    return assembly
