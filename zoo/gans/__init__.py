"""Generative adversarial networks: parts `generator` and `discriminator`."""
