"""Layers that Keras lacks, or whose second derivatives are wrong on a backend."""

from zoo.layers.activation import LeakyReLU
from zoo.layers.codebook import Codebook, Lookup
from zoo.layers.normalization import BatchNormalization, LayerNormalization

__all__ = ["BatchNormalization", "Codebook", "LayerNormalization", "LeakyReLU", "Lookup"]
