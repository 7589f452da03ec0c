"""Checking an exported document by the official rules of EN 16931, where the rules file is at hand.

The rules are published as Schematron with XPath 2.0 tests. They are rewritten here as one
stylesheet and run by Saxon (the extra ``einvoice``). The rules file itself is the user's: it is
published under the EUPL and does not come with this package.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lxml import etree
from msgspec import Struct

from hanse.model.errors import BadInput, NotFound

RULES_BYTES_MAX = 10_000_000
_SCH = "{http://purl.oclc.org/dsdl/schematron}"
_XSL = "http://www.w3.org/1999/XSL/Transform"
_REPORT = "urn:hanse:findings"


class Finding(Struct, frozen=True, kw_only=True):
    """A rule that a document breaks: its number, whether that is fatal, where, and its words."""

    rule: str
    fatal: bool
    place: str
    words: str


class Rules:
    """The rules of one Schematron file, ready to check documents.

    Raises:
        NotFound: Saxon is not installed.
        BadInput: the file is too large, or not a flat Schematron (patterns, rules, asserts).
    """

    def __init__(self, path: Path) -> None:
        try:
            from saxonche import PySaxonProcessor
        except ImportError as error:
            raise NotFound(
                "checking by the official rules needs Saxon",
                subject="saxonche",
                remedy="Install hanse[einvoice]",
            ) from error
        if path.stat().st_size > RULES_BYTES_MAX:
            raise BadInput("a rules file is too large", subject=path.name)
        self._saxon: Any = PySaxonProcessor(license=False)
        sheet = etree.tostring(stylesheet(_parsed(path.read_bytes())), encoding="unicode")
        self._run = self._saxon.new_xslt30_processor().compile_stylesheet(stylesheet_text=sheet)

    def findings(self, document: bytes) -> list[Finding]:
        """Every rule that a document breaks, in the order of the rules."""
        checked = etree.tostring(_parsed(document), encoding="unicode")
        node = self._saxon.parse_xml(xml_text=checked)
        report = _parsed(self._run.transform_to_string(xdm_node=node).encode())
        return [
            Finding(
                rule=found.get("rule", ""),
                fatal=found.get("flag") == "fatal",
                place=found.get("place", ""),
                words=(found.text or "").strip(),
            )
            for found in report
        ]


def _parsed(data: bytes) -> Any:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise BadInput("not well-formed XML", subject=str(error)[:80]) from error
    if root.getroottree().docinfo.doctype:
        raise BadInput("a document type or entities are not taken", subject=root.tag[:80])
    return root


def stylesheet(rules: Any) -> Any:
    """A Schematron of patterns, rules and asserts as an XSLT stylesheet with the same verdicts.

    Each pattern is a mode. Within a pattern the first rule whose context fits a node is the only
    one that speaks about it (ISO/IEC 19757-3, 6.4), so earlier rules get a higher priority.
    """
    spaces = {ns.get("prefix"): ns.get("uri") for ns in rules.iter(f"{_SCH}ns")}
    sheet = etree.Element(f"{{{_XSL}}}stylesheet", version="3.0", nsmap={"xsl": _XSL, **spaces})
    root = _add(sheet, "template", match="/")
    report = etree.SubElement(root, f"{{{_REPORT}}}findings")
    for number, pattern in enumerate(rules.findall(f"{_SCH}pattern")):
        mode = f"p{number}"
        _add(sheet, "mode", name=mode, **{"on-no-match": "shallow-skip"})
        _add(report, "apply-templates", select="/", mode=mode)
        for place, rule in enumerate(pattern.findall(f"{_SCH}rule")):
            _rule(sheet, rule, mode, 100_000 - place)
    return sheet


def _rule(sheet: Any, rule: Any, mode: str, priority: int) -> None:
    template = _add(sheet, "template", match=rule.get("context"), mode=mode, priority=str(priority))
    for let in rule.findall(f"{_SCH}let"):
        _add(template, "variable", name=let.get("name"), select=let.get("value"))
    for test in rule.findall(f"{_SCH}assert"):
        broken = _add(template, "if", test=f"not({test.get('test')})")
        found = etree.SubElement(broken, f"{{{_REPORT}}}finding")
        found.set("rule", test.get("id", ""))
        found.set("flag", test.get("flag", "fatal"))
        found.set("place", "{path(.)}")
        found.text = "".join(test.itertext())
    _add(template, "apply-templates", select="@*|node()", mode=mode)


def _add(parent: Any, element: str, /, **attributes: str) -> Any:
    return etree.SubElement(parent, f"{{{_XSL}}}{element}", attributes)
