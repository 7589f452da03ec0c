"""Looking at a device before it is connected: what it is, what it has, what that may mean."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable

from msgspec import Struct, structs

from hanse.collect.ports import Connector, World
from hanse.collect.propose import AssetProposal, propose
from hanse.collect.registry import connector_of_url
from hanse.collect.secrets import hide
from hanse.model.errors import BadConfig, HanseError, Unreachable

LOOK_S_MAX = 120.0

Progress = Callable[[str], None]


class Look(Struct, frozen=True, kw_only=True):
    """What looking at a device found: the protocol and settings that work, assets and signals."""

    protocol: str
    settings: Struct
    assets: tuple[AssetProposal, ...]
    secrets: dict[str, str] = {}
    """What the settings name as ``secret:NAME``, to be kept where keys are."""

    @property
    def signals(self) -> int:
        """How many signals it has."""
        return sum(len(asset.signals) for asset in self.assets)


async def look(
    url: str, world: World, *, asset: str = "", progress: Progress = lambda _: None
) -> Look:
    """Look at the device a URL names, with live values and proposals.

    Passwords and tokens of the URL are in ``secrets``, and named in the settings.

    Raises:
        NotFound: no protocol speaks the URL's scheme.
        BadConfig: the URL is wrong, or the protocol has nothing to browse.
        Unreachable, Refused: the device does not answer, or says no.
    """
    protocol, settings = connector_of_url(url)
    hidden = hide(world.connection or protocol.name, settings)
    knowing = dataclasses.replace(world, secret=lambda n: hidden.secrets.get(n) or world.secret(n))
    found = await look_with(protocol, hidden.settings, knowing, asset=asset, progress=progress)
    return structs.replace(found, secrets=hidden.secrets)


async def look_with(
    protocol: Connector,
    settings: Struct,
    world: World,
    *,
    asset: str = "",
    progress: Progress = lambda _: None,
) -> Look:
    """The same with settings at hand.

    Raises:
        BadConfig, Unreachable, Refused: as `look`.
    """
    if protocol.browse is None:
        raise BadConfig(
            f"{protocol.name} has no tree to look at",
            remedy="Write the addresses into a mapping file and import it",
        )
    progress(f"connecting by {protocol.name}")
    named = dataclasses.replace(world, connection=world.connection or f"look/{protocol.name}")
    try:
        async with asyncio.timeout(LOOK_S_MAX):
            found = await protocol.browse(settings, named)
    except HanseError:
        raise
    except TimeoutError as error:
        raise Unreachable(
            f"not done within {LOOK_S_MAX:.0f} s",
            remedy="Begin further down: set root (OPC UA) or a narrower filter (MQTT)",
        ) from error
    except Exception as error:
        raise protocol.explain(error, settings) from error
    progress(f"{len(found)} values found")
    return Look(
        protocol=protocol.name, settings=settings, assets=tuple(propose(found, asset=asset))
    )
