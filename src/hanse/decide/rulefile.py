"""Rule files: TOML in, rules out, and errors that name the line, the word and the fix."""

from __future__ import annotations

import difflib
import re
import tomllib
from typing import Any, get_args

import msgspec

from hanse.decide.expr.parse import parse_expression
from hanse.decide.rules import RULES_MAX, Expr, Limit, Rate, Rule, Sequence, Stale, Window
from hanse.model.errors import BadConfig, TooMuch

RULE_FILE_BYTES_MAX = 1_000_000
KINDS: dict[str, Any] = {str(kind.__struct_config__.tag): kind for kind in get_args(Rule)}
_HEADER = re.compile(r"^\s*\[\[\s*rule\s*\]\]")
_AT = re.compile(r" - at `\$\.?([^`\[]*)[^`]*`$")


def parse_rules(text: str, *, name: str = "rules.toml") -> tuple[Rule, ...]:
    """The rules of one TOML file: an array of tables ``[[rule]]``.

    Raises:
        BadConfig: the first thing wrong in it, with line, word and fix.
        TooMuch: the file is larger than RULE_FILE_BYTES_MAX or holds more than RULES_MAX rules.
    """
    if len(text) > RULE_FILE_BYTES_MAX:
        raise TooMuch("the rule file is too large", subject=name, remedy="Split it")
    tables = _tables(text, name)
    if len(tables) > RULES_MAX:
        raise TooMuch(f"more than {RULES_MAX} rules in one file", subject=name, remedy="Split it")
    source = _Source(name, text.splitlines())
    rules = tuple(_rule(table, number, source) for number, table in enumerate(tables))
    _check_keys(rules, source)
    return rules


def located(text: str, error: BadConfig, *, name: str) -> BadConfig:
    """An error about a rule by its key, as an error about the line of a file that it stands in.

    The line is the one on which the word that the error quotes is written; the rule's first line
    where none is. An error about anything else is given back as it is.
    """
    source = _Source(name, text.splitlines())
    keys = [str(table.get("key", "")) for table in _tables(text, name)]
    if error.subject not in keys:
        return error
    place = source.word(keys.index(error.subject), re.findall(r"'([^']+)'", error.what))
    return BadConfig(error.what, subject=place, remedy=error.remedy, code=error.name)


def rule_from(table: dict[str, Any], *, name: str = "rule") -> Rule:
    """One rule from the same fields over the API or from a form.

    Raises:
        BadConfig: the first thing wrong in it.
    """
    return _rule(table, 0, _Source(name, []))


def format_rule(rule: Rule) -> dict[str, Any]:
    """The rule as plain fields, defaults left out: what `rule_from` takes back."""
    plain = msgspec.to_builtins(rule)
    defaults = {f.encode_name: f.default for f in msgspec.structs.fields(rule)}
    return {k: v for k, v in plain.items() if k == "kind" or k not in defaults or v != defaults[k]}


def _tables(text: str, name: str) -> list[dict[str, Any]]:
    try:
        loaded = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadConfig(
            f"not TOML: {error}", subject=name, remedy="Check quotes and brackets on that line"
        ) from error
    stray = sorted(set(loaded) - {"rule"})
    tables = loaded.get("rule", [])
    if stray or not isinstance(tables, list):
        word = stray[0] if stray else "rule"
        raise BadConfig(
            f"'{word}' does not stand in a rule", subject=name, remedy="Begin each with [[rule]]"
        )
    return tables


class _Source:
    """The lines of a file, to find where a word of the n-th rule stands."""

    def __init__(self, name: str, lines: list[str]) -> None:
        self.name = name
        self.lines = lines
        self.headers = [i for i, line in enumerate(lines) if _HEADER.match(line)]

    def place(self, number: int, word: str) -> str:
        """``file:line`` of a word in the n-th rule, or of its header."""
        if number >= len(self.headers):
            return self.name
        start = self.headers[number]
        end = self.headers[number + 1] if number + 1 < len(self.headers) else len(self.lines)
        assigned = re.compile(rf"^\s*\"?{re.escape(word)}\"?\s*[=.]|\.{re.escape(word)}\s*=")
        at = next((i for i in range(start, end) if word and assigned.search(self.lines[i])), start)
        return f"{self.name}:{at + 1}"

    def word(self, number: int, quoted: list[str]) -> str:
        """``file:line`` of the last of some words that the n-th rule's values hold."""
        start = self.headers[number] if number < len(self.headers) else 0
        end = self.headers[number + 1] if number + 1 < len(self.headers) else len(self.lines)
        for said in reversed(quoted):
            spoken = re.compile(rf"=.*(?<!\w){re.escape(said)}(?!\w)")
            found = [i for i in range(start, end) if spoken.search(self.lines[i])]
            if found:
                return f"{self.name}:{found[0] + 1}"
        return f"{self.name}:{start + 1}"


