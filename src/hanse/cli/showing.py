"""How ``hanse ledger show`` prints a chain for people, in English or Chinese."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hanse.model.text import Language, Text
from hanse.web.views.trading import ChainRow, EntryRow

_US = Text("we", "我方")
_NOTHING = Text(
    "Nothing has been agreed with anybody yet: hanse peer add, then hanse rfq.",
    "尚未与任何企业达成约定:请先 hanse peer add,再 hanse rfq。",
)
_ENTRIES = Text("entries, proposed by us or them, each signed by both", "条条目,均由双方签署")
_SUMS = Text("In all", "合计")
_HEAD = Text("Head (read it out to compare)", "账本头(可口头核对)")
_OLDER = Text("older entries are not shown; --all shows them", "较早条目未显示;--all 显示全部")


def shown(
    chains: Sequence[tuple[ChainRow, Sequence[EntryRow]]], *, language: Language
) -> Iterator[str]:
    """Line by line: each firm, its entries oldest first, sums and the head."""
    if not chains:
        yield _NOTHING.in_(language)
    for row, entries in chains:
        yield ""
        yield f"{row.firm}  [{row.state.label.in_(language)}]"
        yield f"  {row.did}"
        yield f"  {row.entries} {_ENTRIES.in_(language)}"
        if len(entries) < row.entries:
            yield f"  ... {row.entries - len(entries)} {_OLDER.in_(language)}"
        for entry in reversed(entries):
            who = _US.in_(language) if entry.mine else row.firm
            what = entry.text.in_(language)
            yield f"  {entry.seq:>4}  {entry.at:%Y-%m-%d %H:%M} UTC  {who}: {what}"
        if row.sums.en:
            yield f"  {_SUMS.in_(language)}: {row.sums.in_(language)}"
        if row.finding.en:
            yield f"  {row.finding.in_(language)}"
        yield f"  {_HEAD.in_(language)}: {row.head}"
