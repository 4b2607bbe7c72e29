"""Sources of data, and the batches that training reads."""

from zoo.data.batch_order import BatchOrder
from zoo.data.build import as_data
from zoo.data.combine import labelled, paired, unpaired
from zoo.data.dataset import Data
from zoo.data.facts import facts
from zoo.data.field import Field
from zoo.data.load import load_data
from zoo.data.standardization import Standardization
from zoo.data.streams.stream import Stream

__all__ = [
    "BatchOrder",
    "Data",
    "Field",
    "Standardization",
    "Stream",
    "as_data",
    "facts",
    "labelled",
    "load_data",
    "paired",
    "unpaired",
]
