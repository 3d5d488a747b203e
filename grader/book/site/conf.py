"""Sphinx's settings for a course's book; what differs from course to course stands in book.json beside this file."""

import json
import sys
from pathlib import Path

_BOOK = json.loads((Path(__file__).parent / "book.json").read_text("utf-8"))
sys.path.insert(0, _BOOK["root"])  # the reference is about the course's own modules, also where others are installed

project = _BOOK["title"]
language = "en"
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "grader.book.sphinx_extension"]
exclude_patterns = ["_theme", "_files"]

nb_execution_mode = "off"  # a book is made of what stands there; it never runs code
nb_render_markdown_format = "myst"
myst_enable_extensions = ["dollarmath", "amsmath", "colon_fence", "attrs_block"]
myst_heading_anchors = 4
myst_url_schemes = ("http", "https", "mailto")
suppress_warnings = [
    "myst.header",  # a notebook may begin with a deeper heading; its outline is its author's
    "ref.python",  # a docstring's "function" is a word, and no name of which there are two
    "misc.highlighting_failure",  # documents show parts of files, which need not be valid by themselves
]

autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the docstrings name the types, with shapes and units
autodoc_mock_imports = _BOOK["absent"]
napoleon_google_docstring = False
napoleon_use_rtype = False
default_role = "literal"  # docstrings have names between single backquotes
add_module_names = False
smartquotes_action = "De"  # dashes and dots, but no quotation marks: "train" in a docstring is code
toc_object_entries = False  # the page's own headings are its outline

html_theme = "pydata_sphinx_theme"
html_title = html_short_title = _BOOK["title"]
html_math_renderer = "mathml"
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_permalinks_icon = "#"
html_use_index = True
html_domain_indices = False
html_static_path = ["_theme"]
html_css_files = ["book.css"]
html_extra_path = ["_files"] if (Path(__file__).parent / "_files").is_dir() else []
templates_path = ["_templates"]
html_sidebars: dict[str, list[str]] = {"index": [], "search": []}
html_context = {"tasks": _BOOK["notebooks"], "default_mode": "auto"}
html_theme_options = {
    "navbar_start": ["navbar-logo"],
    "navbar_align": "left",
    "navbar_end": ["theme-switcher"],
    "navbar_persistent": ["search-button"],
    "header_links_before_dropdown": 6,
    "secondary_sidebar_items": ["page-toc"],
    "article_footer_items": ["work-yourself.html"],
    "footer_start": [],
    "footer_center": [],
    "footer_end": [],
    "show_nav_level": 1,
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "collapse_navigation": True,  # a contents list in full on every page takes most of the time of a large book
    "search_bar_text": "Search",
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
    "back_to_top_button": False,
}
