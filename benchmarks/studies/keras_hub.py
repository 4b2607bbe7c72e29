"""Exports the backbones of KerasHub, at small widths, from every backend.

`python -m benchmarks.studies.keras_hub --out keras_hub.md`, where `keras-hub` is installed; it is
no dependency. Nothing is downloaded: weights are random. A row says how much of the tolerance the
certificate used, or why there is no file. Lengths are unknown wherever KerasHub leaves them so.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.records.environment import sentence
from benchmarks.records.pages import show
from benchmarks.studies.certificates import share
from benchmarks.workers.client import rows_of
from zoo.backends import PACKAGES as BACKENDS

TEXT = {
    "vocabulary_size": 50,
    "num_layers": 2,
    "num_heads": 2,
    "hidden_dim": 8,
    "intermediate_dim": 16,
}
LONG = TEXT | {"max_sequence_length": 64}
GROUPED = {
    "vocabulary_size": 50,
    "num_layers": 2,
    "num_query_heads": 4,
    "num_key_value_heads": 2,
    "hidden_dim": 16,
    "intermediate_dim": 24,
}
PATCHES = {
    "image_shape": (16, 16, 3),
    "patch_size": 4,
    "num_layers": 2,
    "num_heads": 2,
    "hidden_dim": 8,
}
IMAGE = {"image_shape": (32, 32, 3)}


def _without(settings: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if name not in names}


BACKBONES: dict[str, dict[str, Any]] = {
    "Albert": LONG | {"embedding_dim": 4},
    "Bart": LONG,
    "Bert": LONG,
    "Bloom": TEXT,
    "DebertaV3": LONG | {"bucket_size": 16},
    "DistilBert": LONG,
    "Electra": _without(LONG, "vocabulary_size") | {"vocab_size": 50, "embedding_dim": 4},
    "ESM2": LONG,
    "Falcon": _without(TEXT, "num_heads") | {"num_attention_heads": 2},
    "FNet": _without(LONG, "num_heads"),
    "GPT2": LONG,
    "GPTNeoX": LONG | {"hidden_dim": 16, "rotary_percentage": 0.5},
    "Gemma": GROUPED | {"head_dim": 4},
    "Gemma3": GROUPED | {"head_dim": 4, "image_size": 8},
    "GptOss": GROUPED | {"num_experts": 3, "sliding_window": 4},
    "Llama": GROUPED,
    "Llama3": GROUPED,
    "Mistral": GROUPED | {"sliding_window": 6},
    "Mixtral": GROUPED | {"num_experts": 3},
    "OPT": LONG,
    "Phi3": GROUPED | {"max_sequence_length": 64, "pretraining_sequence_length": 64},
    "Qwen": GROUPED,
    "Qwen3": GROUPED | {"head_dim": 4},
    "RWKV7": {
        "hidden_size": 16,
        "head_size": 8,
        "num_layers": 2,
        "vocabulary_size": 50,
        "intermediate_dim": 24,
        "gate_lora": 4,
        "mv_lora": 4,
        "aaa_lora": 4,
        "decay_lora": 4,
    },
    "Roberta": LONG,
    "RoformerV2": TEXT | {"head_size": 4},
    "SmolLM3": {
        "vocabulary_size": 50,
        "hidden_dim": 16,
        "intermediate_dim": 24,
        "num_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "attention_bias": False,
        "attention_dropout": 0.0,
        "rope_layer_enabled_list": [True, False],
        "layer_types": ["attention", "attention"],
        "mlp_bias": False,
        "layer_norm_epsilon": 1e-5,
        "max_position_embeddings": 64,
        "rope_theta": 10000.0,
        "partial_rotary_factor": 1.0,
    },
    "T5": TEXT,
    "Whisper": TEXT
    | {"num_mels": 8, "max_encoder_sequence_length": 64, "max_decoder_sequence_length": 64},
    "XLMRoberta": LONG,
    "XLNet": TEXT,
    "DINOV2": PATCHES | {"intermediate_dim": 16, "position_embedding_shape": (16, 16, 3)},
    "DeiT": PATCHES | {"intermediate_dim": 16},
    "DenseNet": IMAGE | {"stackwise_num_repeats": [2, 2], "growth_rate": 4},
    "MiT": IMAGE
    | {
        "layerwise_depths": [1, 1],
        "num_layers": 2,
        "layerwise_num_heads": [1, 2],
        "layerwise_sr_ratios": [2, 1],
        "max_drop_path_rate": 0.0,
        "layerwise_patch_sizes": [3, 3],
        "layerwise_strides": [2, 2],
        "hidden_dims": [4, 8],
    },
    "ResNet": IMAGE
    | {
        "input_conv_filters": [64],
        "input_conv_kernel_sizes": [7],
        "stackwise_num_filters": [64, 128],
        "stackwise_num_blocks": [1, 1],
        "stackwise_num_strides": [1, 2],
        "block_type": "bottleneck_block",
    },
    "SwinTransformer": IMAGE
    | {
        "embed_dim": 8,
        "depths": [2, 2],
        "num_heads": [2, 2],
        "window_size": 4,
        "patch_size": 4,
    },
    "VGG": IMAGE | {"stackwise_num_repeats": [1, 1], "stackwise_num_filters": [4, 8]},
    "ViT": PATCHES | {"mlp_dim": 16},
    "Xception": IMAGE
    | {"stackwise_conv_filters": [[4, 4], [8, 8]], "stackwise_pooling": [True, False]},
}


def export_backbones(names: list[str]) -> None:
    """Prints a JSON line for each backbone, exported from the current backend."""
    import keras

    from export import to_onnx
    from export.errors import ExportError

    models = import_module("keras_hub").models
    for name in names:
        keras.backend.clear_session()
        keras.utils.set_random_seed(0)
        network = getattr(models, f"{name}Backbone")(**BACKBONES[name])
        row: dict[str, Any] = {"backend": os.environ["KERAS_BACKEND"], "model": name}
        with tempfile.TemporaryDirectory() as folder:
            try:
                found = to_onnx(network, Path(folder) / "backbone.onnx")
            except ExportError as error:
                row |= {"passed": False, "error": " ".join(str(error).split())}
            else:
                row |= {"passed": True, "nodes": found.nodes}
                for share in ("used", "conditioned"):
                    row[share] = max(getattr(one, share) for one in found.deviations)
        row["weights"] = int(sum(np.prod(weight.shape) for weight in network.weights))
        print(json.dumps(row), flush=True)


def table(rows: list[dict[str, Any]]) -> str:
    """The Markdown table: a row for each backbone; below it, why some have no file."""
    names = list(dict.fromkeys(row["model"] for row in rows))
    found = {(row["model"], row["backend"]): row for row in rows}
    lines = [f"| backbone | nodes | {' | '.join(BACKENDS)} |", "|---" * (2 + len(BACKENDS)) + "|"]
    reasons: dict[str, int] = {}
    for name in names:
        cells = [found[name, backend] for backend in BACKENDS]
        nodes = "/".join(dict.fromkeys(str(cell.get("nodes", "–")) for cell in cells))
        results = []
        for cell in cells:
            if cell["passed"]:
                results.append(share(cell))
            else:
                number = reasons.setdefault(f"{name}: {cell['error']}", len(reasons) + 1)
                results.append(f"–<sup>{number}</sup>")
        lines.append(f"| {name} | {nodes} | {' | '.join(results)} |")
    notes = [f"{number}. {reason}" for reason, number in reasons.items()]
    return "\n".join([*lines, "", *notes]).rstrip()


def main() -> int:
    """Exports from every backend, each in a process of its own."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, help="a file for the table; the lines go beside it")
    parser.add_argument("--backbones", nargs="+", default=list(BACKBONES), metavar="NAME")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    unknown = [name for name in options.backbones if name not in BACKBONES]
    if unknown:
        parser.error(f"unknown backbone {', '.join(unknown)}. Accepted: {', '.join(BACKBONES)}.")
    try:
        hub = version("keras-hub")
    except PackageNotFoundError:
        parser.error("keras-hub is not installed: pip install keras-hub")
    if options.worker:
        export_backbones(options.backbones)
        return 0
    worker = ["--worker", "--backbones", *options.backbones]
    rows = [
        row
        for backend in BACKENDS
        for row in rows_of("benchmarks.studies.keras_hub", backend, worker)
    ]
    passed = sum(row["passed"] for row in rows)
    text = (
        "# The backbones of KerasHub, exported from every backend\n\n"
        f"{sentence('python -m benchmarks.studies.keras_hub')} KerasHub {hub}.\n\n"
        "Random weights of small widths, as `benchmarks/studies/keras_hub.py` lists them; lengths "
        "unknown. A cell is the share of the tolerance that the worst output takes; where large "
        "inputs pass only with the native model's own response to their rounding, the share "
        "without it stands in brackets. A dash: there is no file, for the reason below.\n\n"
        f"**{passed} of {len(rows)} pass.**\n\n{table(rows)}\n"
    )
    show(text, options.out, rows)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
