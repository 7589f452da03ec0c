"""How the documentation is built: `./dev docs`. Nothing outside is fetched or needed to read it."""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tools import reference  # noqa: E402 (the project's root is put on the path first)

project = "Hanse"
author = "The Hanse authors"
copyright = "2026, The Hanse authors"
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]
myst_enable_extensions = ["colon_fence", "deflist", "fieldlist"]
myst_heading_anchors = 3
html_theme = "furo"
html_theme_options = {"navigation_with_keys": True}
html_title = "Hanse"
html_static_path = ["_static"]
html_copy_source = False
templates_path = []
nitpicky = True


def setup(_app: object) -> None:
    """Write the generated reference pages before Sphinx looks for pages."""
    reference.write_pages(ROOT / "docs" / "reference" / "generated")
