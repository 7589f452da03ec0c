"""What the code knows stands in the documentation, in both languages."""

import ast
import re
import tomllib
from pathlib import Path

import msgspec
import pytest
from tools import reference

from hanse.cli.main import COMMANDS
from hanse.model import errors
from hanse.model.errors import HanseError
from hanse.node.settings import Settings

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs"


def kinds(root=HanseError):
    yield root
    for below in root.__subclasses__():
        if below.__module__ == errors.__name__:
            yield from kinds(below)


def chinese(text):
    return re.search(r"[\u4e00-\u9fff]", text) is not None


@pytest.mark.parametrize("kind", list(kinds()), ids=lambda kind: kind.code)
def test_each_kind_of_error_is_on_the_page_with_what_to_do_in_both_languages(kind):
    page = (DOCS / "reference" / "errors.md").read_text(encoding="utf-8")
    (line,) = [x for x in page.splitlines() if x.startswith(f"| `{kind.code}` | {kind.__name__} |")]
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert len(cells) == 6
    assert all(cells)
    assert chinese(cells[3])
    assert chinese(cells[5])


def test_each_single_error_code_is_explained_in_chinese():
    known = tomllib.loads((DOCS / "reference" / "errors-zh.toml").read_text(encoding="utf-8"))
    missing = sorted(set(reference.raised()) - set(known))
    assert missing == [], "add them to docs/reference/errors-zh.toml"
    assert all(chinese(text) for text in known.values())


def test_every_page_is_made_and_says_what_its_part_knows(tmp_path):
    pages = {p.stem: p.read_text(encoding="utf-8") for p in reference.write_pages(tmp_path)}
    assert {"error-codes", "rules", "connectors", "sheets", "packs", "events"} <= set(pages)
    assert '`kind = "limit"`' in pages["rules"]
    assert "`url`" in pages["connectors"]
    assert "料号" in pages["sheets"]
    assert "`lathe-machine-aborted`" in pages["packs"]


def test_every_kind_of_event_is_on_the_page(tmp_path):
    body = ast.parse((reference.SOURCE / "flows" / "kinds.py").read_text(encoding="utf-8")).body
    assigned = [n for n in body if isinstance(n, ast.Assign)]
    page = reference.events()
    for node in assigned:
        assert f"`{ast.literal_eval(node.value)}`" in page


def test_pages_of_before_are_taken_away(tmp_path):
    (tmp_path / "old.md").write_text("# Old\n")
    reference.write_pages(tmp_path)
    assert not (tmp_path / "old.md").exists()


def test_every_term_of_the_glossary_has_its_chinese_one():
    page = (DOCS / "reference" / "glossary.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1:3] for line in page.splitlines() if line.startswith("| ")][1:]
    assert len(rows) > 60
    for english, other in rows:
        assert english.strip()
        assert chinese(other), english


@pytest.mark.parametrize("path", sorted(DOCS.rglob("*.md")), ids=lambda p: p.stem)
def test_links_between_pages_lead_somewhere(path):
    if "generated" in path.parts or "_build" in path.parts:
        return
    for target in re.findall(r"\]\(([^)#\s]+)", path.read_text(encoding="utf-8")):
        is_outside = re.match(r"[a-z]+:", target)
        if is_outside or "generated/" in target:
            continue
        assert (path.parent / target).exists(), f"{path.name}: {target}"


def test_every_decision_has_its_revision_table():
    for path in DOCS.glob("decisions/0*.md"):
        assert "| revision | date | what |" in path.read_text(encoding="utf-8"), path.name


def test_every_command_is_on_the_page_and_can_be_loaded():
    page = reference.commands()
    missing = [name for name in COMMANDS if f"## `hanse {name}`" not in page]
    assert missing == []


def test_every_section_and_setting_is_on_the_page():
    page = reference.settings()
    for section in msgspec.structs.fields(Settings):
        assert f"`{section.encode_name}`" in page
        if isinstance(section.type, type) and issubclass(section.type, msgspec.Struct):
            assert f"## `[{section.encode_name}]`" in page
            for field in msgspec.structs.fields(section.type):
                assert f"| `{field.encode_name}` |" in page
