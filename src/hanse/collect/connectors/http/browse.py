"""What an HTTP interface answers, taken apart."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from hanse.collect.connectors.http.config import HttpConfig
from hanse.collect.connectors.http.source import ask, client
from hanse.collect.connectors.mqtt.payload import leaves
from hanse.collect.ports import Found, World
from hanse.collect.secrets import revealed

FOUND_MAX = 5_000


async def browse(config: HttpConfig, world: World) -> Sequence[Found]:
    """Every number, text and boolean of one answer."""
    async with client(config, world) as line:
        answer = await ask(line, revealed(config.url, world.reveal), "")
    return [
        Found(
            address=path,
            trail=tuple(path.split(".")),
            value=leaf if isinstance(leaf, bool | int | float) else str(leaf)[:120],
            data_type=type(leaf).__name__,
        )
        for path, leaf in itertools.islice(leaves(answer), FOUND_MAX)
        if path
    ]
