"""What the record costs: commits, rows, plans, checks; beside SQLite bare, in the same folder."""

import argparse
import asyncio
import datetime as dt
import json
import sqlite3
import statistics
import tempfile
import time
from decimal import Decimal
from pathlib import Path

from hanse.model.event import Draft
from hanse.model.ids import Counter
from hanse.model.order import WorkOrder
from hanse.model.plan import Assignment, PlanVersion
from hanse.model.plant import Machine
from hanse.model.product import Item
from hanse.model.text import Text
from hanse.model.time import StillClock
from hanse.store import Store
from hanse.store.verify import verify


def timed_ms(work, times):
    took = []
    for n in range(times):
        start = time.perf_counter()
        work(n)
        took.append((time.perf_counter() - start) * 1e3)
    took.sort()
    return {"p50_ms": statistics.median(took), "p99_ms": took[int(len(took) * 0.99)]}


def bare_sqlite(folder, times):
    """One INSERT of a row as long as an event's, WAL and FULL like ours."""
    connection = sqlite3.connect(folder / "bare.sqlite", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, body TEXT)")
    insert = "INSERT INTO t VALUES (?, ?)"
    found = timed_ms(lambda n: connection.execute(insert, (n, "x" * 400)), times)
    connection.close()
    return found


def happen(tx):
    text = Text("The spindle of machine 3 is too hot", "3 号机床主轴过热")
    return tx.events.append(Draft(kind="decide.alarm_active", subject="m3", text=text))


async def together(store, count):
    start = time.perf_counter()
    await asyncio.gather(*(store.write(happen) for _ in range(count)))
    return count / (time.perf_counter() - start)


def plan_of(number, count):
    at = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)
    work = tuple(operation(n, at) for n in range(count))
    return PlanVersion(number=number, made_at=at, cause=None, assignments=work)


def operation(n, at):
    start = at + dt.timedelta(hours=n // 40)
    end = start + dt.timedelta(hours=1)
    return Assignment(order=f"o{n // 5}", step="1", machine=f"m{n % 40}", start=start, end=end)


def shop(tx):
    due = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
    tx.items.put(Item(key="shaft", title="A shaft"))
    tx.machines.put_many(machine(n) for n in range(40))
    tx.work_orders.put_many(
        WorkOrder(key=f"o{n}", item="shaft", quantity=Decimal(5), due=due) for n in range(2_000)
    )


def machine(n):
    return Machine(key=f"m{n}", title="A lathe", asset_type="lathe", work_centre="turning")


def run(place, folder, times):
    start = time.perf_counter()
    store = Store.open(place, clock=StillClock(), ids=Counter())
    found = {"made_s": time.perf_counter() - start, "bare_sqlite": bare_sqlite(folder, times)}
    with store:
        found["one_event"] = timed_ms(lambda _: store.write_sync(happen), times)
        found["one_thing"] = timed_ms(
            lambda n: store.write_sync(lambda tx: tx.machines.put(machine(n))), times
        )
        found["get"] = timed_ms(
            lambda n: store.read_sync(lambda tx: tx.machines.get(f"m{n}")), times
        )
        found["events_together_s"] = asyncio.run(together(store, 5 * times))
        store.write_sync(shop)
        plans = [plan_of(n + 1, 10_000) for n in range(5)]
        found["plan_of_10000"] = timed_ms(
            lambda n: store.write_sync(lambda tx: tx.plans.put(plans[n])), len(plans)
        )
        start = time.perf_counter()
        report = verify(store)
        found["verify_rows_s"] = sum(report.looked_at.values()) / (time.perf_counter() - start)
        assert report.ok, report.findings[:3]
    start = time.perf_counter()
    Store.open(place, clock=StillClock(), ids=Counter()).close()
    found["opened_s"] = time.perf_counter() - start
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--times", type=int, default=1_000)
    parser.add_argument("--url", help="an empty PostgreSQL database instead of a SQLite file")
    parser.add_argument("--folder", help="where the file is made: the disk that is measured")
    parser.add_argument("--data", help="not used: every benchmark takes it")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=asked.folder or ".") as name:
        place = asked.url or str(Path(name) / "record.sqlite")
        found = run(place, Path(name), asked.times)
    if asked.json:
        print(json.dumps(found))
        return
    for what, value in found.items():
        print(f"{what:20}", value if isinstance(value, dict) else round(value, 3))


if __name__ == "__main__":
    main()
