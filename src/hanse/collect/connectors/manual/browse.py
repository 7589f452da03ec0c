"""What people usually enter at a machine without a controller, to choose from."""

from __future__ import annotations

from collections.abc import Sequence

from hanse.collect.connectors.manual.config import ManualConfig
from hanse.collect.ports import Found, World


async def browse(config: ManualConfig, world: World) -> Sequence[Found]:
    """Good and scrap pieces, the state, why it stands: proposals, not values of a device."""
    del config, world
    return [
        Found(address="parts_good", trail=("parts_good",), value=0, data_type="Int64"),
        Found(address="parts_scrap", trail=("parts_scrap",), value=0, data_type="Int64"),
        Found(address="state", trail=("state",), value="idle", data_type="String"),
        Found(address="stop_reason", trail=("stop_reason",), value="", data_type="String"),
    ]
