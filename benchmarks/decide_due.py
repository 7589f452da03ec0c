"""How late what is due by the clock is told: the ``--due`` mode of `./dev bench decide`.

A decide role as a process of its own, with broker and record. Units get their readings once,
spread over some seconds, and then nothing comes any more: delays, silence, windows, expressions,
sequences and a schedule that opens on the minute come due by the clock alone. Lateness is from the
instant that was due to the instant at which the alarm is written on the record, and includes the
50 ms that a timer waits for samples on their way.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import tempfile
import time
from pathlib import Path

import numpy as np
from tests.integration.test_deciding import house

from hanse.model.ids import Happening
from hanse.model.plant import Machine, Signal
from hanse.model.sample import frame
from hanse.model.time import to_ns
from hanse.node.deciding.hall import TICK_S
from hanse.node.ruling.book import RuleFile, rule_files
from hanse.transmit import codec
from hanse.transmit.partition import partition, subject

SPREAD_S = 12.0
READY_S = 12.0
AFTER_S = 6.0
ALLOWED_MS = 1e3 * TICK_S + 100.0


def rules(opens):
    closes = opens + dt.timedelta(hours=1)
    hours = f'schedule = {{from = "{opens:%H:%M}", until = "{closes:%H:%M}"}}'
    kinds = {
        "on_delay": 'kind = "limit"\nsignal = "hot"\nhigh = 80\non_delay_s = 2',
        "off_delay": 'kind = "limit"\nsignal = "dip"\nhigh = 80\non_delay_s = 0\noff_delay_s = 3',
        "stale": 'kind = "stale"\nsignal = "hot"\nafter_s = 2.5',
        "stuck": 'kind = "stale"\nsignal = "hot"\nafter_s = 1.5\nunchanged = true',
        "window": (
            'kind = "window"\nsignal = "hot"\nmeasure = "count"\nover_s = 3\nbelow = 1'
            "\noff_delay_s = 0"
        ),
        "expr_for": 'kind = "expr"\nwhen = "for_(hot > 80, 1.25)"',
        "expr_age": 'kind = "expr"\nwhen = "age(hot) > 3.5"',
        "sequence": 'kind = "sequence"\nfirst = "dip < 80"\nthen = "dip > 80"\nwithin_s = 2',
        "schedule": f'kind = "limit"\nsignal = "hot"\nhigh = 80\non_delay_s = 0\n{hours}',
        "schedule_stale": f'kind = "stale"\nsignal = "hot"\nafter_s = 2\n{hours}',
    }
    return "".join(f'[[rule]]\nasset_type = "unit"\nkey = "{k}"\n{v}\n' for k, v in kinds.items())


def furnish(tx, units, opens):
    for machine in tx.machines.all():
        tx.machines.delete(machine.key)
    for n in range(units):
        key = f"unit-{n}"
        tx.machines.put(Machine(key=key, title=key, asset_type="unit", work_centre="hall"))
        tx.signals.put(Signal(id=1_000 + 2 * n, asset=key, name="hot"))
        tx.signals.put(Signal(id=1_001 + 2 * n, asset=key, name="dip"))
    rule_files(tx).put("own", RuleFile(key="own", text=rules(opens)))


async def send(js, unit):
    ids, now_ns = np.array([1_000, 1_001, 1_001], np.int32) + 2 * unit, time.time_ns()
    made = frame(
        Happening(f"unit-{unit}", 1, 0),
        signal=ids,
        at_ns=now_ns + np.array([-1, -2, -1], np.int64) * 1_000_000,
        value=np.array([90.0, 90.0, 20.0]),
    )
    await js.publish(subject(partition(f"unit-{unit}")), codec.pack(made))


async def play(folder, units):
    ready = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=READY_S + SPREAD_S + AFTER_S)
    opens = (ready + dt.timedelta(minutes=1)).replace(second=0, microsecond=0)
    async with house(folder) as (home, nats):
        await home.store.write(lambda tx: furnish(tx, units, opens))
        await home.start_role()
        await asyncio.sleep(READY_S)
        began_ns = time.time_ns()
        for unit in range(units):
            await send(nats.jetstream(), unit)
            await asyncio.sleep(SPREAD_S / units)
        left_s = (opens - dt.datetime.now(dt.UTC)).total_seconds() + AFTER_S
        await asyncio.sleep(left_s)
        events = await home.store.read(lambda tx: tx.events.find(kind="decide.*", limit=10_000))
    return began_ns, [e for e in events if e.kind.startswith("decide.alarm_")]


def due(units=60):
    """Milliseconds late, by kind: how many, p50, p99 and the worst; and what is allowed."""
    with tempfile.TemporaryDirectory(prefix="hanse-due-") as made:
        began_ns, events = asyncio.run(play(Path(made), units))
    late = {}
    for event in events:
        rule, at_ns = event.about["rule"], event.about["at_ns"]
        if event.kind.endswith("_active") != (rule == "off_delay") and at_ns > began_ns:
            late.setdefault(rule, []).append((to_ns(event.at) - at_ns) / 1e6)
    told = {k: _figures(v) for k, v in sorted(late.items())}
    every = [ms for row in late.values() for ms in row]
    return {"allowed_ms": ALLOWED_MS, "all": _figures(every), "kinds": told}


def _figures(late):
    p50, p99 = np.quantile(late, [0.5, 0.99])
    return {
        "alarms": len(late),
        "p50_ms": round(float(p50), 1),
        "p99_ms": round(float(p99), 1),
        "max_ms": round(max(late), 1),
    }
