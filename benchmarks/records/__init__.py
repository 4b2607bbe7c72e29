"""The files of results: their schema, environment and paths."""
