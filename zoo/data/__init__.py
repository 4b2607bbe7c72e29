"""Where data come from, and the batches that training reads."""

from zoo.data.assembly import as_data
from zoo.data.dataset import Data
from zoo.data.load import load_data
from zoo.data.order import BatchOrder

__all__ = ["BatchOrder", "Data", "as_data", "load_data"]
