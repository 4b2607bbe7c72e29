"""Autoencoders: parts `encoder` and `decoder`."""
