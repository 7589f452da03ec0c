"""Despatch and receipt as EPCIS events: accepted by the schema, named as the standard's vectors."""

import json
import os
from pathlib import Path

import pytest
from tests.unit.match.market import START
from tests.unit.match.test_export import papers

from hanse.match.export.epcis import (
    check_digit,
    despatch_event,
    digital_link,
    epcis_document,
    event_id,
    prehash,
    receipt_event,
)
from hanse.model import trade
from hanse.model.errors import BadInput

DATA = Path(os.environ.get("HANSE_DATA", Path(__file__).parents[4] / "shared" / "data"))
EPCIS = DATA / "interop" / "epcis"
needs_data = pytest.mark.skipif(not EPCIS.exists(), reason=f"no EPCIS data at {EPCIS}")


def two_events():
    _, _, order = papers()
    reference, full = trade.DocumentReference(id=order.id), trade.Measure(value="120")
    out = trade.DespatchAdvice(
        id="D-1",
        issue_date_time=START,
        order_reference=reference,
        despatch_line=(
            trade.DespatchLine(id="1", order_line_id="1", delivered_quantity=full, lot_number="L5"),
        ),
        shipment_id="003401234500000009",
    )
    came = trade.ReceiptAdvice(
        id="R-1",
        issue_date_time=START,
        order_reference=reference,
        receipt_line=(trade.ReceiptLine(id="1", order_line_id="1", received_quantity=full),),
    )
    return despatch_event(out, order), receipt_event(came, order)


def test_the_same_happening_gets_the_same_name_and_another_one_another():
    one, other = two_events()
    assert one["eventID"] == two_events()[0]["eventID"]
    assert one["eventID"] != other["eventID"]
    assert event_id({**one, "bizStep": "departing"}) != one["eventID"]


def test_check_digits_and_links_are_those_of_gs1():
    assert check_digit("1061414107346") == "4"
    assert digital_link("urn:epc:id:sgln:4012345.00022.0").endswith("/414/4012345000221")
    with pytest.raises(BadInput):
        digital_link("urn:epc:id:grai:1.2.3")


@pytest.mark.data
@needs_data
@pytest.mark.parametrize(
    "name", ["epcisDocWithSingleEvent", "epcisDocWithShippingAndTransportingEvent"]
)
def test_published_vectors_give_the_published_hashes(name):
    folder = EPCIS / "eventhash"
    events = json.loads((folder / f"{name}.jsonld").read_text())["epcisBody"]["eventList"]
    hashes = (folder / f"{name}.hashes").read_text().split()
    prehashes = (folder / f"{name}.prehashes").read_text().splitlines()
    assert sorted(prehash(e) for e in events) == sorted(p for p in prehashes if p)
    assert sorted(event_id(e) for e in events) == sorted(hashes)


@pytest.mark.data
@needs_data
def test_our_events_are_accepted_by_the_schema():
    import jsonschema

    schema = json.loads((EPCIS / "EPCIS-JSON-Schema.json").read_text())
    document = epcis_document(list(two_events()), START)
    jsonschema.Draft7Validator(schema).validate(document)


@pytest.mark.data
@needs_data
def test_the_worked_example_of_a_despatch_has_its_known_name():
    path = DATA / "interop" / "trade-examples" / "despatch.jsonld"
    (event,) = json.loads(path.read_text())["epcisBody"]["eventList"]
    known = "ni:///sha-256;96cdb96ea10fd9ccddf20032999df99aca3650ba8d39217893059186f80f3d2c"
    assert event_id(event) == f"{known}?ver=CBV2.0"
