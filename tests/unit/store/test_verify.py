"""Verify finds what does not hold, names it, and is silent about a whole record."""

import pytest
from tests.unit.store.records import assignment, fill, open_record, plan

from hanse.store.verify import verify


@pytest.fixture
def store(tmp_path):
    with open_record(tmp_path / "record.sqlite") as store:
        fill(store)
        yield store


def damage(store, statement):
    changed = store.write_sync(lambda tx: tx.connection.exec_driver_sql(statement).rowcount)
    assert changed, "the damage must hit something"


def test_a_whole_record_gives_no_finding_and_every_check_looked_at_something(store):
    report = verify(store)
    assert report.findings == ()
    assert report.ok
    untouched = {name for name, n in report.looked_at.items() if n == 0}
    assert untouched == {"contracts"}


@pytest.mark.parametrize(
    ("statement", "check", "says"),
    [
        ("UPDATE events SET about='{\"c\":1}' WHERE seq=2", "events", "changed afterwards"),
        ("UPDATE events SET at_ns=at_ns+1 WHERE seq=3", "events", "changed afterwards"),
        ("DELETE FROM events WHERE seq=2", "events", "numbers 2 to 2 are missing"),
        ("UPDATE events SET cause='event-none' WHERE seq=3", "events", "did not happen"),
        ("UPDATE audit SET who='eve' WHERE seq=1", "audit", "changed afterwards"),
        ("DELETE FROM audit WHERE seq=1", "audit", "missing"),
        ("UPDATE machines SET body=replace(body,'Lathe','Lath3')", "things", "changed on disk"),
        ("UPDATE machines SET site='north'", "things", "the column site"),
        ("UPDATE shelf SET body=x'7b7d'", "things", "changed on disk"),
        ("UPDATE documents SET content=x'00'", "bytes", "changed on disk"),
        ("UPDATE outbox SET payload=x'00' WHERE id='out1'", "bytes", "outbox out1"),
        ("UPDATE inbox SET payload=x'00' WHERE id='in1'", "bytes", "inbox in1"),
        ("UPDATE plans SET body=x'00' WHERE number=1", "bytes", "changed on disk"),
        (
            "UPDATE outbox SET id='event-x' WHERE lane='bus' AND number=1",
            "outbox",
            "did not happen",
        ),
        ("UPDATE lanes SET given=1", "outbox", "never given"),
        ("DELETE FROM inbox WHERE id='in1'", "inbox", "letters 1 to 1 are missing"),
        ("DELETE FROM inbox WHERE id='in2'", "inbox", "letters 2 to 2 are missing"),
        ("UPDATE inbox SET state='next' WHERE id='in2'", "inbox", "passed over"),
        ("DELETE FROM items WHERE key='bar'", "names", "names bar"),
        ("DELETE FROM users", "names", "names anna"),
        ("UPDATE signals SET asset='m2'", "things", "the column asset"),
        ("DELETE FROM machines", "plan", "names machine m1"),
        ("DELETE FROM work_orders WHERE key='o2'", "plan", "names o2"),
        ("DELETE FROM ledger WHERE seq=1", "ledgers", "entry 1 is missing"),
        ("DELETE FROM ledger WHERE seq=2", "ledgers", "our view ends at entry 3"),
        ("UPDATE ledger SET hash='0' WHERE seq=2", "ledgers", "changed afterwards"),
        (
            "UPDATE ledger SET signed=replace(signed,'\"d1','\"d9') WHERE seq=1",
            "ledgers",
            "signature",
        ),
    ],
)
def test_what_was_damaged_is_found_and_named(store, statement, check, says):
    damage(store, statement)
    report = verify(store)
    found = [f for f in report.findings if f.check == check]
    assert any(says in f"{f.subject} {f.text.en}" for f in found), report.findings
    assert all(f.text.zh for f in report.findings)


def test_a_machine_that_does_two_things_at_once_is_found(store):
    both = plan(3, assignment("o1"), assignment("o2"))
    store.write_sync(lambda tx: tx.plans.put(both))
    assert [f.subject for f in verify(store).findings] == ["machine m1"]


def test_capacity_held_for_a_quote_is_no_unknown_order(store):
    held = plan(3, assignment("o1"), assignment("hold-01a2", hour=3))
    store.write_sync(lambda tx: tx.plans.put(held))
    assert verify(store).findings == ()


def test_a_check_that_breaks_down_on_damage_is_a_finding_not_a_crash(store):
    damage(store, "UPDATE work_orders SET body='{' WHERE key='o1'")
    broken_off = [f for f in verify(store).findings if "broke off" in f.text.en]
    assert {f.check for f in broken_off} >= {"names", "balances", "plan"}


def test_what_hangs_over_a_limit_is_counted_not_told(store):
    rows = ",".join(f"('p{n}','x',1,x'',0,0,'taken','',NULL)" for n in range(600))
    damage(store, f"INSERT INTO inbox VALUES {rows}")
    report = verify(store)
    assert len(report.findings) == 1_000
    assert report.more == 200


def test_a_report_reads_as_lines_in_both_languages(store):
    rows = sum(verify(store).looked_at.values())
    assert verify(store).lines("en") == [f"the record is whole: {rows} rows looked at"]
    damage(store, "DELETE FROM items WHERE key='bar'")
    assert verify(store).lines("en") == [
        "names: bom line shaft/bar: it names bar, which is not there",
    ]
    assert verify(store).lines("zh") == ["names: bom line shaft/bar: 它所引用的 bar 不存在"]
