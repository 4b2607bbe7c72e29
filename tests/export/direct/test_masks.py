"""Masks of padded sequences: layers that read them, and layers that pass them on."""

import keras
import numpy as np
import pytest
from keras import layers

from tests.export.direct.agreement import check

# Padded at the end, in the middle, everywhere, and not at all.
CODES = np.array([[1, 2, 3, 0, 0], [4, 0, 1, 2, 3], [0, 0, 0, 0, 0], [1, 2, 3, 4, 5]], "int32")
OTHERS = np.array([[3, 0, 3, 1, 0], [4, 5, 0, 0, 3], [1, 0, 0, 0, 2], [2, 2, 0, 4, 0]], "int32")


def embedded(length=5):
    """Integers, and vectors that are masked where the integers are zero."""
    codes = keras.Input((length,), dtype="int32")
    return codes, layers.Embedding(6, 4, mask_zero=True)(codes)


def test_masked_sequences_agree_with_keras():
    codes, x = embedded()
    x = layers.LSTM(3, return_sequences=True)(x)
    check(keras.Model(codes, layers.GlobalAveragePooling1D()(x)), CODES)


@pytest.mark.parametrize("options", [{}, {"dropout": 0.1}], ids=["fused", "with_scores"])
@pytest.mark.parametrize("causal", [False, True])
def test_masked_queries_attend_as_in_keras(options, causal):
    codes, x = embedded()
    attention = layers.MultiHeadAttention(2, 4, **options)
    attended = attention(x, x, use_causal_mask=causal)
    pooled = layers.GlobalAveragePooling1D()(attended)
    check(keras.Model(codes, {"attended": attended, "pooled": pooled}), CODES)


def test_masked_queries_attend_to_other_masked_keys():
    (codes, x), (others, y) = embedded(), embedded()
    attended = layers.MultiHeadAttention(2, 4)(x, y)
    check(keras.Model([codes, others], attended), CODES, OTHERS)


@pytest.mark.parametrize(
    "merge", [layers.Add, layers.Multiply, layers.Maximum, layers.Minimum, layers.Concatenate]
)
def test_merging_masked_tensors_agrees_with_keras(merge):
    (codes, x), (others, y) = embedded(), embedded()
    merged = merge()([x, y])
    pooled = layers.GlobalAveragePooling1D()(merged)
    check(keras.Model([codes, others], {"merged": merged, "pooled": pooled}), CODES, OTHERS)
