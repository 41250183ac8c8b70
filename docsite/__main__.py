"""`python -m docsite [--out FOLDER]`: build the site.

Fails for a broken link, a missing anchor, a page that the navigation does not have.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from demo.steps import Steps
from docsite.build import BuildError, build
from docsite.navigation import NavigationError
from docsite.repository import ROOT


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m docsite", description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "site", help="where the site is written to")
    arguments = parser.parse_args()
    try:
        pages = build(arguments.out.resolve(), Steps().telling)
    except (BuildError, NavigationError, ValueError) as error:
        print(f"The documentation cannot be built:\n{error}", file=sys.stderr)
        return 1
    print(f"{pages} pages in {arguments.out}: open {arguments.out / 'index.html'}")
    return 0


sys.exit(main())