def _rule(table: dict[str, Any], number: int, source: _Source) -> Rule:
    kind = KINDS.get(str(table.get("kind", "")))
    if kind is None:
        given = str(table.get("kind", ""))
        raise BadConfig(
            f"no kind of rule is called '{given}'" if given else "the rule has no kind",
            subject=source.place(number, "kind"),
            remedy=_did_you_mean(given, list(KINDS)),
        )
    try:
        rule: Rule = msgspec.convert(table, kind, strict=False)
    except msgspec.ValidationError as error:
        raise _explain(str(error), kind, source, number) from error
    wrong = complaint(rule)
    if wrong is not None:
        word, what, remedy = wrong
        raise BadConfig(f"'{word}' {what}", subject=source.place(number, word), remedy=remedy)
    return rule


def _explain(message: str, kind: Any, source: _Source, number: int) -> BadConfig:
    words = [f.encode_name for f in msgspec.structs.fields(kind)]
    found = _AT.search(message)
    within = found.group(1).split(".")[0] if found else ""
    unknown = re.match(r"Object contains unknown field `([^`]+)`", message)
    if unknown:
        word = unknown.group(1)
        what, remedy = f"'{word}' is not known here", _did_you_mean(word, words)
    elif missing := re.match(r"Object missing required field `([^`]+)`", message):
        lacking, word = missing.group(1), within or missing.group(1)
        what = f"'{lacking}' is missing" + (f" in '{within}'" if within else "")
        remedy = f"Add {lacking} = ..."
    else:
        word = within
        said = _AT.sub("", message)
        what, remedy = f"'{word}': {said[:1].lower()}{said[1:]}", "Correct the value"
    return BadConfig(what, subject=source.place(number, word), remedy=remedy)


def _did_you_mean(word: str, known: list[str]) -> str:
    close = difflib.get_close_matches(word, known, n=1)
    return f"Did you mean '{close[0]}'" if close else f"Known are {', '.join(sorted(known))}"


def complaint(rule: Rule) -> tuple[str, str, str] | None:  # noqa: PLR0911 (one a case)
    """What no single field shows to be wrong with a rule: (word, what, remedy), or None."""
    match rule:
        case Limit() if all(
            side is None for side in (rule.high_high, rule.high, rule.low, rule.low_low)
        ):
            return "high", "and no other limit is given", "Add high, low, high_high or low_low"
        case Rate() if rule.rise is None and rule.fall is None:
            return "rise", "and 'fall' are both missing", "Add rise or fall"
        case Window():
            return _window_complaint(rule)
        case Expr():
            return _expression_complaint("when", rule.when)
        case Sequence():
            wrong = _expression_complaint("first", rule.first)
            return wrong or _expression_complaint("then", rule.then)
        case Stale(after_s=float() as after) if after <= 0:
            return "after_s", "must be above 0", "Write the seconds of silence"
        case _:
            return None


def _expression_complaint(word: str, text: str) -> tuple[str, str, str] | None:
    try:
        parse_expression(text)
    except BadConfig as error:
        return word, f": {error.what}", error.remedy
    return None


def _window_complaint(rule: Window) -> tuple[str, str, str] | None:
    if (rule.samples is None) == (rule.over_s is None):
        return "samples", "or 'over_s': exactly one is needed", "Keep one of them"
    if rule.above is None and rule.below is None:
        return "above", "and 'below' are both missing", "Add above or below"
    if rule.measure == "count" and rule.over_s is None:
        return "measure", "count is of a time", "Give over_s in place of samples"
    return None


def _check_keys(rules: tuple[Rule, ...], source: _Source) -> None:
    seen: set[str] = set()
    for number, rule in enumerate(rules):
        if rule.key in seen:
            raise BadConfig(
                f"'{rule.key}' is the key of two rules",
                subject=source.place(number, "key"),
                remedy="Give each rule a key of its own",
            )
        seen.add(rule.key)
