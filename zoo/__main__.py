"""`python -m zoo`, which is also the console script `zoo`."""

import sys

from zoo.cli import main

if __name__ == "__main__":
    sys.exit(main())
