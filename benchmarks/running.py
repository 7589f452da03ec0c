"""A node that really runs, filled with a generated shop: asked over HTTPS as a program would."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

from benchmarks import shops
from hanse.model.door import Role, Token, User
from hanse.node.chain.lay import free_ports
from hanse.node.folder import Folder
from hanse.node.identity import load_identity
from hanse.node.offline import offline
from hanse.node.records import put_records
from hanse.node.settings import Settings, WebSettings, write_settings
from hanse.node.world import RealClock
from hanse.store import Tx
from hanse.web.doors.permissions import SCOPES
from hanse.web.doors.secrets import TOKEN_MARK, hash_of, new_secret

READY_S = 300.0


@contextlib.contextmanager
def running_shop(folder: Path, ops: int, *, load: str) -> Iterator[tuple[httpx.Client, list[str]]]:
    """A node with that shop in its plan, and a client with a token; the items that it makes."""
    home, clock = Folder(folder), RealClock()
    home.make()
    (port,) = free_ports(1)
    write_settings(folder, Settings(web=WebSettings(port=port)))
    load_identity(home, clock=clock)
    secret, items = _fill(home, ops, load)
    log = (folder / "bench.log").open("wb")
    command = [sys.executable, "-m", "hanse.node.up", str(folder)]
    process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    try:
        headers = {"Authorization": f"Bearer {secret}"}
        url = f"https://127.0.0.1:{port}"
        with httpx.Client(base_url=url, headers=headers, verify=False, timeout=60.0) as client:
            _wait_until_ready(client, process)
            yield client, items
    finally:
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=30)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        log.close()


def _fill(home: Folder, ops: int, load: str) -> tuple[str, list[str]]:
    """The generator's records, moved to begin today, an owner, and a token of the owner's."""
    now, before = RealClock().now(), shops.START
    shops.START = now.replace(minute=0, second=0, microsecond=0)
    try:
        found = shops.shop(ops, load=load, seed=5)
    finally:
        shops.START = before
    kinds = ("items", "routings", "machines", "calendars", "people", "tools", "setups", "stock")
    secret = TOKEN_MARK + new_secret()
    token = Token(
        hash=hash_of(secret), prefix=secret[:12], user="owner", title="bench",
        scopes=tuple(p.value for p in SCOPES), created_at=now,
        expires_at=now + dt.timedelta(days=1),
    )  # fmt: skip

    def write(tx: Tx) -> None:
        put_records(tx, {kind: getattr(found, kind) for kind in kinds})
        put_records(tx, {"bom": found.bom, "orders": found.orders})
        tx.transports.put_many(found.transports)
        tx.settings.put("plan_rules", found.rules)
        tx.users.put(User(name="owner", title="Owner", role=Role.OWNER, created_at=now))
        tx.tokens.put(token)

    with offline(home) as context:
        context.store.write_sync(write)
    return secret, [routing.item for routing in found.routings]


def _wait_until_ready(client: httpx.Client, process: subprocess.Popen[bytes]) -> None:
    until_s = time.monotonic() + READY_S
    while time.monotonic() < until_s and process.poll() is None:
        with contextlib.suppress(httpx.HTTPError):
            if client.get("/readyz").status_code == httpx.codes.OK:
                return
        time.sleep(0.5)
    raise SystemExit("the node is not ready: see its logs")
