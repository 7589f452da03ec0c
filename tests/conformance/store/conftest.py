import pytest
from tests.conformance.store.places import empty, postgresql_server, server_binaries

from hanse.model.ids import Counter
from hanse.model.time import StillClock
from hanse.store import Store


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
        return str(tmp_path / "record.sqlite")
    server = request.getfixturevalue("postgresql")
    empty(server)
    return server


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
