import itertools

import pytest
from tests.conformance.store.places import fresh_database, postgresql_server, server_binaries

from hanse.model.ids import Counter
from hanse.model.time import StillClock
from hanse.store import Store

_names = itertools.count()


@pytest.fixture(scope="session")
def postgresql():
    if server_binaries() is None:
        pytest.skip("PostgreSQL is not on this machine: apt-get install postgresql")
    with postgresql_server() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request, tmp_path):
    """Where a fresh record may live: a path, then a URL."""
    if request.param == "sqlite":
        yield str(tmp_path / "record.sqlite")
        return
    server = request.getfixturevalue("postgresql")
    with fresh_database(server, f"record_{next(_names)}") as url:
        yield url


@pytest.fixture
def clock():
    return StillClock()


@pytest.fixture
def ids():
    return Counter()


@pytest.fixture
def store(place, clock, ids):
    with Store.open(place, clock=clock, ids=ids) as opened:
        yield opened
