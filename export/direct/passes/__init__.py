"""Passes over the finished graph: constants and axis orders go into weights, Reshapes together."""

from __future__ import annotations

import onnx_ir as ir
from onnx_ir.passes import PassManager, common

from export.direct.passes.affine import FoldAffine
from export.direct.passes.axis_order import AbsorbTransposes
from export.direct.passes.crop import FoldCrops
from export.direct.passes.narrow_conv import TransposeNarrowConvolutions
from export.direct.passes.pad import KeepPads
from export.direct.passes.phases import SplitIntoPhases
from export.direct.passes.products import KeepTransposes
from export.direct.passes.reshape import MergeReshapes
from export.direct.passes.shapes import ForgetShapes


def optimize(model: ir.Model) -> None:
    """Folds scales, shifts, crops and axis orders into their neighbours; removes what is left over.

    Last, convolutions to twice the size, and to very few channels, take the form that runs faster.
    """
    folding = [AbsorbTransposes(), FoldCrops(), FoldAffine(), MergeReshapes()]
    # Each step but the last removes a node, so that there are never more steps than nodes.
    steps = len(model.graph) + 1
    PassManager(
        [
            PassManager(folding, steps=steps, early_stop=True),
            SplitIntoPhases(),
            TransposeNarrowConvolutions(),
            KeepPads(),
            KeepTransposes(),
            ForgetShapes(),
            common.DeduplicateHashedInitializersPass(),
            common.CommonSubexpressionEliminationPass(),
            common.RemoveUnusedNodesPass(),
        ]
    )(model)
