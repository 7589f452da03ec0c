"""How a machine takes a job, and what a job is."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from hanse.collect.ports import ADDRESS_MAX
from hanse.model.ids import Key

JOB_PIECES_MAX = 1_000_000
JOBS_PER_MINUTE_MAX = 60
JOB_RUN_S_MAX = 86_400.0

ANSWER_S_MAX = 15.0

_Address = Annotated[str, Meta(min_length=1, max_length=ADDRESS_MAX)]
_Perhaps = Annotated[str, Meta(max_length=ADDRESS_MAX)]


class JobRegisters(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a device of registers takes a job; each an address and a type (``holding:10 uint32``).

    ``start`` is set to 1 after all others; the device then copies ``number`` to ``taken`` and keeps
    it there, also when the job has ended: that is how it is known that it has the job.
    """

    number: _Address
    pieces: _Address
    start: _Address
    taken: _Address
    end: _Perhaps = ""
    order: _Perhaps = ""
    run_s: _Perhaps = ""
    setup_s: _Perhaps = ""


class JobMessages(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Topics: jobs go out on one as JSON, and the machine answers each by its name on the other."""

    topic: _Address
    answers: _Address


class JobDoor(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A machine that may be given jobs: how its device takes them, and the bounds.

    By methods of ``object``: ``start`` takes (order, item, pieces, seconds a piece, setup seconds,
    job), ``end`` takes (job). Or by ``registers``, or by ``messages``.
    """

    asset: Key
    object: _Perhaps = ""
    start: _Perhaps = ""
    end: _Perhaps = ""
    registers: JobRegisters | None = None
    messages: JobMessages | None = None
    pieces_max: Annotated[int, Meta(ge=1, le=JOB_PIECES_MAX)] = 1_000
    per_minute: Annotated[int, Meta(ge=1, le=JOBS_PER_MINUTE_MAX)] = 6
    answer_s: Annotated[float, Meta(gt=0, le=ANSWER_S_MAX)] = 5.0

    @property
    def names_jobs(self) -> bool:
        """Whether the machine itself reports its jobs by name."""
        return self.registers is None and self.messages is None


class JobSheet(Struct, frozen=True, kw_only=True):
    """So many pieces of an item on a machine, under a name that the machine knows it by."""

    job: Key
    machine: Key
    order: Key
    item: Key
    pieces: Annotated[int, Meta(ge=1, le=JOB_PIECES_MAX)]
    run_s: Annotated[float, Meta(gt=0, le=JOB_RUN_S_MAX)]
    setup_s: Annotated[float, Meta(ge=0, le=JOB_RUN_S_MAX)] = 0.0
