"""The fastest of a bundle's certified candidates, measured on the machine that exports it."""
