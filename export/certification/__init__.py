"""Certificates: inputs, the native model, the comparison, and cross-checks."""
