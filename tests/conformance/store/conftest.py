import contextlib

import pytest
from tests.conformance.store.places import empty, postgresql_server, server_binaries

from hanse.model.ids import Counter
from hanse.model.time import StillClock
from hanse.store import Store


@pytest.fixture(scope="session")
def postgresql():
    if server_binaries() is None:
        pytest.skip("PostgreSQL is not on this machine: apt-get install postgresql")
    with postgresql_server() as server:
        yield server.url


@pytest.fixture
def place_of(request, tmp_path):
    """Where a fresh record of a kind may live: a path, or a URL."""

    def of(kind):
        if kind == "sqlite":
            return str(tmp_path / "record.sqlite")
        server = request.getfixturevalue("postgresql")
        empty(server)
        return server

    return of


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request, place_of):
    """Where a fresh record may live, on each database."""
    return place_of(request.param)


@pytest.fixture
def clock():
    return StillClock()


@pytest.fixture
def ids():
    return Counter()


@pytest.fixture
def open_at(clock, ids):
    """Opens records; closes them after the test."""
    with contextlib.ExitStack() as stack:
        yield lambda at: stack.enter_context(Store.open(at, clock=clock, ids=ids))


@pytest.fixture
def store(place, open_at):
    return open_at(place)
