import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "flowsim"

# A file imports only from files above it here. A new file has to find its place before the tests pass.
LAYERS = [
    *("errors", "civiltime", "duration"),
    # Theory: numbers in, numbers out. None of it knows a pathway.
    *("queueing", "generallaws", "priority", "fixedtimes", "transient", "routing", "phases"),
    # These draw, check and reckon a pathway; they know its type only, and a pathway calls them when it needs them.
    *("layering", "diagram", "soundness", "survival", "fluid", "load"),
    *("pathway", "evidence"),
    # A planner's own series, and what forecasts are made and judged by.
    *("quarters", "sheets", "figures", "observed", "seasonal", "scores", "widening", "shocks"),
    *("parameters", "edits", "library", "scenario"),
    *("trace", "columns", "periods", "dated", "waits", "staffing", "spells", "measures", "results"),
    *("compiled", "kernel", "simpy_engine"),
    *("runner", "cluster", "precision", "testing", "store"),
    *("observation", "targets", "predictive", "forecast", "backtest", "picture"),
    *("seen", "cases", "textbook", "oracles", "verification"),
    *("prior", "study", "reference", "posterior", "coverage", "conditioning", "fitting", "tempering"),
    *("retrospect", "ensemble", "calibration", "verdict"),
    *("response", "goals", "lever", "sequential", "question", "seek", "shapley", "sensitivity"),
    *("prices", "staffing_picture", "staffing_cost", "compare", "cost", "demand", "pairing", "outlook"),
    *("language", "likelihood", "document", "document_html", "document_pdf", "document_xlsx", "wording", "findings"),
    *("charts", "staffing_conclusions", "staffing_exhibit", "exhibits", "conclusions", "provenance", "report"),
    *("__init__", "summary", "verdict_summary", "compare_summary", "outlook_summary", "staff_summary", "console"),
    "options",
    *("run_command", "calibrate_command", "forecast_command", "verify_command", "compare_command", "outlook_command"),
    *("staff_command", "sensitivity_command", "report_command", "cli", "app"),
]

ONE_PLACE = {
    "simpy": "simpy_engine",
    "distributed": "cluster",
    "statsmodels": "forecast",
    "matplotlib": "picture",
    "openpyxl": "sheets",
    "sklearn": "posterior",
    "typst": "document_pdf",
    "xlsxwriter": "document_xlsx",
    "streamlit": "app",
}

MOST_LINES = 400
LONGER = {
    "kernel": "no jitted function may call one of another file, so the rules and the loop share one",
    "pathway": "the words of the model language refer to each other, and are read as one page",
}

FILES = sorted(path.stem for path in SOURCE.glob("*.py"))


def is_typing_only(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")


def running(node: ast.AST) -> Iterator[ast.AST]:
    """Yield all nodes that can run: also those inside functions, not those for type checkers."""
    yield node
    below = node.orelse if is_typing_only(node) else ast.iter_child_nodes(node)
    for child in below:
        yield from running(child)


def imported(source: str) -> set[str]:
    """Name all modules that a source imports when it runs; a module of flowsim as `flowsim.x`."""
    found = set()
    for node in running(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = "flowsim" if node.level else node.module
            module = f"flowsim.{node.module}" if node.level and node.module else module
            if module != "flowsim":
                found.add(module)
            for name in [alias.name for alias in node.names] if module == "flowsim" else []:
                # The version is a plain string that anybody may read.
                own = f"flowsim.{name}" if name in LAYERS else "flowsim.__init__"
                found |= set() if name == "__version__" else {own}
    return {"flowsim.__init__" if name == "flowsim" else name for name in found}


def imports_of(name: str) -> set[str]:
    return imported((SOURCE / f"{name}.py").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("import simpy", {"simpy"}),
        ("import scipy.stats as s", {"scipy.stats"}),
        ("def f():\n    from flowsim.store import save", {"flowsim.store"}),
        ("class A:\n    def f(self):\n        if x:\n            import numba", {"numba"}),
        ("from flowsim import kernel, Pathway, __version__", {"flowsim.kernel", "flowsim.__init__"}),
        ("from flowsim import __version__", set()),
        ("from . import kernel", {"flowsim.kernel"}),
        ("from .kernel import step", {"flowsim.kernel"}),
        ("import flowsim", {"flowsim.__init__"}),
        ("if TYPE_CHECKING:\n    import pandas", set()),
        ("if TYPE_CHECKING:\n    import pandas\nelse:\n    import numba", {"numba"}),
        ("try:\n    import plotly\nexcept ImportError:\n    import rich", {"plotly", "rich"}),
    ],
)
def test_imports_are_found(source, names):
    assert imported(source) == names


def test_every_file_has_one_place():
    assert len(set(LAYERS)) == len(LAYERS)
    assert [name for name in FILES if name not in LAYERS] == []


@pytest.mark.parametrize("name", FILES)
def test_imports_point_up(name):
    own = {module.removeprefix("flowsim.") for module in imports_of(name) if module.startswith("flowsim.")}
    # The package's own file may name anything, for it loads what it names only when it is used.
    above = LAYERS if name == "__init__" else LAYERS[: LAYERS.index(name)]
    assert sorted(own - set(above)) == []


@pytest.mark.parametrize("library", ONE_PLACE)
def test_heavy_libraries_are_imported_in_one_place(library):
    places = [name for name in FILES if any(m.split(".")[0] == library for m in imports_of(name))]
    assert set(places) <= {ONE_PLACE[library]}


@pytest.mark.parametrize("module", ["flowsim", "flowsim.pathway", "flowsim.diagram"])
def test_nothing_heavy_is_loaded(module):
    heavy = [
        "numba",
        "pandas",
        "scipy",
        "simpy",
        "statsmodels",
        "pyarrow",
        "matplotlib",
        "openpyxl",
        "sklearn",
        "typst",
        "xlsxwriter",
        "streamlit",
    ]
    code = f"import sys, {module}; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", FILES)
def test_files_are_short(name):
    lines = len((SOURCE / f"{name}.py").read_text(encoding="utf-8").splitlines())
    assert (lines > MOST_LINES) == (name in LONGER), f"{name}.py has {lines} lines; {LONGER.get(name)}"
