"""An ONNX graph under construction: operators before what it reads, and after what it makes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper


class Assembly:
    """A graph that grows at both ends."""

    def __init__(self, model: onnx.ModelProto) -> None:
        self.model = model
        self._leading: list[onnx.NodeProto] = []

    @property
    def inputs(self) -> list[str]:
        """The names of the inputs, in order."""
        return [entry.name for entry in self.model.graph.input]

    @property
    def outputs(self) -> list[str]:
        """The names of the outputs, in order."""
        return [entry.name for entry in self.model.graph.output]

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
            _reread(node, name, inner)

    def remove_input(self, name: str) -> None:
        """Takes an input away whose readers read something else now."""
        del self.model.graph.input[self.inputs.index(name)]

    def retype_input(self, name: str, dtype: Any) -> None:
        """Changes the type of an input."""
        entry = self.model.graph.input[self.inputs.index(name)]
        entry.type.tensor_type.elem_type = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))

    def detach_output(self, name: str, inner: str) -> str:
        """Renames what makes an output; the output's name, for `after` to make anew."""
        for node in (*self._leading, *self.model.graph.node):
            _reread(node, name, inner)
            node.output[:] = [inner if made == name else made for made in node.output]
        return name

    def retype_output(self, name: str, dtype: Any) -> None:
        """Changes the type of an output."""
        entry = self.model.graph.output[self.outputs.index(name)]
        entry.type.tensor_type.elem_type = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))

    def finish(self, properties: Mapping[str, str]) -> onnx.ModelProto:
        """The graph with all its operators in order, and text for its readers."""
        later = list(self.model.graph.node)
        del self.model.graph.node[:]
        self.model.graph.node.extend([*self._leading, *later])
        self._leading = []
        helper.set_model_props(self.model, dict(properties))
        return self.model


def _reread(node: onnx.NodeProto, name: str, inner: str) -> None:
    """Makes a node, and the graphs inside it, read `inner` in place of `name`."""
    node.input[:] = [inner if read == name else read for read in node.input]
    for attribute in node.attribute:
        for graph in (attribute.g, *attribute.graphs):
            for nested in graph.node:
                _reread(nested, name, inner)
