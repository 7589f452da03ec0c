"""What a Sparkplug host knows of the edge nodes it hears, and what it does about it. Pure.

The numbers in brackets are chapters of the Sparkplug 3.0 specification. Time is handed in;
nothing here talks to a broker: `Host.hear` returns what is to be done.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterable

from msgspec import Struct

from hanse.collect.connectors.sparkplug.codec import BD_SEQ, Message, Said, decode
from hanse.model.errors import BadInput

NODES_MAX = 10_000
METRICS_KNOWN_MAX = 500_000
HELD_BACK_MAX = 500
"""Messages kept while one that was overtaken is waited for."""
REBIRTH_EVERY_S = 5.0
"""An edge node is not asked to be born again more often than this."""
SEQ = 256
NAMESPACE = "spBv1.0"


class Kind(enum.StrEnum):
    """Message types an edge node sends [4.1.3]."""

    NBIRTH = "NBIRTH"
    NDEATH = "NDEATH"
    DBIRTH = "DBIRTH"
    DDEATH = "DDEATH"
    NDATA = "NDATA"
    DDATA = "DDATA"


class Heard(Struct, frozen=True):
    """A topic taken apart: ``device`` is empty for messages of the node itself."""

    kind: Kind
    group: str
    node: str
    device: str

    @property
    def edge(self) -> str:
        """``group/node``."""
        return f"{self.group}/{self.node}"

    @property
    def owner(self) -> str:
        """``group/node`` or ``group/node/device``."""
        return f"{self.edge}/{self.device}" if self.device else self.edge


class Values(Struct):
    """Metrics of an owner with their names; ``at_ms`` is the payload's time."""

    owner: str
    metrics: list[Said]
    at_ms: int | None


class AskRebirth(Struct):
    """Send an edge node the rebirth command."""

    group: str
    node: str
    why: str


class Born(Struct):
    """An owner is online; ``gap_since_ns`` is when it was lost, None if it never was."""

    owner: str
    gap_since_ns: int | None


class Died(Struct):
    """An owner is offline; its metrics are stale.

    ``at_ms`` is the time in a DDEATH; None for NDEATH, whose time is the host's own [10.7].
    """

    owner: str
    at_ms: int | None = None


class Lost(Struct):
    """Messages of an edge node are missing."""

    edge: str
    detail: str


Deed = Values | AskRebirth | Born | Died | Lost


@dataclasses.dataclass
class _Owner:
    """A node or device: online or not, and the metrics of its last birth."""

    online: bool = False
    lost_ns: int | None = None
    names: set[str] = dataclasses.field(default_factory=set)


@dataclasses.dataclass
class _Edge:
    """An edge node with its devices, aliases and sequence."""

    seq: int | None = None
    bd_seq: object = None
    names: dict[int, tuple[str, str]] = dataclasses.field(default_factory=dict)
    datatypes: dict[int, int] = dataclasses.field(default_factory=dict)
    by_name: dict[tuple[str, str], int] = dataclasses.field(default_factory=dict)
    owners: dict[str, _Owner] = dataclasses.field(default_factory=dict)
    held: dict[int, tuple[Heard, bytes]] = dataclasses.field(default_factory=dict)
    held_since_s: float | None = None
    asked_s: float | None = None

    @property
    def is_known(self) -> bool:
        """Whether its birth was heard and it is online."""
        return self.seq is not None


def topic_of(topic: str) -> Heard | None:
    """A Sparkplug topic taken apart, None where it is none that a host reads [4.1]."""
    parts = topic.split("/")
    if len(parts) not in {4, 5} or parts[0] != NAMESPACE or not all(parts):
        return None
    try:
        kind = Kind(parts[2])
    except ValueError:
        return None
    device = parts[4] if len(parts) == 5 else ""
    if (kind.value[0] == "D") != bool(device):
        return None
    return Heard(kind, parts[1], parts[3], device)


