"""``python -m hanse.node.up FOLDER [ROLE,ROLE]``: a node under its supervisor."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from hanse.node.logs import configure_logs
from hanse.node.settings import RoleName, read_settings
from hanse.node.supervisor import Supervisor
from hanse.node.world import RealClock


def up(folder: Path, roles: tuple[RoleName, ...] = ()) -> None:
    """Run the node until told to stop."""
    configure_logs(read_settings(folder).log_level)

    async def run() -> None:
        await Supervisor(folder, clock=RealClock(), roles=roles).run()

    asyncio.run(run())


def main(arguments: Sequence[str]) -> None:
    """The module's own command line."""
    roles = tuple(arguments[1].split(",")) if len(arguments) > 1 else ()
    up(Path(arguments[0]), cast("tuple[RoleName, ...]", roles))


if __name__ == "__main__":
    main(sys.argv[1:])
