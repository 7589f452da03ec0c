"""Invoices we write break no rule of EN 16931, judged by the rules file that its makers publish."""

import os
from functools import cache
from pathlib import Path

import pytest
from lxml import etree
from msgspec.structs import replace
from tests.unit.match.test_export import invoice, papers

from hanse.match.amounts import charges_of, totals
from hanse.match.export.invoice import faults
from hanse.match.export.rules import Rules
from hanse.match.export.ubl import document_xml
from hanse.model import trade
from hanse.model.errors import BadInput

DATA = Path(os.environ.get("HANSE_DATA", Path(__file__).parents[3] / "shared" / "data"))
FOLDER = DATA / "interop" / "en16931"
OFFICIAL = sorted(FOLDER.glob("*-UBL-validation-preprocessed.sch"))
EXAMPLES = sorted((FOLDER / "examples").glob("*.xml"))
CATEGORIES = {"S": "19", "Z": "0", "E": "0", "AE": "0", "K": "0", "G": "0", "O": "0"}

needs_rules = pytest.mark.skipif(not OFFICIAL, reason=f"no EN 16931 rules at {FOLDER}")

SMALL = """<schema xmlns="http://purl.oclc.org/dsdl/schematron" queryBinding="xslt2">
  <ns prefix="t" uri="urn:t"/>
  <pattern>
    <rule context="t:line[@free]">
      <assert id="F-1" flag="warning" test="not(@price)">free</assert></rule>
    <rule context="t:line"><assert id="L-1" test="xs:decimal(@price) gt 0">priced</assert></rule>
  </pattern>
  <pattern><rule context="/t:bill"><let name="n" value="count(t:line)"/>
    <assert id="B-1" test="$n ge 1">not empty</assert></rule></pattern>
</schema>""".replace("<ns ", '<ns prefix="xs" uri="http://www.w3.org/2001/XMLSchema"/><ns ', 1)


@cache
def official():
    return Rules(OFFICIAL[0])


def party(mine, country, vat):
    names = (trade.Identification(scheme_id="VAT", id=vat),) if vat else ()
    gln = trade.Identification(scheme_id="0088", id="4012345000009")
    return replace(mine, party_identification=(*names, gln), country=country)


def order(seller_vat="DE123456789", buyer_vat="FR12345678901"):
    _, _, paper = papers()
    seller = party(paper.seller_supplier_party, "DE", seller_vat)
    buyer = party(paper.buyer_customer_party, "FR", buyer_vat)
    return replace(paper, seller_supplier_party=seller, buyer_customer_party=buyer)


def bill(*lines, kind="380"):
    (line,) = invoice().invoice_line
    made = tuple(replace(line, id=str(i), **more) for i, more in enumerate(lines, 1))
    return replace(invoice(lines=made), invoice_type_code=kind)


def broken(document, paper):
    return {f.rule for f in official().findings(document_xml(document, paper))}


@pytest.mark.data
@needs_rules
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_published_examples_break_no_rule(path):
    assert official().findings(path.read_bytes()) == []


@pytest.mark.data
@needs_rules
def test_an_example_with_one_figure_changed_breaks_the_rule_of_that_figure():
    root = etree.fromstring(EXAMPLES[-1].read_bytes())
    (payable,) = root.iter("{*}PayableAmount")
    payable.text = "1.00"
    (found,) = official().findings(etree.tostring(root))
    assert (found.rule, found.fatal) == ("BR-CO-16", True)


@pytest.mark.data
@needs_rules
@pytest.mark.parametrize("kind", ["380", "381"])
@pytest.mark.parametrize("category", CATEGORIES)
def test_every_kind_of_tax_leaves_as_an_invoice_and_a_credit_note_without_fault(category, kind):
    document = bill({"tax_category": category, "tax_percent": CATEGORIES[category]}, kind=kind)
    assert faults(document, order()) == []
    assert broken(document, order()) == set()


