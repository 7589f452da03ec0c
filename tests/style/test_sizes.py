"""Small files, small functions, few positional arguments: held, and the figures printed."""

import ast
import statistics
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "hanse"
FILE_LINES_MAX = 600
FUNCTION_P50_MAX = 8
FUNCTION_P95_MAX = 35
POSITIONAL_MAX = 4
PLACEHOLDERS = ("TODO", "FIXME", "XXX", "NotImplementedError")


def files():
    return sorted(p for p in SOURCE.rglob("*.py") if "vendor" not in p.parts)


def functions():
    for path in files():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield path, node


def body_lines(node):
    first = node.body[0]
    is_doc = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    if is_doc and len(node.body) == 1:
        return 1
    start = node.body[1].lineno if is_doc else first.lineno
    return node.end_lineno - start + 1


def test_no_file_is_longer_than_the_limit():
    lengths = {p: len(p.read_text().splitlines()) for p in files()}
    print(f"files: {len(lengths)}, longest {max(lengths.values())}")
    assert {str(p): n for p, n in lengths.items() if n > FILE_LINES_MAX} == {}


def test_functions_are_short():
    lengths = sorted(body_lines(node) for _, node in functions())
    p50, p95 = statistics.median(lengths), lengths[int(len(lengths) * 0.95) - 1]
    print(f"functions: {len(lengths)}, p50 {p50}, p95 {p95}, longest {lengths[-1]}")
    assert p50 <= FUNCTION_P50_MAX
    assert p95 <= FUNCTION_P95_MAX


def test_at_most_four_positional_arguments():
    crowded = [
        f"{path.relative_to(SOURCE)}:{node.lineno} {node.name}"
        for path, node in functions()
        if len([a for a in node.args.posonlyargs + node.args.args if a.arg not in {"self", "cls"}])
        > POSITIONAL_MAX
        and not any("njit" in ast.unparse(d) for d in node.decorator_list)
    ]
    assert crowded == []


def test_nothing_is_left_as_a_placeholder():
    found = [
        f"{path.relative_to(SOURCE)}: {word}"
        for path in files()
        for word in PLACEHOLDERS
        if word in path.read_text()
    ]
    assert found == []


def test_every_package_opens_with_what_it_is_for():
    silent = [
        str(path.relative_to(SOURCE))
        for path in SOURCE.rglob("__init__.py")
        if not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert silent == []
