"""Keras to ONNX, with a numerical certificate."""