@pytest.mark.data
@needs_rules
@pytest.mark.parametrize("kind", ["380", "381"])
@pytest.mark.parametrize("category", CATEGORIES)
def test_set_up_freight_and_premium_stand_on_the_line_and_are_taxed_with_it(category, kind):
    offered = replace(
        papers()[1].quotation_line[0],
        setup_amount="80",
        transport_amount="45.50",
        premium_amount="12.345",
    )
    document = bill(
        {
            "tax_category": category,
            "tax_percent": CATEGORIES[category],
            "charge": charges_of(offered),
            "line_extension_amount": "1625.85",
        },
        {"tax_category": category, "tax_percent": CATEGORIES[category]},
        kind=kind,
    )
    document = replace(document, billing_reference=trade.DocumentReference(id="I-0"), note="late")
    assert faults(document, order()) == []
    assert broken(document, order()) == set()
    assert document_xml(document, order()).count(b"<cbc:ChargeIndicator>true") == 3


@pytest.mark.data
@needs_rules
def test_odd_quantities_and_rates_side_by_side_are_rounded_as_the_rules_want():
    gram = {"invoiced_quantity": trade.Measure(value="3.5", unit_code="KGM")}
    document = bill(
        {
            "invoiced_quantity": trade.Measure(value="7"),
            "price": trade.Price(price_amount="0.333"),
            "line_extension_amount": "2.33",
            "tax_percent": "7",
        },
        {"tax_category": "Z", "tax_percent": "0"},
        {
            **gram,
            "price": trade.Price(price_amount="12.40", base_quantity="100"),
            "line_extension_amount": "0.43",
        },
    )
    assert faults(document, order()) == []
    assert broken(document, order()) == set()


@pytest.mark.data
@needs_rules
@pytest.mark.parametrize("category", CATEGORIES)
@pytest.mark.parametrize("named", [(False, True), (True, False), (False, False)])
def test_our_own_faults_about_vat_numbers_are_among_those_of_the_rules(category, named):
    paper = order(*(vat if yes else "" for vat, yes in zip(("DE1", "FR1"), named, strict=True)))
    document = bill({"tax_category": category, "tax_percent": CATEGORIES[category]})
    assert set(faults(document, paper)) <= broken(document, paper)


@pytest.mark.data
@needs_rules
@pytest.mark.parametrize(
    ("field", "rule"),
    [
        ("line_extension_amount", "BR-CO-10"),
        ("tax_exclusive_amount", "BR-CO-13"),
        ("tax_inclusive_amount", "BR-CO-15"),
        ("payable_amount", "BR-CO-16"),
    ],
)
def test_a_wrong_total_is_named_by_the_same_rule_on_both_sides(field, rule):
    document = bill({})
    wrong = replace(totals(document.invoice_line), **{field: "1.00"})
    document = replace(document, legal_monetary_total=wrong)
    assert rule in faults(document, order())
    assert rule in broken(document, order())


def test_the_first_rule_of_a_pattern_that_fits_a_node_is_the_only_one_that_speaks(tmp_path):
    path = tmp_path / "small.sch"
    path.write_text(SMALL)
    rules = Rules(path)
    bill = '<bill xmlns="urn:t"><line price="0"/><line free="y" price="0"/></bill>'
    found = rules.findings(bill.encode())
    assert [(f.rule, f.fatal) for f in found] == [("L-1", True), ("F-1", False)]
    assert found[0].place.endswith("line[1]")
    assert [f.rule for f in rules.findings(b'<bill xmlns="urn:t"/>')] == ["B-1"]


def test_a_document_that_is_not_xml_or_pulls_in_a_file_is_not_checked(tmp_path):
    path = tmp_path / "small.sch"
    path.write_text(SMALL)
    rules = Rules(path)
    with pytest.raises(BadInput, match="well-formed"):
        rules.findings(b"<bill>")
    secret = tmp_path / "secret"
    secret.write_text("<x/>")
    bomb = f'<!DOCTYPE b [<!ENTITY e SYSTEM "file://{secret}">]><bill xmlns="urn:t">&e;</bill>'
    with pytest.raises(BadInput, match="entities"):
        rules.findings(bomb.encode())
