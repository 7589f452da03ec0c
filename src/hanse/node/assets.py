"""Everything that has signals: machines, and what is no machine (vehicles, tanks, fields).

Machines stand on record as such and are planned; the others stand among the assets and are watched.
Here both have the one shape that rules, alarms and pages look at.
"""

from __future__ import annotations

from hanse.model.errors import NotFound
from hanse.model.plant import Machine
from hanse.model.running import Asset
from hanse.store import Tx


def all_assets(tx: Tx) -> list[Machine]:
    """Machines, then all other assets."""
    machines = tx.machines.all()
    known = {m.key for m in machines}
    return [*machines, *(_shaped(a) for a in tx.assets.all() if a.key not in known)]


def asset_named(tx: Tx, key: str) -> Machine:
    """A machine or another asset.

    Raises:
        NotFound: there is none of that key.
    """
    machine = tx.machines.get(key)
    if machine is not None:
        return machine
    asset = tx.assets.get(key)
    if asset is None:
        raise NotFound("there is no such machine", subject=key)
    return _shaped(asset)


def is_machine(tx: Tx, key: str) -> bool:
    """Whether it does operations of a plan."""
    return tx.machines.get(key) is not None


def titles_of(tx: Tx) -> dict[str, str]:
    """What everything is called, by key."""
    return {asset.key: asset.title for asset in all_assets(tx)}


def _shaped(asset: Asset) -> Machine:
    return Machine(
        key=asset.key,
        title=asset.title,
        asset_type=asset.type,
        work_centre=asset.key,
        site=asset.site,
        attributes=asset.attributes,
    )
