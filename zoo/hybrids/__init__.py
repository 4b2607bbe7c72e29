"""Autoencoders and GANs together: parts of both."""
