"""Operations become jobs, what machines say becomes progress; late, twice and mixed up alike."""

import datetime as dt

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from hanse.flows.floor import (
    Floor,
    follow,
    job_name,
    operation_of,
    progress_of,
    to_start,
    to_take_back,
)
from hanse.model.order import Progress
from hanse.model.plan import Assignment
from hanse.model.plant import PackMLState
from hanse.model.running import JobState, MachineJob, MachineSeen

AT = dt.datetime(2026, 1, 5, 6, tzinfo=dt.UTC)


def later(seconds):
    return AT + dt.timedelta(seconds=seconds)


def work(step="10", machine="L1", start=0, order="WO-1", **more):
    return Assignment(
        order=order, step=step, machine=machine, start=later(start), end=later(start + 600),
        pieces=30, **more,
    )  # fmt: skip


def job(name="WO-1/10/0/1", machine="L1", **more):
    order, step, lot, attempt = name.split("/")
    return MachineJob(
        key=name, order=order, step=step, lot=int(lot), attempt=int(attempt), machine=machine,
        item="SHAFT", pieces=30, run_s=60.0, made_at=AT, **more,
    )  # fmt: skip


def seen(machine="L1", seconds=1, **more):
    return MachineSeen(machine=machine, at=later(seconds), **more)


def idle(machine="L1"):
    return seen(machine, state=PackMLState.IDLE)


def floor(*plan, jobs=(), progress=(), machines=("L1",), doors=("L1",)):
    before = {"20": "10"}
    return Floor(
        plan=plan,
        jobs=jobs,
        progress={operation_of(p): p for p in progress},
        seen={m.machine: m for m in machines if not isinstance(m, str)}
        | {m: idle(m) for m in machines if isinstance(m, str)},
        doors=frozenset(doors),
        before=lambda a: before.get(a.step),
    )


def done(step="10"):
    return Progress(order="WO-1", step=step, machine="L1", good=30, finished_at=AT)


def test_a_free_machine_begins_the_earliest_operation_that_is_due():
    here = floor(work("10", start=5, order="WO-2"), work("10"))
    assert [a.order for a in to_start(here, later(10))] == ["WO-1"]
    assert to_start(here, later(-1)) == []


def test_a_machine_that_is_busy_stopped_silent_or_not_allowed_is_given_nothing():
    named = seen(state=PackMLState.IDLE, job=("other", 0, 0))
    for machine in (named, seen(state=PackMLState.ABORTED), seen()):
        assert to_start(floor(work(), machines=(machine,)), later(10)) == []
    assert to_start(floor(work(), machines=()), later(10)) == []
    assert to_start(floor(work(), doors=()), later(10)) == []
    assert to_start(floor(work(), work("30"), jobs=(job(),)), later(10)) == []


def test_an_operation_waits_for_the_step_before_and_is_not_done_twice():
    assert to_start(floor(work("20")), later(10)) == []
    (first,) = to_start(floor(work("20"), progress=(done(),)), later(10))
    assert first.step == "20"
    assert to_start(floor(work("10"), progress=(done(),)), later(10)) == []


def test_a_job_whose_work_the_plan_has_elsewhere_is_taken_back_once():
    moved = floor(work(machine="L2"), jobs=(job(state=JobState.STARTED),), machines=("L1", "L2"))
    assert [j.key for j in to_take_back(moved)] == ["WO-1/10/0/1"]
    gone = msgspec.structs.replace(moved, jobs=(job(taken_back=True),), doors=frozenset({"L2"}))
    assert to_take_back(gone) == []
    assert [a.machine for a in to_start(gone, later(10))] == ["L2"]


def test_pieces_of_all_attempts_count_and_the_rest_is_free_when_a_job_was_taken_back():
    first = job(state=JobState.STARTED, started_at=AT, good=4, scrap=1, taken_back=True)
    told = progress_of([first])
    assert (told.good, told.scrap, told.paused, told.finished_at) == (4, 1, True, None)
    second = job("WO-1/10/0/2", machine="L2", good=26, state=JobState.ENDED, ended_at=later(9))
    whole = progress_of([first, second])
    assert (whole.good, whole.machine, whole.finished_at) == (30, "L2", later(9))


def test_a_job_that_ended_with_scrap_is_not_the_end_of_its_operation():
    short = job(state=JobState.ENDED, started_at=AT, ended_at=later(9), good=29, scrap=1)
    told = progress_of([short])
    assert (told.good, told.finished_at, told.paused) == (29, None, False)


def test_a_machine_without_names_is_counted_from_what_its_counters_said_at_the_start():
    begun = job(base=(100, 7), state=JobState.STARTED, started_at=AT, by="ann")
    now = follow(begun, seen(counters=(104, 8), seconds=5))
    assert (now.good, now.scrap, now.state) == (4, 1, JobState.STARTED)
    assert follow(now, seen(counters=(2, 0), seconds=6)) == now
    ended = follow(now, seen(counters=(130, 8), seconds=9))
    assert (ended.good, ended.state, ended.ended_at) == (30, JobState.ENDED, later(9))


def test_a_machine_that_was_given_a_number_of_pieces_is_done_when_it_has_made_so_many():
    given = job(base=(100, 7), state=JobState.TAKEN)
    assert follow(given, seen(counters=(100, 7), state=PackMLState.IDLE)) == given
    assert follow(
        msgspec.structs.replace(given, state=JobState.READY), seen(counters=(130, 7))
    ) == (msgspec.structs.replace(given, state=JobState.READY))
    begun = follow(given, seen(counters=(100, 7), state=PackMLState.EXECUTE))
    assert (begun.state, begun.good) == (JobState.STARTED, 0)
    ended = follow(begun, seen(counters=(128, 9), seconds=9))
    assert (ended.good, ended.scrap, ended.state) == (28, 2, JobState.ENDED)
    back = msgspec.structs.replace(begun, taken_back=True)
    short = follow(back, seen(counters=(104, 7), state=PackMLState.IDLE, seconds=9))
    assert (short.good, short.state) == (4, JobState.ENDED)


def test_names_of_jobs_are_keys_however_long_the_orders_are():
    assert job_name(("WO-1", "10", 0), 1) == "WO-1/10/0/1"
    long = job_name(("W" * 120, "10", 0), 1)
    assert len(long) <= 120
    assert long != job_name(("W" * 120, "10", 0), 2)


words = st.one_of(
    st.builds(lambda g, s, t: seen(job=("WO-1/10/0/1", g, s), seconds=t),
              st.integers(0, 30), st.integers(0, 3), st.integers(0, 99)),
    st.builds(lambda g, s, t: seen(last=("WO-1/10/0/1", g, s), seconds=t),
              st.integers(0, 30), st.integers(0, 3), st.integers(0, 99)),
    st.builds(lambda t: seen(state=PackMLState.IDLE, seconds=t), st.integers(0, 99)),
    st.builds(lambda t: seen("L2", job=("WO-1/10/0/1", 30, 0), seconds=t), st.integers(0, 99)),
)  # fmt: skip


@given(said=st.lists(words, min_size=1, max_size=8), mixed=st.randoms(use_true_random=False))
def test_what_machines_say_in_any_order_and_again_gives_the_same_job(said, mixed):
    whole = job()
    for word in said:
        whole = follow(whole, word)
    again = [*said, *said[:3]]
    mixed.shuffle(again)
    found = job()
    for word in again:
        found = follow(found, word)
    assert found == whole