class Host:
    """The state of every edge node that was heard.

    Args:
        reorder_s: how long a message that was overtaken is waited for [10.9].
    """

    def __init__(self, *, reorder_s: float = 2.0) -> None:
        self._reorder_s = reorder_s
        self._edges: dict[str, _Edge] = {}

    def hear(self, heard: Heard, payload: bytes, *, at_s: float, at_ns: int) -> list[Deed]:
        """What one message means.

        Raises:
            BadInput: the payload cannot be read, or there are too many edge nodes or metrics.
        """
        edge = self._edge(heard.edge)
        if heard.kind is Kind.NDEATH:
            return self._node_death(edge, heard, payload, at_ns)
        if heard.kind is Kind.NBIRTH:
            return self._node_birth(edge, heard, decode(payload), at_s)
        if not edge.is_known:
            return self._ask(edge, heard, "data before its birth", at_s)
        return self._in_order(edge, heard, payload, (at_s, at_ns))

    def tick(self, *, at_s: float) -> list[Deed]:
        """What the passing of time means: waits that are over [10.9]."""
        deeds: list[Deed] = []
        for name, edge in self._edges.items():
            waits = edge.held_since_s
            if waits is not None and at_s - waits >= self._reorder_s:
                group, _, node = name.partition("/")
                edge.held.clear()
                edge.held_since_s = None
                heard = Heard(Kind.NDATA, group, node, "")
                deeds.append(Lost(name, "a message that was overtaken never came"))
                deeds += self._ask(edge, heard, "a message is missing", at_s)
        return deeds

    def forget(self) -> None:
        """The broker was lost: every edge node must be born again before its data is believed."""
        for edge in self._edges.values():
            edge.seq = None
            edge.held.clear()
            edge.held_since_s = None
            edge.asked_s = None

    # -- births and deaths -----------------------------------------------------------------

    def _node_birth(self, edge: _Edge, heard: Heard, message: Message, at_s: float) -> list[Deed]:
        """NBIRTH [6.4.19]: all that was known of the node is known anew."""
        if message.seq != 0:
            return self._ask(edge, heard, "its birth does not begin the count", at_s)
        edge.seq, edge.held, edge.held_since_s = 0, {}, None
        edge.names, edge.datatypes, edge.by_name = {}, {}, {}
        edge.bd_seq = next((m.value for m in message.metrics if m.name == BD_SEQ), None)
        edge.asked_s = None
        return self._birth(edge, heard, message)

    def _birth(self, edge: _Edge, heard: Heard, message: Message) -> list[Deed]:
        owner = edge.owners.setdefault(heard.owner, _Owner())
        self._learn(edge, heard.owner, message.metrics)
        owner.names = {m.name for m in message.metrics}
        lost_ns, owner.lost_ns, owner.online = owner.lost_ns, None, True
        values = Values(heard.owner, message.metrics, message.at_ms)
        return [Born(heard.owner, lost_ns), values]

    def _learn(self, edge: _Edge, owner: str, metrics: Iterable[Said]) -> None:
        for metric in metrics:
            edge.by_name[owner, metric.name] = metric.datatype
            if metric.alias is not None:
                if metric.alias in edge.names and edge.names[metric.alias][0] != owner:
                    raise BadInput(
                        f"alias {metric.alias} is given twice",
                        subject=owner,
                        remedy="Give every metric of the edge node its own alias",
                    )
                edge.names[metric.alias] = owner, metric.name
                edge.datatypes[metric.alias] = metric.datatype
        if len(edge.by_name) > METRICS_KNOWN_MAX:
            raise BadInput(f"more than {METRICS_KNOWN_MAX} metrics", subject=owner)

    def _node_death(self, edge: _Edge, heard: Heard, payload: bytes, at_ns: int) -> list[Deed]:
        """NDEATH [6.4.26]: believed only if it is of the birth that was heard last."""
        said = decode(payload)
        bd_seq = next((m.value for m in said.metrics if m.name == BD_SEQ), None)
        if edge.is_known and bd_seq != edge.bd_seq:
            return []
        edge.seq, edge.held, edge.held_since_s = None, {}, None
        return [d for name in edge.owners for d in self._die(edge, name, at_ns)] or [
            Died(heard.owner)
        ]

    def _die(self, edge: _Edge, name: str, at_ns: int, *, at_ms: int | None = None) -> list[Deed]:
        owner = edge.owners.setdefault(name, _Owner())
        if not owner.online:
            return []
        owner.online, owner.lost_ns = False, at_ns
        return [Died(name, at_ms)]

    # -- order -----------------------------------------------------------------------------

    def _in_order(
        self, edge: _Edge, heard: Heard, payload: bytes, at: tuple[float, int]
    ) -> list[Deed]:
        """Messages with a sequence number: at once if in turn, else held back [10.9]."""
        message = decode(payload, edge.datatypes)
        expected = ((edge.seq or 0) + 1) % SEQ
        if message.seq is None:
            return self._ask(edge, heard, "a message without a number", at[0])
        if message.seq != expected:
            return self._hold(edge, heard, payload, (message.seq, at[0]))
        edge.seq = expected
        deeds = self._apply(edge, heard, message, at)
        while edge.seq is not None:
            after = edge.held.pop((edge.seq + 1) % SEQ, None)
            if after is None:
                break
            edge.seq = (edge.seq + 1) % SEQ
            deeds += self._apply(edge, after[0], decode(after[1], edge.datatypes), at)
        if not edge.held:
            edge.held_since_s = None
        return deeds

    def _hold(self, edge: _Edge, heard: Heard, payload: bytes, at: tuple[int, float]) -> list[Deed]:
        seq, at_s = at
        if self._reorder_s <= 0 or len(edge.held) >= HELD_BACK_MAX:
            edge.held.clear()
            edge.held_since_s = None
            lost = Lost(heard.edge, f"number {seq} came out of turn")
            return [lost, *self._ask(edge, heard, "a message is missing", at_s)]
        edge.held[seq] = heard, payload
        if edge.held_since_s is None:
            edge.held_since_s = at_s
        return []

    def _apply(
        self, edge: _Edge, heard: Heard, message: Message, at: tuple[float, int]
    ) -> list[Deed]:
        at_s, at_ns = at
        if heard.kind is Kind.DBIRTH:
            return self._birth(edge, heard, message)
        if heard.kind is Kind.DDEATH:
            return self._die(edge, heard.owner, at_ns, at_ms=message.at_ms)
        owner = edge.owners.get(heard.owner)
        if owner is None or not owner.online:
            return self._ask(edge, heard, "data before its birth", at_s)
        named = [self._named(edge, heard, m) for m in message.metrics]
        deeds: list[Deed] = [Values(heard.owner, [m for m in named if m], message.at_ms)]
        if None in named:
            deeds += self._ask(edge, heard, "a metric that is not in its birth", at_s)
        return deeds

    def _named(self, edge: _Edge, heard: Heard, metric: Said) -> Said | None:
        """The metric with its name and datatype from the birth, None where there is none."""
        if not metric.name and metric.alias is not None:
            owner, metric.name = edge.names.get(metric.alias, ("", ""))
            return metric if owner == heard.owner else None
        return metric if (heard.owner, metric.name) in edge.by_name else None

    def _ask(self, edge: _Edge, heard: Heard, why: str, at_s: float) -> list[Deed]:
        """Ask for a rebirth, not too often; until then nothing of the node is believed [10.8]."""
        edge.seq = None
        if edge.asked_s is not None and at_s - edge.asked_s < REBIRTH_EVERY_S:
            return []
        edge.asked_s = at_s
        return [AskRebirth(heard.group, heard.node, why)]

    def _edge(self, name: str) -> _Edge:
        edge = self._edges.get(name)
        if edge is None:
            if len(self._edges) >= NODES_MAX:
                raise BadInput(f"more than {NODES_MAX} edge nodes", subject=name)
            edge = self._edges[name] = _Edge()
        return edge
