"""EPCIS 2.0 object events for despatch and receipt, with hash identities of CBV 2.0 (8.9.2).

The hash is over a fixed spelling of the event's what, when, where and why, so that two firms that
write the same happening give it the same name. Covered: ObjectEvent with the fields written here,
Digital Link identifiers, and EPC URNs of SGTIN, SSCC, SGLN and PGLN.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Any

from hanse.model import trade
from hanse.model.errors import BadInput

CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
_LINK = "https://id.gs1.org/"
_CBV = "https://ref.gs1.org/cbv/"


def check_digit(digits: str) -> str:
    """The GS1 check digit after a row of digits (GS1 General Specifications 7.9)."""
    total = sum(int(d) * (3 if i % 2 == 0 else 1) for i, d in enumerate(reversed(digits)))
    return str(-total % 10)


def _with_check(digits: str) -> str:
    return digits + check_digit(digits)


def digital_link(name: str) -> str:
    """An EPC URN as its GS1 Digital Link; any other name unchanged."""
    if not name.startswith("urn:epc:id:"):
        return name
    scheme, _, rest = name.removeprefix("urn:epc:id:").partition(":")
    parts = rest.split(".", 2)
    match scheme, parts:
        case "sgtin", [firm, item, serial]:
            return f"{_LINK}01/{_with_check(item[0] + firm + item[1:])}/21/{serial}"
        case "sscc", [firm, serial]:
            return f"{_LINK}00/{_with_check(serial[0] + firm + serial[1:])}"
        case "sgln", [firm, place, extension]:
            end = "" if extension == "0" else f"/254/{extension}"
            return f"{_LINK}414/{_with_check(firm + place)}{end}"
        case "pgln", [firm, party]:
            return f"{_LINK}417/{_with_check(firm + party)}"
        case _:
            raise BadInput("this kind of EPC is not turned into a Digital Link", subject=name[:80])


def _time(text: str) -> str:
    at = dt.datetime.fromisoformat(text).astimezone(dt.UTC)
    half_up = at + dt.timedelta(microseconds=500)
    return half_up.strftime("%Y-%m-%dT%H:%M:%S.") + f"{half_up.microsecond // 1000:03d}Z"


def _vocabulary(prefix: str, word: str) -> str:
    return word if ":" in word else f"{_CBV}{prefix}-{word}"


def _pairs(event: dict[str, Any], field: str, key: str, prefix: str) -> str:
    rows = sorted(
        f"type={_vocabulary(prefix, row['type'])}{key}={digital_link(row[key])}"
        for row in event.get(field, [])
    )
    return field + "".join(rows) if rows else ""


def _quantities(event: dict[str, Any]) -> str:
    rows = []
    for row in event.get("quantityList", []):
        text = f"quantityElementepcClass={digital_link(row['epcClass'])}"
        text += f"quantity={row['quantity']:g}" if "quantity" in row else ""
        text += f"uom={row['uom']}" if "uom" in row else ""
        rows.append(text)
    return "quantityList" + "".join(sorted(rows)) if rows else ""


def prehash(event: dict[str, Any]) -> str:
    """The spelling of an object event that is hashed.

    Raises:
        BadInput: another type of event, or an identifier that is not covered.
    """
    if event.get("type") != "ObjectEvent":
        raise BadInput("only object events are covered", subject=str(event.get("type")))
    epcs = sorted(f"epc={digital_link(e)}" for e in event.get("epcList", []))
    parts = [
        "eventType=ObjectEvent",
        f"eventTime={_time(event['eventTime'])}",
        f"eventTimeZoneOffset={event['eventTimeZoneOffset']}",
        "epcList" + "".join(epcs) if epcs else "",
        _quantities(event),
        f"action={event['action']}",
    ]
    if "bizStep" in event:
        parts.append(f"bizStep={_vocabulary('BizStep', event['bizStep'])}")
    if "disposition" in event:
        parts.append(f"disposition={_vocabulary('Disp', event['disposition'])}")
    places = [p for p in ("readPoint", "bizLocation") if p in event]
    parts += [f"{place}id={digital_link(event[place]['id'])}" for place in places]
    parts.append(_pairs(event, "bizTransactionList", "bizTransaction", "BTT"))
    parts.append(_pairs(event, "destinationList", "destination", "SDT"))
    parts.append(_pairs(event, "sourceList", "source", "SDT"))
    return "".join(parts)


def event_id(event: dict[str, Any]) -> str:
    """The hash identity of an object event."""
    digest = hashlib.sha256(prehash(event).encode()).hexdigest()
    return f"ni:///sha-256;{digest}?ver=CBV2.0"


def _event(order: trade.Order, at: dt.datetime, number: str, step: str) -> dict[str, Any]:
    buyer = order.buyer_customer_party.endpoint_id
    seller = order.seller_supplier_party.endpoint_id
    kind = "desadv" if step == "shipping" else "recadv"
    writer = seller if step == "shipping" else buyer
    return {
        "type": "ObjectEvent",
        "eventTime": at.astimezone(dt.UTC).isoformat(timespec="milliseconds"),
        "eventTimeZoneOffset": "+00:00",
        "action": "OBSERVE",
        "bizStep": step,
        "disposition": "in_transit" if step == "shipping" else "in_progress",
        "bizTransactionList": [
            {"type": "po", "bizTransaction": f"urn:hanse:{buyer}:{order.id}"},
            {"type": kind, "bizTransaction": f"urn:hanse:{writer}:{number}"},
        ],
        "sourceList": [{"type": "owning_party", "source": seller}],
        "destinationList": [{"type": "owning_party", "destination": buyer}],
    }


def _class_of(order: trade.Order, line: str, lot: str) -> str:
    item = next(row.item for row in order.order_line if row.id == line)
    standard = item.standard_item_identification
    if standard is not None and standard.scheme_id == "GTIN":
        return f"{_LINK}01/{standard.id.zfill(14)}" + (f"/10/{lot}" if lot else "")
    seller = order.seller_supplier_party.endpoint_id
    end = f":{lot}" if lot else ""
    return f"urn:hanse:{seller}:{item.buyers_item_identification}{end}"


def _quantity(unit: str, value: str, name: str) -> dict[str, Any]:
    row: dict[str, Any] = {"epcClass": name, "quantity": float(value)}
    return row if unit == "C62" else {**row, "uom": unit}


def despatch_event(advice: trade.DespatchAdvice, order: trade.Order) -> dict[str, Any]:
    """What leaves, as an EPCIS object event with its hash identity."""
    event = _event(order, advice.issue_date_time, advice.id, "shipping")
    sscc = advice.shipment_id
    if len(sscc) == 18 and sscc.isdigit() and check_digit(sscc[:-1]) == sscc[-1]:
        event["epcList"] = [f"{_LINK}00/{sscc}"]
    event["quantityList"] = [
        _quantity(
            row.delivered_quantity.unit_code,
            row.delivered_quantity.value,
            _class_of(order, row.order_line_id, row.lot_number),
        )
        for row in advice.despatch_line
    ]
    return {**event, "eventID": event_id(event)}


def receipt_event(advice: trade.ReceiptAdvice, order: trade.Order) -> dict[str, Any]:
    """What arrived, as an EPCIS object event with its hash identity."""
    event = _event(order, advice.issue_date_time, advice.id, "receiving")
    event["quantityList"] = [
        _quantity(
            row.received_quantity.unit_code,
            row.received_quantity.value,
            _class_of(order, row.order_line_id, ""),
        )
        for row in advice.receipt_line
    ]
    return {**event, "eventID": event_id(event)}


def epcis_document(events: list[dict[str, Any]], at: dt.datetime) -> dict[str, Any]:
    """Events in one EPCIS document, as they are handed over."""
    return {
        "@context": [CONTEXT],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": at.astimezone(dt.UTC).isoformat(timespec="milliseconds"),
        "epcisBody": {"eventList": events},
    }
