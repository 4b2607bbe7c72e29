"""The base of every model: what it is made of, how it is used, what it saves."""

from zoo.model.generative import GenerativeModel
from zoo.model.settings import NetworkSettings, Rate

__all__ = ["GenerativeModel", "NetworkSettings", "Rate"]
