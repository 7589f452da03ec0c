"""Telling the person at the terminal how to reach a node that has just started."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from hanse.node.folder import Folder

WAIT_S = 60.0
POLL_S = 0.2


def tell_claim_link(folder: Folder, say: Callable[[str], None]) -> threading.Thread:
    """A thread that says the claim link, or the address, as soon as the gate is open."""
    links = {name: folder.run_file(name) for name in ("claim-link", "web.json")}
    for path in links.values():
        path.unlink(missing_ok=True)

    def wait() -> None:
        for _ in range(int(WAIT_S / POLL_S)):
            time.sleep(POLL_S)
            if links["claim-link"].exists():
                say(f"Claim this node within 30 minutes: {links['claim-link'].read_text().strip()}")
                return
            if links["web.json"].exists() and not links["claim-link"].exists():
                time.sleep(1.0)
                if not links["claim-link"].exists():
                    say(f"The node is up: {links['web.json'].read_text()}")
                    return

    return threading.Thread(target=wait, daemon=True)
