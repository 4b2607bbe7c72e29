"""Bundles: writing, reading back, verifying, and the model card."""
