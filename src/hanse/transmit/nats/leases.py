"""Leases in the broker's key-value store: several collectors, each device once; several deciders.

A bucket whose entries vanish after LEASE_S unless renewed. ``member.<name>`` says who is there,
``lease.<device>`` who holds a device. Taking is creating the entry, renewing compares revisions:
two can never hold one. Time is the broker's; nobody's clock is compared with another's.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable, Collection

from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js.api import KeyValueConfig, StorageType
from nats.js.kv import KeyValue

from hanse.model.errors import Unreachable
from hanse.model.time import Clock
from hanse.transmit import lease

BUCKET = "LEASES"
DEVICES_MAX = 5_000
WATCHED_S = 10.0
"""The broker forgets a reading that was never ended after so long."""

Devices = Callable[[], Collection[str]]
OnDevice = Callable[[str], Awaitable[None]]


class Leases:
    """One collector's part in sharing devices.

    Args:
        client: the broker.
        me: this collector's name, unique and stable.
        devices: all devices of the node, as they are now.
        clock: for stopping by itself when it cannot renew.
        on_gain: start collecting from a device.
        on_loss: stop at once; called before anyone else may start.
        replicas: servers that keep the bucket (3 in a cluster).
        bucket: its name; those who share the same work name the same.
        pace: how long a lease lasts and how often it is renewed.
    """

    def __init__(
        self,
        client: Client,
        *,
        me: str,
        devices: Devices,
        clock: Clock,
        on_gain: OnDevice,
        on_loss: OnDevice,
        replicas: int = 1,
        bucket: str = BUCKET,
        pace: lease.Pace | None = None,
    ) -> None:
        self._name = bucket
        self._pace = pace or lease.Pace(lease.LEASE_S, lease.RENEW_S, lease.STOP_S)
        self._client = client
        self._me = me
        self._devices = devices
        self._clock = clock
        self._on_gain = on_gain
        self._on_loss = on_loss
        self._replicas = replicas
        self._held: dict[str, tuple[int, float]] = {}

    @property
    def held(self) -> frozenset[str]:
        """Devices this collector has now."""
        return frozenset(self._held)

    async def run(self) -> None:
        """Take part until cancelled; then let everything go, so that others need not wait."""
        try:
            while True:
                await self.turn()
                await asyncio.sleep(self._pace.renew_s)
        finally:
            await self._leave()

    async def turn(self) -> None:
        """Renew, see who is there, take what is ours and let go what is another's."""
        try:
            async with asyncio.timeout(self._pace.stop_s - self._pace.renew_s):
                await self._turn()
        except (NatsError, TimeoutError, OSError, Unreachable):
            await self._stop_what_is_too_old()

    async def _turn(self) -> None:
        bucket = await self._bucket()
        await bucket.put(_member(self._me), b"")
        renewing = (self._renew(bucket, device) for device in list(self._held))
        _raise_first(await asyncio.gather(*renewing, return_exceptions=True))
        members, holders = await self._see(bucket)
        await self._have_again(bucket, holders)
        devices = list(self._devices())[:DEVICES_MAX]
        take, let_go = lease.moves(self._me, devices, members=members | {self._me}, holders=holders)
        for device in let_go & set(self._held):
            await self._lose(device)
            await bucket.delete(_key(device))
        for device in take:
            await self._try(bucket, device)

    async def _bucket(self) -> KeyValue:
        js = self._client.jetstream(timeout=self._pace.renew_s)
        try:
            return await js.key_value(self._name)
        except NatsError:
            config = KeyValueConfig(
                bucket=self._name,
                history=1,
                ttl=self._pace.lease_s,
                storage=StorageType.MEMORY,
                replicas=self._replicas,
            )
            return await js.create_key_value(config)

    async def _renew(self, bucket: KeyValue, device: str) -> None:
        revision, _ = self._held[device]
        try:
            fresh = await bucket.update(_key(device), self._me.encode(), last=revision)
        except NatsError as error:
            if isinstance(error, TimeoutError):
                raise
            await self._lose(device)
            return
        if device in self._held:  # not lost while the broker took its time
            self._held[device] = (fresh, self._clock.monotonic_s())

    async def _see(self, bucket: KeyValue) -> tuple[set[str], dict[str, str]]:
        """Who is there and who holds what, in one reading, however many devices there are."""
        members: set[str] = set()
        holders: dict[str, str] = {}
        watcher = await bucket.watchall(ignore_deletes=True, inactive_threshold=WATCHED_S)
        try:
            async for entry in watcher:
                if entry is None:
                    break
                if entry.key.startswith("member."):
                    members.add(_name(entry.key))
                else:
                    holders[_name(entry.key)] = (entry.value or b"").decode()
        finally:
            await watcher.stop()  # type: ignore[no-untyped-call]
        return members, holders

    async def _have_again(self, bucket: KeyValue, holders: dict[str, str]) -> None:
        """What one of this name held when it died is this one's: nobody need wait for its end."""
        known = set(self._devices())
        for device, holder in holders.items():
            if holder != self._me or device in self._held or device not in known:
                continue
            entry = await bucket.get(_key(device))
            fresh = await bucket.update(_key(device), self._me.encode(), last=entry.revision)
            self._held[device] = (fresh, self._clock.monotonic_s())
            await self._on_gain(device)

    async def _try(self, bucket: KeyValue, device: str) -> None:
        try:
            revision = await bucket.create(_key(device), self._me.encode())
        except NatsError:
            return  # another was first
        self._held[device] = (revision, self._clock.monotonic_s())
        await self._on_gain(device)

    async def _lose(self, device: str) -> None:
        del self._held[device]
        await self._on_loss(device)

    async def _stop_what_is_too_old(self) -> None:
        now_s = self._clock.monotonic_s()
        for device, (_, renewed_s) in list(self._held.items()):
            if lease.must_stop(renewed_s, now_s, self._pace.stop_s):
                await self._lose(device)

    async def _leave(self) -> None:
        held = list(self._held)
        for device in held:
            await self._lose(device)
        if not self._client.is_connected:
            return
        try:
            bucket = await self._bucket()
            for key in (*map(_key, held), _member(self._me)):
                await bucket.delete(key)
        except (NatsError, TimeoutError, OSError):
            return  # they vanish by themselves


def _raise_first(ended: list[BaseException | None]) -> None:
    """What broke first, once all have ended: nothing goes on behind the next turn's back."""
    for error in ended:
        if error is not None:
            raise error


def _key(device: str) -> str:
    return "lease." + _encoded(device)


def _member(name: str) -> str:
    return "member." + _encoded(name)


def _encoded(name: str) -> str:
    return base64.urlsafe_b64encode(name.encode()).decode().rstrip("=")


def _name(key: str) -> str:
    text = key.split(".", 1)[1]
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
