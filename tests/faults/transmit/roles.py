"""A collector and a historian as processes to be killed: ``python -m tests.faults.transmit.roles``.

The collector sends frames of a fixed rule and writes down, outside the folder under attack, every
number that was kept for certain. The historian keeps history. Both come back after anything.
"""

import asyncio
import contextlib
import datetime as dt
import os
import sys
import time
from pathlib import Path

import numpy as np

from hanse.model.errors import HanseError
from hanse.model.ids import Happening
from hanse.model.sample import frame as checked_frame
from hanse.transmit.history.writer import ACK_WAIT_S, HistoryWriter
from hanse.transmit.nats import connect, feed, streams
from hanse.transmit.nats.spool import Spool
from hanse.transmit.nats.telemetry import FramePublisher

USER, PASSWORD = "hanse", "fault-test"
SIGNALS = 20
START_NS = 1_767_600_000 * 10**9
EPOCH_NS = 10**15
LIMITS = streams.StreamLimits(telemetry_bytes=8_000_000, events_bytes=1_000_000)


class Clock:
    def ns(self):
        return START_NS + 10**9

    def now(self):
        return dt.datetime.fromtimestamp(self.ns() / 1e9, dt.UTC)

    def monotonic_s(self):
        return time.monotonic()


def frame_of(epoch, seq):
    """The frame of a number: its time and values follow from it."""
    at = START_NS + epoch * EPOCH_NS + seq * 1_000_000
    return checked_frame(
        Happening("fault/collector", epoch, seq),
        signal=np.arange(SIGNALS, dtype=np.int32),
        at_ns=np.full(SIGNALS, at, np.int64),
        value=np.full(SIGNALS, float(seq)),
    )


async def ignore(_):
    pass


async def until_connected(url, name):
    while True:
        try:
            return await connect.connect(url, user=USER, password=PASSWORD, name=name)
        except HanseError:
            await asyncio.sleep(0.05)


async def collect(url, folder, *, ack_log, epoch, pause_s):
    client = await until_connected(url, "collector")
    while True:
        with contextlib.suppress(HanseError):
            await streams.ensure(client.jetstream(timeout=2), LIMITS)
            break
        await asyncio.sleep(0.05)
    spool = Spool(folder / "spool", free_share_min=0.0)
    publisher = FramePublisher(client, spool=spool, clock=Clock(), gaps=ignore)
    running = asyncio.create_task(publisher.run())
    log = os.open(ack_log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    seq = 0
    while True:
        try:
            await publisher.frame(frame_of(epoch, seq), partition=seq % 32)
        except HanseError:
            await asyncio.sleep(0.02)
            continue
        os.write(log, f"{epoch} {seq}\n".encode())
        os.fsync(log)
        seq += 1
        await asyncio.sleep(pause_s)
    await running


async def keep_history(url, folder, commit_s):
    client = await until_connected(url, "historian")
    writer = HistoryWriter(folder / "history", clock=Clock(), gaps=ignore, commit_s=commit_s)
    inbox = await feed.patiently(
        lambda: feed.frames(
            client.jetstream(timeout=2), name="history", ack_wait_s=ACK_WAIT_S, alone=True
        )
    )
    await writer.run(inbox)


def main(argv):
    role, url, folder = argv[1], argv[2], Path(argv[3])
    if role == "collect":
        pace = float(argv[6])
        asyncio.run(collect(url, folder, ack_log=argv[4], epoch=int(argv[5]), pause_s=pace))
    else:
        asyncio.run(keep_history(url, folder, float(argv[4])))


if __name__ == "__main__":
    main(sys.argv)
