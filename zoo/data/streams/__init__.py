"""Data that another library gives in batches, in an order of its own."""
