"""The command line's commands of export: `zoo export`, `verify`, `pipeline`, `doctor`."""
