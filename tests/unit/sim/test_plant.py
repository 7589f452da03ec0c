"""The physics of a machine."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hanse.model.errors import Conflict, TooMuch
from hanse.model.plant import PackMLState as S
from hanse.sim.plant import (
    QUEUE_MAX,
    Command,
    Fault,
    Job,
    Machine,
    MachineSpec,
    command,
    drop_jobs,
    inject,
    load_job,
    repair,
    step,
)

SPEC = MachineSpec(key="M1", scrap_share=0.0)


def job(quantity=10, *, run_s=60.0, setup_s=0.0, order="WO-1"):
    return Job(order=order, item="SHAFT", quantity=quantity, run_s=run_s, setup_s=setup_s)


def run(machine, seconds, *, spec=SPEC, step_s=0.1, seed=1):
    dice = Random(seed)
    for _ in range(round(seconds / step_s)):
        machine = step(machine, spec, seconds=step_s, dice=dice)
    return machine


def cutting(**fields):
    return run(load_job(Machine(), job(**fields)), 5)


def test_a_job_runs_from_idle_through_setup_to_the_last_piece_and_back_to_idle():
    machine = load_job(Machine(), job(3, run_s=10, setup_s=20))
    assert run(machine, 15).state is S.STARTING
    assert run(machine, 25).state is S.EXECUTE
    after = run(machine, 70)
    assert (after.state, after.good, after.job) == (S.IDLE, 3, None)


def test_jobs_run_one_after_the_other():
    machine = load_job(load_job(Machine(), job(2, run_s=5)), job(3, run_s=5, order="WO-2"))
    assert run(machine, 60).good == 5


def test_a_worn_bearing_shows_in_vibration_and_heat_before_the_machine_trips():
    sound = run(cutting(quantity=1000), 45)
    worn = run(inject(cutting(quantity=1000), Fault.BEARING, over_s=60), 45)
    assert worn.vibration_mm_s > 2 * sound.vibration_mm_s
    assert worn.bearing_c > sound.bearing_c
    assert worn.state is S.EXECUTE


def test_a_machine_with_a_failed_bearing_aborts_itself_and_stays_aborted():
    machine = run(inject(cutting(quantity=1000), Fault.BEARING, over_s=30), 60)
    assert machine.state is S.ABORTED
    assert run(machine, 600).state is S.ABORTED
    assert run(machine, 60).speed_rpm == 0.0


def test_a_repaired_machine_goes_on_where_it_was():
    broken = run(inject(cutting(quantity=1000), Fault.BEARING, over_s=30), 60)
    again = run(repair(broken), 300)
    assert again.state is S.EXECUTE
    assert again.done >= broken.done + 3
    assert again.vibration_mm_s < SPEC.warn_mm_s


def test_a_cancelled_order_is_not_resumed_after_a_repair():
    broken = run(inject(cutting(quantity=1000), Fault.BEARING, over_s=30), 60)
    assert run(repair(drop_jobs(broken, "WO-1")), 10).state is S.IDLE


def test_a_bearing_does_not_wear_while_the_spindle_stands():
    assert run(inject(Machine(), Fault.BEARING, over_s=10), 60).damage == 0.0


def test_no_material_suspends_and_a_stop_aborts():
    assert run(inject(cutting(), Fault.NO_MATERIAL), 5).state is S.SUSPENDED
    assert run(inject(cutting(), Fault.STOP), 5).state is S.ABORTED


def test_a_tool_wears_out_and_is_changed():
    spec = MachineSpec(key="M1", tool_life_s=100)
    machine = run(load_job(Machine(), job(100, run_s=10)), 400, spec=spec)
    assert 2 <= machine.tool_changes <= 4
    assert machine.tool_wear < 1.2


def test_scrap_is_counted_apart():
    spec = MachineSpec(key="M1", scrap_share=0.5)
    machine = run(load_job(Machine(), job(100, run_s=1)), 120, spec=spec)
    assert machine.good + machine.scrap == 100
    assert 30 < machine.scrap < 70


@pytest.mark.parametrize("order", [Command.START, Command.CLEAR, Command.HOLD, Command.UNHOLD])
def test_an_idle_machine_without_a_job_refuses_commands_it_cannot_follow(order):
    with pytest.raises(Conflict):
        command(Machine(), order)


def test_hold_and_unhold_keep_the_pieces_done():
    machine = run(cutting(quantity=50, run_s=1.0), 10)
    held = run(command(machine, Command.HOLD), 5)
    assert (held.state, held.done) == (S.HELD, machine.done)
    assert run(command(held, Command.UNHOLD), 5).done > machine.done


def test_the_queue_has_a_limit():
    machine = Machine(queue=tuple(job() for _ in range(QUEUE_MAX)))
    with pytest.raises(TooMuch):
        load_job(machine, job())


@given(
    st.lists(st.floats(0.01, 600), min_size=1, max_size=60),
    st.integers(0, 1000),
    st.sampled_from([None, *Fault]),
)
@settings(max_examples=100, deadline=None)
def test_whatever_the_steps_counters_only_grow_and_values_stay_in_range(steps, seed, fault):
    dice = Random(seed)
    machine = load_job(Machine(), job(20, run_s=7.0, setup_s=3.0))
    machine = step(machine, SPEC, seconds=5, dice=dice)
    if fault is not None and machine.state is S.EXECUTE:
        machine = inject(machine, fault, over_s=100)
    for seconds in steps:
        after = step(machine, SPEC, seconds=seconds, dice=dice)
        assert after.good + after.scrap >= machine.good + machine.scrap
        assert after.energy_kwh >= machine.energy_kwh
        assert 0 <= after.vibration_mm_s < 25
        assert -30 <= after.bearing_c < 150
        assert 0 <= after.speed_rpm <= SPEC.speed_rpm
        assert after.done <= 20
        machine = after


def test_the_same_seed_gives_the_same_machine():
    assert run(cutting(), 100, seed=3) == run(cutting(), 100, seed=3)
