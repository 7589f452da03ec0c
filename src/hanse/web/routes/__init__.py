"""The addresses of the node: one module a part, each route with the permission it needs.

In: requests that the guard let in. Out: HTML, JSON under ``/api/v1``, bytes at the peer door.
Each module lists its handlers in ``HANDLERS``; limits of bodies stand in `hanse.web.settings`.
"""

from hanse.web.routes import (
    alarms,
    alive,
    api,
    approvals,
    chain,
    connecting,
    entering,
    entry,
    equipment,
    files,
    home,
    life,
    live,
    loops,
    losses,
    machines,
    notices,
    partners,
    peer_door,
    people,
    plan,
    planning,
    ripples,
    rules,
    setting,
    trade,
)

PARTS = (
    alarms,
    alive,
    api,
    approvals,
    chain,
    connecting,
    entering,
    entry,
    equipment,
    files,
    home,
    life,
    live,
    loops,
    losses,
    machines,
    notices,
    partners,
    peer_door,
    people,
    plan,
    planning,
    ripples,
    rules,
    setting,
    trade,
)
HANDLERS = tuple(handler for part in PARTS for handler in part.HANDLERS)
