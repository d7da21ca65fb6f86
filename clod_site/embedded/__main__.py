"""``python -m clod_site.embedded``: the whole site from one command."""

import sys

from clod_site.embedded.launcher import main

if __name__ == "__main__":
    sys.exit(main())
