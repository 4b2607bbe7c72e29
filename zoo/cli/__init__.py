"""The command line: a table of commands, each a module that is imported when it is chosen.

A command's module holds `EXAMPLES`, `add_arguments(parser)` and `run(options)`, which returns an
exit code, or None where all went well. Results go to stdout, all else to stderr.
"""

from zoo.cli.entry import COMMANDS, build_parser, main

__all__ = ["COMMANDS", "build_parser", "main"]
