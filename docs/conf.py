"""The site: the committed notebooks with their outputs, never run here, and the pages beside them.

Its source is the repository's root, so that one relative link works in JupyterLab and on the site.
"""

import sys
from pathlib import Path

import sphinx

REPOSITORY = Path(__file__).parents[1]
sys.path[:0] = [str(REPOSITORY), str(Path(__file__).parent)]

SEARCH_WORDS = str(Path(sphinx.__file__).parent / "locale/ko/LC_MESSAGES/sphinx.js")

project = "The assume-role runbook"
html_title = project
root_doc = "docs/index"
include_patterns = ["docs/**.md", "notebooks/**.ipynb"]
exclude_patterns = [
    *(path.name for path in REPOSITORY.iterdir() if path.name not in {"docs", "notebooks"}),
    "docs/_build",
    "**/.ipynb_checkpoints",
]

extensions = ["myst_nb", "sphinx.ext.autodoc", "extension"]
nb_execution_mode = "off"
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
templates_path = ["_templates"]

# The reference is read from the docstrings; nothing that the package calls is needed for that.
autodoc_mock_imports = ["cloudsplaining", "filelock", "moto", "pandas", "tenacity", "werkzeug"]
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True}
add_module_names = False
default_role = "code"
nitpick_ignore_regex = [
    ("py:.*", r"(?!runbook_lib\.).*"),  # other packages
    ("py:.*", r"runbook_lib\.(access|local_aws|account)\.\w+\..*"),  # what these keep to themselves
]

html_theme = "furo"
html_extra_path = ["_root"]  # index.html: the pages themselves are below docs/ and notebooks/
_report = "../runbook_lib/headless/report"  # a table looks there as it does here
html_static_path = ["_static", f"{_report}/tables.css", f"{_report}/copy.js", SEARCH_WORDS]
html_css_files = ["tables.css", "runbook.css"]
html_js_files = ["copy.js", "scrollable.js"]
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
html_additional_pages = {"search-ko": "search.html"}  # its results are links from here
html_search_scorer = str(REPOSITORY / "docs" / "scorer.js")
html_show_search_summary = False  # it is fetched, which a browser refuses for a page from disk
html_sidebars = {
    "**": [
        "sidebar/brand.html",
        "sidebar/language.html",
        "sidebar/search.html",
        "sidebar/scroll-start.html",
        "sidebar/navigation.html",
        "sidebar/scroll-end.html",
    ]
}
