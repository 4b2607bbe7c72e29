"""Where data come from, and the batches that training reads."""

from zoo.data.batch_order import BatchOrder
from zoo.data.build import as_data
from zoo.data.dataset import Data
from zoo.data.load import load_data

__all__ = ["BatchOrder", "Data", "as_data", "load_data"]
