"""The command line's commands of benchmarks: `zoo bench` and `zoo demo`."""
