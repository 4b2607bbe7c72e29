"""What is measured: models, their parts, uses and inputs, and the cost of each."""
