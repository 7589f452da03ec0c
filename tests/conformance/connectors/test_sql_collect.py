"""SQL poll against PostgreSQL: nothing left out, also after a restart."""

import psycopg
import pytest
from tests.conformance.connectors.builders import (
    KeptSink,
    a_bind,
    a_collector,
    a_world,
    running,
    until,
)
from tests.conformance.store.places import postgresql_server, server_binaries

from hanse.collect.connectors.sql.config import SqlConfig, from_url
from hanse.collect.ports import MemoryOfProcess
from hanse.model.time import parse_instant, to_ns


@pytest.mark.skipif(server_binaries() is None, reason="PostgreSQL is not installed")
async def test_postgresql_is_read_by_key_without_leaving_rows_out(tmp_path):
    memory, sink = MemoryOfProcess(), KeptSink()
    with postgresql_server() as server, psycopg.connect(server.url, autocommit=True) as line:
        line.execute(
            "create table log (n bigserial primary key, at timestamptz, tag text, v numeric)"
        )
        insert = "insert into log (at, tag, v) values ('2026-03-01T11:00:00+01', %s, %s)"
        settings = SqlConfig(
            url=server.url.replace("postgresql://", "postgresql+psycopg://"),
            table="public.log",
            key="n",
            time_column="at",
            name_column="tag",
            value_column="v",
            poll_s=0.1,
            rows=7,
            from_start=True,
        )
        sent = 0
        for _ in range(2):
            for _ in range(30):
                sent += 1
                line.execute(insert, ("load", sent))
            line.execute(insert, ("other", 1))
            world = a_world(tmp_path, memory=memory)
            collector = a_collector("sql", settings, [a_bind(1, "load")], world=world, sink=sink)
            sink.frames = {}
            async with running(collector):
                await until(lambda: float(sent) in sink.values(1))  # noqa: B023 (awaited here)
        assert set(sink.values(1)) >= {float(n) for n in range(31, 61)}
        assert {a for _, a, _, _, _ in sink.rows()} == {
            to_ns(parse_instant("2026-03-01T10:00:00Z"))
        }


async def test_a_missing_table_or_column_is_told(tmp_path):
    for table, key in (("nothing", "id"), ("sqlite_master", "id")):
        settings = SqlConfig(url=f"sqlite:///{tmp_path}/a.db", table=table, key=key, poll_s=0.1)
        collector = a_collector(
            "sql", settings, [a_bind(1, "x")], world=a_world(tmp_path), sink=KeptSink()
        )
        async with running(collector):
            await until(lambda c=collector: c.diagnostics().last_error)
            assert collector.diagnostics().last_error.code == "bad-config"


def test_the_urls_of_databases_are_read():
    settings = from_url("sql+sqlite:////tmp/a.db?table=log&key=id")
    assert (settings.url, settings.table) == ("sqlite:////tmp/a.db", "log")
    settings = from_url("sql+postgresql://ann@db:5433/plant?table=log&key=id")
    assert settings.url == "postgresql://ann@db:5433/plant"
