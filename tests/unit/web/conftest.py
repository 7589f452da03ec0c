import pytest
from litestar.testing import TestClient
from tests.unit.web.fakes import ports
from tests.unit.web.visitors import BASE, admit

from hanse.web import WebSettings, create_app


@pytest.fixture
def node():
    """A claimed node in memory, and its application."""
    made = ports()
    with TestClient(create_app(made, WebSettings(base_url=BASE)), base_url=BASE) as client:
        client.ports = made
        yield client


@pytest.fixture(scope="module")
def reader():
    """An owner who only looks: one application for all pages."""
    made = ports()
    with TestClient(create_app(made, WebSettings(base_url=BASE)), base_url=BASE) as client:
        client.ports = made
        yield admit(client, "owner")


@pytest.fixture
def owner(node):
    """A client that is signed in as the owner."""
    return admit(node, "owner")
