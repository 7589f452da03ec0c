"""Killed at any moment, restored from an older snapshot, fed again: the same alarms, once each."""

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.decide.builders import START, S, engine, samples

from hanse.decide import AlarmBook, parse_rules

RULES = """
[[rule]]
kind = "limit"
key = "hot"
asset_type = "spindle"
signal = "temperature_c"
high = 80
hysteresis = 2
on_delay_s = 3
off_delay_s = 4

[[rule]]
kind = "stale"
key = "silent"
asset_type = "spindle"
signal = "temperature_c"
after_s = 5

[[rule]]
kind = "expr"
key = "often"
asset_type = "spindle"
when = "count(temperature_c > 80, 12) >= 2"
"""

second = st.none() | st.integers(70, 90)


def step(eng, book, number, value):
    if value is not None:
        eng.feed(samples((number, value)))
    return [e.id for e in book.take(eng.tick(START + number * S))]


@given(
    st.lists(second, min_size=4, max_size=40), st.lists(st.integers(1, 39), max_size=3), st.data()
)
@settings(max_examples=40, deadline=None)
def test_no_alarm_is_lost_and_none_comes_twice(values, kills, data):
    straight, own = engine(RULES), AlarmBook(parse_rules(RULES))
    expected = [e for n, v in enumerate(values) for e in step(straight, own, n, v)]

    eng, book, told = engine(RULES), AlarmBook(parse_rules(RULES)), []
    image, snapped = eng.snapshot(), 0
    for number, value in enumerate(values):
        told += step(eng, book, number, value)
        if data.draw(st.booleans()):
            image, snapped = eng.snapshot(), number + 1
        if number in kills:
            book = AlarmBook.load(parse_rules(RULES), book.save())
            eng = engine(RULES)
            eng.restore(image)
            again = range(max(snapped - 2, 0), number + 1)
            told += [e for n in again for e in step(eng, book, n, values[n])]
    assert told == expected
