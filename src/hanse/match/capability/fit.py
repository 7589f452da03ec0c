"""Hard limits before any ranking: a part that is too large, too fine or of another material."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from hanse.match.profile import Offered
from hanse.model.text import Text


class Need(Struct, frozen=True, kw_only=True):
    """What a part asks of a maker; what is not said is not checked."""

    code: str
    size_mm: tuple[Decimal, ...] = ()
    tolerance_um: Decimal | None = None
    material: str = ""
    quantity: Decimal = Decimal(1)


def fits(offered: Offered, need: Need) -> Text | None:
    """None if the envelope holds the part; else the reason why not."""
    most = offered.maximum_quantity
    rules = (
        (offered.code != need.code, Text("another kind of work", "工艺不同")),
        (_too_large(offered, need), Text("the part is too large", "零件尺寸过大")),
        (_too_fine(offered, need), Text("the tolerance is too fine", "公差过严")),
        (
            bool(need.material and offered.material)
            and not _same_material(need.material, offered.material),
            Text("the material is not worked there", "不加工该材料"),
        ),
        (
            need.quantity < Decimal(offered.minimum_quantity),
            Text("fewer than the minimum quantity", "低于最小批量"),
        ),
        (
            most is not None and need.quantity > Decimal(most or "0"),
            Text("more than the largest quantity", "超过最大批量"),
        ),
    )
    return next((reason for broken, reason in rules if broken), None)


def _too_large(offered: Offered, need: Need) -> bool:
    ours = sorted((Decimal(s) for s in offered.size_mm), reverse=True)
    theirs = sorted(need.size_mm, reverse=True)
    return any(t > o for t, o in zip(theirs, ours, strict=False))


def _too_fine(offered: Offered, need: Need) -> bool:
    wanted, finest = need.tolerance_um, offered.tolerance_um
    return wanted is not None and finest is not None and wanted < Decimal(finest)


def _same_material(wanted: str, offered: tuple[str, ...]) -> bool:
    plain = _plain(wanted)
    return any(_plain(o) in plain or plain in _plain(o) for o in offered)


def _plain(text: str) -> str:
    return "".join(c for c in text.lower() if c.isalnum())
