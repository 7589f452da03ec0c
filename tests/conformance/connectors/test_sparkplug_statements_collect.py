"""Every normative statement of Sparkplug 3.0 has an answer: a test that names it, or a reason."""

import fnmatch
import json
import os
import tomllib
from pathlib import Path

import pytest

HERE = Path(__file__).parent
TESTS = HERE.parents[1]
DATA = Path(os.environ.get("HANSE_DATA", TESTS.parent.parent / "shared" / "data"))
STATEMENTS = DATA / "interop" / "sparkplug" / "assertions.json"
RULES = tomllib.loads((HERE / "sparkplug_assertions.toml").read_text())["rule"]


def answer_of(statement):
    for rule in RULES:
        if fnmatch.fnmatchcase(statement, rule["match"]):
            return rule
    return None


def test_every_named_test_is_there():
    for rule in RULES:
        assert ("test" in rule) != ("reason" in rule), rule
        if "test" in rule:
            file, _, name = rule["test"].partition("::")
            assert f"def {name}(" in (TESTS / file).read_text(), rule["match"]


@pytest.mark.data
def test_every_statement_has_an_answer_and_every_rule_a_statement():
    if not STATEMENTS.exists():
        pytest.skip(f"the statements are not there: {STATEMENTS}")
    ids = [s["id"].removeprefix("tck-id-") for s in json.loads(STATEMENTS.read_text())]
    assert [i for i in ids if answer_of(i) is None] == []
    used = {answer_of(i)["match"] for i in ids}
    assert {r["match"] for r in RULES} - used == set()
    tested = [i for i in ids if "test" in answer_of(i)]
    print(f"{len(ids)} statements: {len(tested)} tested, {len(ids) - len(tested)} with a reason")
