"""Money is exact, of one currency, and never finer than its minor unit."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.model.errors import BadInput
from hanse.model.money import MINOR_MAX, Money, decimal_of, money


@given(st.integers(-MINOR_MAX, MINOR_MAX), st.sampled_from(["EUR", "CNY", "JPY"]))
def test_a_decimal_string_comes_back_as_the_same_money(minor, currency):
    assert money(decimal_of(Money(minor, currency)), currency) == Money(minor, currency)


def test_two_currencies_do_not_add():
    with pytest.raises(BadInput, match="cannot be added"):
        Money(1, "EUR") + Money(1, "CNY")


@pytest.mark.parametrize("text", ["NaN", "1e999", "12,40", "", "Infinity", "0.001"])
def test_what_is_not_an_amount_is_refused(text):
    with pytest.raises(BadInput):
        money(text, "EUR")


def test_multiplying_rounds_half_to_even():
    assert Money(5, "EUR").times(Decimal("0.5")) == Money(2, "EUR")
    assert Money(7, "EUR").times(Decimal("0.5")) == Money(4, "EUR")
