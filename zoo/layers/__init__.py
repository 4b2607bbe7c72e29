"""Layers that Keras lacks, or whose derivatives are wrong or differ on a backend."""

from zoo.layers.activation import LeakyReLU
from zoo.layers.basis import Basis
from zoo.layers.blur import Blur
from zoo.layers.codebook import Codebook, CosineCodebook
from zoo.layers.column_deviation import ColumnDeviation
from zoo.layers.column_modes import ColumnModes
from zoo.layers.condition import Condition
from zoo.layers.conditional_normalization import ConditionalBatchNormalization
from zoo.layers.downsampling import Downsample
from zoo.layers.equalized import EqualizedConv1D, EqualizedConv2D, EqualizedDense
from zoo.layers.finite_scalar import FiniteScalar, LookupFree
from zoo.layers.like_map import LikeMap
from zoo.layers.masked_dense import MaskedDense
from zoo.layers.minibatch_deviation import MinibatchDeviation
from zoo.layers.minibatch_discrimination import MinibatchDiscrimination
from zoo.layers.modulated import ModulatedConvolution
from zoo.layers.normalization import (
    BatchNormalization,
    GroupNormalization,
    InstanceNormalization,
    LayerNormalization,
)
from zoo.layers.quantizer import Lookup, Quantizer
from zoo.layers.residual import Residual
from zoo.layers.scaled_noise import ScaledNoise
from zoo.layers.self_attention import SelfAttention
from zoo.layers.sim_codebook import SimCodebook
from zoo.layers.spectral import (
    SpectralConv1D,
    SpectralConv1DTranspose,
    SpectralConv2D,
    SpectralConv2DTranspose,
    SpectralDense,
)
from zoo.layers.standardization import Destandardize, Standardize
from zoo.layers.token_writer import NextToken, TokenWriter
from zoo.layers.truncation import Truncation
from zoo.layers.whole_steps import CropLike, ReflectToStep

__all__ = [
    "Basis",
    "BatchNormalization",
    "Blur",
    "Codebook",
    "ColumnDeviation",
    "ColumnModes",
    "Condition",
    "ConditionalBatchNormalization",
    "CosineCodebook",
    "CropLike",
    "Destandardize",
    "Downsample",
    "EqualizedConv1D",
    "EqualizedConv2D",
    "EqualizedDense",
    "FiniteScalar",
    "GroupNormalization",
    "InstanceNormalization",
    "LayerNormalization",
    "LeakyReLU",
    "LikeMap",
    "Lookup",
    "LookupFree",
    "MaskedDense",
    "MinibatchDeviation",
    "MinibatchDiscrimination",
    "ModulatedConvolution",
    "NextToken",
    "Quantizer",
    "ReflectToStep",
    "Residual",
    "ScaledNoise",
    "SelfAttention",
    "SimCodebook",
    "SpectralConv1D",
    "SpectralConv1DTranspose",
    "SpectralConv2D",
    "SpectralConv2DTranspose",
    "SpectralDense",
    "Standardize",
    "TokenWriter",
    "Truncation",
]
