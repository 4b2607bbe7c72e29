"""Published results, repeated as far as two cores allow."""
