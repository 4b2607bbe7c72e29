"""Weights of other libraries, read into models of the zoo."""
