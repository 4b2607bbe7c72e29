"""The subject matter of measurements: models, their parts, uses and inputs, and their cost."""
