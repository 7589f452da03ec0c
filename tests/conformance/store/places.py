"""Real databases for the record: SQLite files, and a PostgreSQL server of the tests' own."""

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import psycopg


def server_binaries():
    """The newest PostgreSQL on this machine, or None."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    return found[-1].parent if found else None


def _as_plain_user():
    """PostgreSQL refuses to run as root: be somebody else there."""
    if os.getuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            user = pwd.getpwnam(name)
            return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    raise RuntimeError("no unprivileged user on this machine")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server(NamedTuple):
    """A running server: its URL, and how to start and stop it as a power cut would."""

    url: str
    start: Callable[[], None]
    stop: Callable[[], None]


@contextlib.contextmanager
def postgresql_server(*, flush="off"):
    """A fresh server on this machine; gone afterwards."""
    binaries, who, port = server_binaries(), _as_plain_user(), free_port()
    folder = Path(tempfile.mkdtemp(prefix="hanse-pg-"))
    if who:
        os.chown(folder, who["user"], who["group"])
    data = folder / "data"

    def run(*command):
        done = subprocess.run(
            [str(c) for c in command], cwd=folder, capture_output=True, check=False, **who
        )
        assert done.returncode == 0, done.stderr.decode() + done.stdout.decode()

    pg_ctl = binaries / "pg_ctl"
    run(binaries / "initdb", "-D", data, "-U", "hanse", "-A", "trust", "-E", "UTF8", "--no-sync")
    listening = f"-c listen_addresses=127.0.0.1 -p {port} -k {folder}"
    options = f"{listening} -c shared_buffers=32MB -c fsync={flush}"

    def start():
        run(pg_ctl, "-D", data, "-l", folder / "log", "-w", "-o", options, "start")

    def stop():
        run(pg_ctl, "-D", data, "-m", "immediate", "-w", "stop")

    start()
    server = Server(f"postgresql://hanse@127.0.0.1:{port}/postgres", start, stop)
    try:
        yield server
    finally:
        with contextlib.suppress(AssertionError):
            stop()
        shutil.rmtree(folder, ignore_errors=True)


def empty(url):
    """Make a server's database as empty as a new one."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
