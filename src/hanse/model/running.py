"""What a plant keeps as it runs: assets, machine states and stops, questions to people, files."""

from __future__ import annotations

import enum
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from hanse.model.ids import Key, Note, Title
from hanse.model.plant import PackMLState
from hanse.model.text import Text
from hanse.model.time import Instant

REASON_MAX = 80
FILE_BYTES_MAX = 4 * 1024**3


class Asset(Struct, frozen=True, kw_only=True):
    """Something with signals: a machine, a part of one, a vehicle, a field.

    ``machine`` names the work unit it is or belongs to, empty where it is none; ``parent`` the
    asset it is part of.
    """

    key: Key
    title: Title
    type: Key
    machine: Annotated[str, Meta(max_length=120)] = ""
    parent: Annotated[str, Meta(max_length=120)] = ""
    site: Key = "main"
    attributes: dict[str, float | str] = {}


class StateSpan(Struct, frozen=True, kw_only=True):
    """A machine in one PackML state, half open ``[start, end)``; ``end`` None while it lasts.

    ``reason`` is a code of the plant's own for a stop, empty while nobody and no rule has said.
    """

    machine: Key
    start: Instant
    end: Instant | None = None
    state: PackMLState
    reason: Annotated[str, Meta(max_length=REASON_MAX)] = ""
    by: Annotated[str, Meta(max_length=300)] = ""


class QuestionState(enum.StrEnum):
    """What became of a question to a person."""

    OPEN = "open"
    AGREED = "agreed"
    DECLINED = "declined"
    LAPSED = "lapsed"


class Question(Struct, frozen=True, kw_only=True):
    """Something that needs a person's word, with what is to be done prepared.

    ``prepared`` is the command as JSON, carried out when somebody agrees; ``event`` asked.
    """

    id: Annotated[str, Meta(max_length=120)]
    asked_at: Instant
    text: Text
    event: Annotated[str, Meta(max_length=120)]
    prepared: msgspec.Raw
    loop: Annotated[str, Meta(max_length=120)] = ""
    value_minor: int = 0
    lapses_at: Instant | None = None
    state: QuestionState = QuestionState.OPEN
    decided_at: Instant | None = None
    decided_by: Annotated[str, Meta(max_length=300)] = ""
    note: Note = ""


class StoredFile(Struct, frozen=True, kw_only=True):
    """A photo, drawing or upload: its bytes stand in the node's ``files`` folder under its hash.

    ``name`` is what its owner called it and is never used as a path; ``subject`` is what it is
    about (an order, a machine, a report).
    """

    id: Annotated[str, Meta(max_length=120)]
    sha256: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]
    name: Annotated[str, Meta(max_length=200)]
    media_type: Annotated[str, Meta(max_length=100)]
    size: Annotated[int, Meta(ge=0, le=FILE_BYTES_MAX)]
    at: Instant
    by: Annotated[str, Meta(max_length=300)]
    subject: Annotated[str, Meta(max_length=300)] = ""


class JobState(enum.StrEnum):
    """Where a machine's job stands. READY: meant for the machine, which has not taken it yet."""

    READY = "ready"
    TAKEN = "taken"
    STARTED = "started"
    ENDED = "ended"


class MachineJob(Struct, frozen=True, kw_only=True):
    """So many pieces of one operation given to one machine, and what came of them.

    ``key`` is the name the machine knows it by. ``base``: what the machine's counters of good and
    scrapped pieces said when a person started it; None where the machine reports jobs by name.
    ``taken_back``: the plan wants the rest elsewhere. ``remade``: a scrapped piece is made anew
    from the first step on, so that nothing is owed for it here. ``why``: what stands in the way.
    """

    key: Key
    order: Key
    step: Key
    lot: Annotated[int, Meta(ge=0)] = 0
    attempt: Annotated[int, Meta(ge=1)] = 1
    machine: Key
    item: Key
    pieces: Annotated[int, Meta(ge=1)]
    run_s: Annotated[float, Meta(gt=0)]
    setup_s: Annotated[float, Meta(ge=0)] = 0.0
    state: JobState = JobState.READY
    made_at: Instant
    started_at: Instant | None = None
    ended_at: Instant | None = None
    good: Annotated[int, Meta(ge=0)] = 0
    scrap: Annotated[int, Meta(ge=0)] = 0
    base: tuple[int, int] | None = None
    taken_back: bool = False
    remade: bool = False
    by: Annotated[str, Meta(max_length=300)] = "node"
    event: Annotated[str, Meta(max_length=120)] = ""
    why: Annotated[str, Meta(max_length=400)] = ""


class MachineSeen(Struct, frozen=True, kw_only=True):
    """A machine as its signals show it: state, counters, the job in hand and the last one ended.

    ``job`` and ``last`` are (name, good, scrap); ``counters`` is (good, scrap) since it was built.
    None is not known.
    """

    machine: Key
    at: Instant
    state: PackMLState | None = None
    job: tuple[str, int, int] | None = None
    last: tuple[str, int, int] | None = None
    counters: tuple[int, int] | None = None
