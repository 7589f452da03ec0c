"""``hanse peer``, ``hanse rfq`` and ``hanse ledger``: partners, asking, and what was agreed."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import cast

import click
import msgspec

from hanse.cli.folders import folder_option, json_option, known
from hanse.cli.mirrors import mirror
from hanse.cli.output import NO, say_json, table
from hanse.cli.showing import shown
from hanse.match.books import Books
from hanse.match.ledger.audit import verify_file
from hanse.match.ledger.disclosure import Disclosure, verify_disclosure
from hanse.model.errors import BadInput, BadMessage, NotFound
from hanse.model.text import LANGUAGES, Language
from hanse.node.acts.demanding import ask_by_hand
from hanse.node.dealing.disclosing import disclosure_of, parties_of
from hanse.node.dealing.finding import meet
from hanse.node.dealing.introducing import begin
from hanse.node.dealing.partners import need, partners
from hanse.node.dealing.publishing import names_of
from hanse.node.offline import offline
from hanse.node.pages.peers import short_code
from hanse.store import Tx
from hanse.web.asking import Typed, TypedLine, form_from, rows_of, with_rows

DISCLOSURE_BYTES_MAX = 20_000_000
FOUND_BY = {
    "address": "as typed",
    "record": "by the domain's TXT record",
    "website": "by the website's /.well-known/hanse",
    "mirror": "by a mirror",
    "did_document": "by the website's did.json",
}
_CSV = click.Path(path_type=Path, dir_okay=False, exists=True)
SHOWN_MAX = 50
SHOWN = ("seq", "at", "kind", "number")


@click.group()
def peer() -> None:
    """Firms this node deals with."""


peer.add_command(mirror)


@peer.command("add")
@click.argument("address")
@click.option("--private", is_flag=True, help="What the domain names may stand in our own network.")
@folder_option
@json_option
def peer_add(address: str, folder: Path, *, private: bool, as_json: bool) -> None:
    """Fetch the card at an address (https://host:port) or of a firm's domain (example.com).

    Then compare the code by voice: hanse peer compare DID CODE.
    """
    with offline(known(folder)) as context:
        names = names_of(context.settings)
        found = asyncio.run(meet(address, names=names, private=private))
        card = found.met.partner
        paused = msgspec.structs.replace(card, active=False)
        context.store.write_sync(lambda tx: partners(tx).put(card.did, paused))
        code = short_code(context.identity.did, card.did)
    if as_json:
        say_json(
            {
                "did": card.did,
                "name": card.name,
                "url": card.url,
                "found_by": found.by,
                "code": code,
            }
        )
    else:
        click.echo(f"{card.name}\n{card.did}\n{card.url} ({FOUND_BY[found.by]})")
        click.echo(f"Compare by voice: {code}")


@peer.command("compare")
@click.argument("did")
@click.argument("code")
@folder_option
def peer_compare(did: str, code: str, folder: Path) -> None:
    """The code your partner read out: where it is the same, dealing begins."""
    with offline(known(folder)) as context:
        ours = short_code(context.identity.did, did)
        if code.replace(" ", "") != ours.replace(" ", ""):
            raise BadInput(
                "the codes differ", subject=did, remedy="Do not deal; someone stands between you"
            )

        def write(tx: Tx) -> None:
            partner = msgspec.structs.replace(need(tx, did), active=True)
            partners(tx).put(did, partner)
            begin(tx, context, did)

        context.store.write_sync(write)
    click.echo("The codes are the same: dealing begins.")


@peer.command("list")
@folder_option
@json_option
def peer_list(folder: Path, *, as_json: bool) -> None:
    """All known firms."""
    with offline(known(folder)) as context:
        found = context.store.read_sync(lambda tx: partners(tx).all())
    if as_json:
        say_json({"peers": found})
    else:
        rows = [(p.name, "dealing" if p.active else "paused", p.url, p.did) for p in found]
        click.echo(table(rows, ("name", "", "address", "identity")))


@click.command()
@click.argument("item", default="")
@click.argument("quantity", type=click.IntRange(min=1), required=False)
@click.option("--due", default="", help="When it is needed: 2026-12-01T12:00:00Z")
@click.option("--order", default="", help="The customer's order it is for.")
@click.option("--line", "more", multiple=True, help='Another line: "ITEM QUANTITY [DUE]".')
@click.option("--rows", type=_CSV, help="Further lines from a CSV file with item, quantity, due.")
@folder_option
@json_option
def rfq(item: str, quantity: int | None, due: str, order: str, **where: object) -> None:
    """Ask partners for so many of an item, or of several in one request.

    The node goes on by its policy.
    """
    first = TypedLine(item=item, quantity=str(quantity or ""), due=due, order=order)
    lines = [first, *(_line(text, due) for text in cast("tuple[str, ...]", where["more"]))]
    rows = cast("Path | None", where["rows"])
    lines += rows_of(rows.read_text("utf-8-sig")) if rows else ()
    with offline(known(Path(str(where["folder"])))) as context:
        typed = with_rows(Typed(lines=()), [line for line in lines if not line.is_empty])
        form = form_from(typed, timezone=context.settings.firm.timezone)
        event = context.store.write_sync(
            lambda tx: ask_by_hand(tx, context, form, by="command line")
        )
    if where["as_json"]:
        say_json({"event": event.id, "loop": event.loop})
    else:
        click.echo(f"{event.text.en}\nFollow it on the page of loop {event.loop}")


def _line(text: str, due: str) -> TypedLine:
    item, quantity, *own = (*text.split(), "", "")
    return TypedLine(item=item, quantity=quantity, due=own[0] or due)


@click.group()
def ledger() -> None:
    """What was agreed with partners, signed by both."""


@ledger.command("verify")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--key", "keys", multiple=True, help="DID=did:key of a firm that is not a did:key.")
@json_option
def ledger_verify(file: Path, keys: tuple[str, ...], *, as_json: bool) -> None:
    """Check an exported ledger, or the proof of one trade, offline. Needs no node."""
    told = dict(key.split("=", 1) for key in keys) or None
    if (shown := _disclosure(file)) is not None:
        _say_disclosure(shown, told, as_json=as_json)
        return
    finding = verify_file(file, keys=told)
    if as_json:
        say_json({"ok": finding.ok, "finding": finding})
    else:
        click.echo(f"{finding.entries} entries between {' and '.join(finding.parties)}")
        click.echo("Every hash and both signatures hold." if finding.ok else finding.problem)
    sys.exit(0 if finding.ok else NO)


def _disclosure(file: Path) -> Disclosure | None:
    """The proof of one trade in a file; None where it is a whole ledger."""
    with file.open("rb") as stream:
        raw = stream.read(DISCLOSURE_BYTES_MAX + 1)
    if len(raw) > DISCLOSURE_BYTES_MAX:
        return None
    try:
        return msgspec.json.decode(raw, type=Disclosure)
    except msgspec.MsgspecError:
        return None


def _say_disclosure(shown: Disclosure, keys: dict[str, str] | None, *, as_json: bool) -> None:
    try:
        entries = verify_disclosure(shown, keys=keys or parties_of(shown))
    except (BadMessage, BadInput) as error:
        if as_json:
            say_json({"ok": False, "problem": error.what})
        else:
            click.echo(error.what)
        sys.exit(NO)
    rows = [
        (e.seq, f"{e.at:%Y-%m-%d %H:%M:%S}", e.kind, str(e.body.get("id", ""))) for e in entries
    ]
    if as_json:
        say_json(
            {
                "ok": True,
                "by": shown.firm.by,
                "entries": [dict(zip(SHOWN, r, strict=True)) for r in rows],
            }
        )
        return
    click.echo(table(rows, ("#", "at (UTC)", "kind", "number")))
    click.echo(f"Signed by both, and under the root that {shown.firm.by} signed.")


@ledger.command("disclose")
@click.argument("order")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True)
@folder_option
def ledger_disclose(order: str, out: Path, folder: Path) -> None:
    """Write the proof of one trade for a third; hanse ledger verify checks it."""

    def write(tx: Tx) -> bytes:
        found = [p for p, c in Books(tx.desk).contracts() if c.terms.order.id == order]
        if not found:
            raise NotFound("there is no such order", subject=order)
        return disclosure_of(tx, context, found[0], order)

    with offline(known(folder)) as context:
        out.write_bytes(context.store.read_sync(write))
    click.echo(str(out))


@ledger.command("show")
@click.option("--language", type=click.Choice(LANGUAGES), help="By default the firm's own.")
@click.option("--all", "every", is_flag=True, help="Every entry; by default the newest.")
@folder_option
@json_option
def ledger_show(folder: Path, *, language: Language | None, every: bool, as_json: bool) -> None:
    """What was agreed with each firm, entry by entry, with the sums and the head of each chain."""
    from hanse.node.pages.ledgers import ENTRIES_MAX, RecordLedger

    with offline(known(folder)) as context:
        port = RecordLedger(context)
        limit = ENTRIES_MAX if every else SHOWN_MAX
        rows = asyncio.run(port.chains())
        found = [asyncio.run(port.chain(row.id, limit=limit)) for row in rows]
        spoken: Language = "zh" if context.settings.firm.language == "zh" else "en"
    if as_json:
        say_json({row.firm: entries for row, entries in found})
        return
    for line in shown(found, language=language or spoken):
        click.echo(line)
