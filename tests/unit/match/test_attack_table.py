"""The page on matching says which test holds off which attack: every one of them is there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "explanation" / "match.md"
ROW = re.compile(r"^\| ([^|]+?) \| `(test_\w+)`(?: \(`([\w/]+)`\))? \|$", re.MULTILINE)
ATTACKS = (
    "replay",
    "fork",
    "reorder",
    "truncate",
    "cross-chain replay",
    "edited copy",
    "clock skew",
    "double award",
    "accept after expiry",
    "accept twice",
    "wrong signer",
    "lost acknowledgement",
    "crash between sign and send",
    "restore from an old backup",
    "rotated key",
    "stolen key",
    "revoked key",
    "canonicalisation bomb",
    "size bomb",
    "withheld second signature",
    "sybil introductions",
    "flood",
)


def rows():
    section = PAGE.read_text().split("## Attacks")[1].split("\n## ")[0]
    return ROW.findall(section)


def test_every_test_that_the_table_names_exists():
    missing = []
    for attack, test, folder in rows():
        place = ROOT / (folder or "tests/unit/match/test_attacks.py")
        files = [place] if place.suffix else sorted(place.glob("test_*.py"))
        if not any(f"def {test}(" in path.read_text() for path in files):
            missing.append((attack, test))
    assert missing == []


def test_every_attack_that_must_be_held_off_is_in_the_table():
    named = [attack for attack, _, _ in rows()]
    assert [a for a in ATTACKS if not any(n.startswith(a) for n in named)] == []


def test_every_attack_test_is_in_the_table_or_about_a_right_of_a_partner():
    listed = {test for _, test, _ in rows()}
    text = (Path(__file__).parent / "test_attacks.py").read_text()
    begins = ("replay", "fork", "wrong_signer", "restore", "rotated", "stolen", "revoked", "flood")
    tests = re.findall(r"^def (test_(?:" + "|".join(begins) + r")\w*)\(", text, re.MULTILINE)
    extra = {"test_restore_that_forgot_its_own_open_proposal_gets_it_back"}
    assert set(tests) - extra <= listed
