"""Layers that Keras lacks, or whose derivatives are wrong or differ on a backend."""

from zoo.layers.activation import LeakyReLU
from zoo.layers.basis import Basis, BasisProduct
from zoo.layers.codebook import Codebook, Lookup
from zoo.layers.conditional_normalization import ConditionalBatchNormalization
from zoo.layers.normalization import (
    BatchNormalization,
    GroupNormalization,
    InstanceNormalization,
    LayerNormalization,
)
from zoo.layers.self_attention import SelfAttention
from zoo.layers.spectral import (
    SpectralConv1D,
    SpectralConv1DTranspose,
    SpectralConv2D,
    SpectralConv2DTranspose,
    SpectralDense,
)
from zoo.layers.standardization import Destandardize, Standardize

__all__ = [
    "Basis",
    "BasisProduct",
    "BatchNormalization",
    "Codebook",
    "Destandardize",
    "ConditionalBatchNormalization",
    "GroupNormalization",
    "InstanceNormalization",
    "LayerNormalization",
    "LeakyReLU",
    "Lookup",
    "SelfAttention",
    "SpectralConv1D",
    "SpectralConv1DTranspose",
    "SpectralConv2D",
    "SpectralConv2DTranspose",
    "SpectralDense",
    "Standardize",
]
