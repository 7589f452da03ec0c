# ruff: noqa: ANN001, E501, RUF059, ANN201, ANN202, ARG001, NPY002, PLR0912, PLR0915, PLR0917
# mypy: disable-error-code="no-untyped-def, no-untyped-call, misc"
"""Compiled searches over award problems (numba): one line at a time, taken out and put back.

A line is put back exactly: every offer alone, and every pair of offers at the quantities where
something bends (capacity, tier edges, minimum quantities), with setup, fixed cost, capacity, spend
caps and the small-firm share counted against what the other lines hold. The search destroys some
lines (related, or all of one firm), puts them back in random order, and keeps the result if it is
better, or slightly worse while it is young (record-to-record travel; Shaw 1998; Dueck 1993).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

# A compiled function takes every column; one line an argument would hide what it does.
# fmt: off


@njit(cache=True, nogil=True)
def _tier(j, amount, tier_start, low, high):
    """The tier an amount of an offer falls into, the last fitting one (the cheaper); -1 if none."""
    found = -1
    for t in range(tier_start[j], tier_start[j + 1]):
        if low[t] - 1e-9 <= amount <= high[t] + 1e-9:
            found = t
    return found


@njit(cache=True, nogil=True)
def _room(j, need, firm, setup, tier_start, low, high, unit_spend, use_start, resource, hours, setup_hours, spend_cap, capacity, load, spend):
    """The most of an offer that fits now, at most ``need``; 0 if not even its minimum fits."""
    most = min(need, high[tier_start[j + 1] - 1])
    for u in range(use_start[j], use_start[j + 1]):
        r = resource[u]
        left = capacity[r] - load[r] - setup_hours[u]
        if left <= 0.0:
            return 0.0
        if hours[u] > 0.0:
            most = min(most, left / hours[u])
    dearest = unit_spend[tier_start[j]]
    if dearest > 0.0:
        most = min(most, (spend_cap[firm[j]] - spend[firm[j]]) / dearest)
    if most < low[tier_start[j]] - 1e-9 or most <= 1e-9:
        return 0.0
    if _tier(j, most, tier_start, low, high) < 0:
        for t in range(tier_start[j + 1] - 1, tier_start[j] - 1, -1):
            if high[t] <= most:
                return high[t]
        return 0.0
    return most


@njit(cache=True, nogil=True)
def _price(j, amount, opening, firm, setup, tier_start, low, high, unit_cost, unit_spend, fixed, small, used, small_share, small_penalty, gap):
    """What an amount of an offer adds: cost, and the change of the small-firm gap; inf if none."""
    t = _tier(j, amount, tier_start, low, high)
    if t < 0:
        return np.inf, 0.0
    s = firm[j]
    cost = unit_cost[t] * amount + setup[j]
    if used[s] == 0:
        cost += fixed[s] * opening[s]
    shift = unit_spend[t] * amount * (small_share - small[s])
    return cost, shift


@njit(cache=True, nogil=True)
def _gap_cost(gap, small_penalty):
    return small_penalty * gap if gap > 0.0 else 0.0


@njit(cache=True, nogil=True)
def _apply(j, amount, sign, firm, tier_start, low, high, unit_cost, unit_spend, use_start, resource, hours, setup_hours, small, small_share, x, load, spend, used, gap):
    """Add (sign 1) or take out (sign -1) an amount of an offer from the running sums."""
    s = firm[j]
    t = _tier(j, amount, tier_start, low, high)
    paid = unit_spend[t] * amount * sign
    spend[s] += paid
    used[s] += int(sign)
    gap[0] += paid * (small_share - small[s])
    for u in range(use_start[j], use_start[j + 1]):
        load[resource[u]] += sign * (hours[u] * amount + setup_hours[u])
    x[j] = amount if sign > 0 else 0.0


@njit(cache=True, nogil=True)
def _take_out(line, offer_start, firm, tier_start, low, high, unit_cost, unit_spend, use_start, resource, hours, setup_hours, small, small_share, x, load, spend, used, gap):
    for j in range(offer_start[line], offer_start[line + 1]):
        if x[j] > 0.0:
            _apply(j, x[j], -1.0, firm, tier_start, low, high, unit_cost, unit_spend, use_start, resource, hours, setup_hours, small, small_share, x, load, spend, used, gap)


@njit(cache=True, nogil=True)
def _put_back(line, opening, shut, columns, x, load, spend, used, gap, room):
    """Cover an empty line as cheaply as its best single offer or pair allows, and more if need."""
    (quantity, penalty, most, offer_start, firm, setup, tier_start, low, high, unit_cost, unit_spend, use_start, resource, hours, setup_hours, fixed, spend_cap, small, capacity, small_share, small_penalty) = columns
    first, last = offer_start[line], offer_start[line + 1]
    need, fine = quantity[line], penalty[line]
    for j in range(first, last):
        if shut[firm[j]]:
            room[j] = 0.0
        else:
            room[j] = _room(j, need, firm, setup, tier_start, low, high, unit_spend, use_start, resource, hours, setup_hours, spend_cap, capacity, load, spend)
    best = fine * need + _gap_cost(gap[0], small_penalty)
    one, two, amount_one, amount_two = -1, -1, 0.0, 0.0
    for a in range(first, last):
        if room[a] <= 0.0:
            continue
        cost, shift = _price(a, room[a], opening, firm, setup, tier_start, low, high, unit_cost, unit_spend, fixed, small, used, small_share, small_penalty, gap[0])
        total = cost + fine * (need - room[a]) + _gap_cost(gap[0] + shift, small_penalty)
        if total < best - 1e-9:
            best, one, two, amount_one, amount_two = total, a, -1, room[a], 0.0
    if most[line] >= 2:
        for a in range(first, last):
            if room[a] <= 0.0:
                continue
            for b in range(first, last):
                if b == a or room[b] <= 0.0 or firm[a] == firm[b]:
                    continue
                # a at each quantity where something bends; b takes the rest
                for k in range(tier_start[a] - 1, tier_start[a + 1] + 1):
                    if k < tier_start[a]:
                        amount = room[a]
                    elif k == tier_start[a + 1]:
                        amount = need - low[tier_start[b]]
                    else:
                        amount = low[k]
                    if amount > room[a] + 1e-9 or amount <= 1e-9 or amount >= need:
                        continue
                    rest = min(room[b], need - amount)
                    cost, shift = _price(a, amount, opening, firm, setup, tier_start, low, high, unit_cost, unit_spend, fixed, small, used, small_share, small_penalty, gap[0])
                    if cost >= best:
                        continue
                    other, shift_b = _price(b, rest, opening, firm, setup, tier_start, low, high, unit_cost, unit_spend, fixed, small, used, small_share, small_penalty, gap[0])
                    total = cost + other + fine * (need - amount - rest) + _gap_cost(gap[0] + shift + shift_b, small_penalty)
                    if total < best - 1e-9:
                        best, one, two, amount_one, amount_two = total, a, b, amount, rest
    left, count = need, 0
    if one >= 0:
        _apply(one, amount_one, 1.0, firm, tier_start, low, high, unit_cost, unit_spend, use_start, resource, hours, setup_hours, small, small_share, x, load, spend, used, gap)
        left -= amount_one
        count += 1
    if two >= 0:
        _apply(two, amount_two, 1.0, firm, tier_start, low, high, unit_cost, unit_spend, use_start, resource, hours, setup_hours, small, small_share, x, load, spend, used, gap)
        left -= amount_two
        count += 1
    while left > 1e-9 * (1.0 + need) and count < most[line]:
        one, best = -1, 0.0
        for a in range(first, last):
            if x[a] > 0.0 or shut[firm[a]]:
                continue
            fits = _room(a, left, firm, setup, tier_start, low, high, unit_spend, use_start, resource, hours, setup_hours, spend_cap, capacity, load, spend)
            if fits <= 0.0:
                continue
            cost, shift = _price(a, fits, opening, firm, setup, tier_start, low, high, unit_cost, unit_spend, fixed, small, used, small_share, small_penalty, gap[0])
            gain = fine * fits - cost - _gap_cost(gap[0] + shift, small_penalty) + _gap_cost(gap[0], small_penalty)
            if gain / fits > best:
                best, one, amount_one = gain / fits, a, fits
        if one < 0:
            break
        _apply(one, amount_one, 1.0, firm, tier_start, low, high, unit_cost, unit_spend, use_start, resource, hours, setup_hours, small, small_share, x, load, spend, used, gap)
        left -= amount_one
        count += 1


@njit(cache=True, nogil=True)
def line_cost(line, columns, x):
    """What a line costs apart from fixed costs and the small-firm share."""
    (quantity, penalty, most, offer_start, firm, setup, tier_start, low, high, unit_cost, unit_spend, use_start, resource, hours, setup_hours, fixed, spend_cap, small, capacity, small_share, small_penalty) = columns
    total, left = 0.0, quantity[line]
    for j in range(offer_start[line], offer_start[line + 1]):
        if x[j] > 0.0:
            total += unit_cost[_tier(j, x[j], tier_start, low, high)] * x[j] + setup[j]
            left -= x[j]
    return total + (penalty[line] * left if left > 0.0 else 0.0)


@njit(cache=True, nogil=True)
def total_cost(columns, x, used, gap):
    """What everything costs."""
    fixed = columns[15]
    total = _gap_cost(gap[0], columns[20])
    for s in range(fixed.shape[0]):
        if used[s] > 0:
            total += fixed[s]
    for line in range(columns[0].shape[0]):
        total += line_cost(line, columns, x)
    return total


@njit(cache=True, nogil=True)
def greedy(columns, order, opening, x, load, spend, used, gap, room):
    """Put every line in, in order; ``opening`` scales the fixed cost a new firm is charged."""
    shut = np.zeros(columns[15].shape[0], np.bool_)
    for line in order:
        _put_back(line, opening, shut, columns, x, load, spend, used, gap, room)


@njit(cache=True, nogil=True)
def search(columns, line_of, by_firm_start, by_firm, seed, rounds, patience, x, load, spend, used, gap, room):
    """Destroy and repair ``rounds`` times from x; the best is left in x. Returns its cost."""
    np.random.seed(seed)
    quantity, offer_start, firm, fixed = columns[0], columns[3], columns[4], columns[15]
    tier_start, low, high, unit_cost, unit_spend = (columns[6], columns[7], columns[8], columns[9], columns[10])
    use_start, resource, hours, setup_hours = columns[11], columns[12], columns[13], columns[14]
    small, small_share = columns[17], columns[19]
    lines, firms = quantity.shape[0], fixed.shape[0]
    shut = np.zeros(firms, np.bool_)
    opening = np.ones(firms)
    now = total_cost(columns, x, used, gap)
    best, keep = now, x.copy()
    chosen = np.empty(lines, np.int64)
    inside = np.zeros(lines, np.bool_)
    saved = x.copy()
    for step in range(rounds):
        heat = 0.002 * (1.0 - step / rounds) * patience
        kind = np.random.random()
        count = 0
        closing, leading = -1, False
        if kind < 0.4:
            # a line (one that lacks something, if a look at a few finds one) and those in its way
            line = np.random.randint(lines)
            for _ in range(30):
                left = quantity[line]
                for j in range(offer_start[line], offer_start[line + 1]):
                    left -= x[j]
                if left > 1e-6:
                    break
                line = np.random.randint(lines)
            inside[line] = True
            chosen[0] = line
            count = 1
            leading = True
            for _ in range(1 + np.random.randint(3)):
                span = offer_start[line + 1] - offer_start[line]
                wish = offer_start[line] + np.random.randint(span)
                s = firm[wish]
                r = resource[use_start[wish]] if use_start[wish + 1] > use_start[wish] else -1
                for k in range(by_firm_start[s], by_firm_start[s + 1]):
                    j = by_firm[k]
                    same = r < 0 or use_start[j + 1] == use_start[j] or resource[use_start[j]] == r
                    if x[j] > 0.0 and same and not inside[line_of[j]] and count < 24:
                        inside[line_of[j]] = True
                        chosen[count] = line_of[j]
                        count += 1
        elif kind < 0.5:
            s = np.random.randint(firms)
            if used[s] == 0:
                continue
            if used[s] <= 24 + np.random.randint(40):
                closing = s
                for k in range(by_firm_start[s], by_firm_start[s + 1]):
                    j = by_firm[k]
                    if x[j] > 0.0 and not inside[line_of[j]]:
                        inside[line_of[j]] = True
                        chosen[count] = line_of[j]
                        count += 1
        elif kind < 0.75:
            s = np.random.randint(firms)
            size = 2 + np.random.randint(14)
            span = by_firm_start[s + 1] - by_firm_start[s]
            if span == 0:
                continue
            for _ in range(size):
                line = line_of[by_firm[by_firm_start[s] + np.random.randint(span)]]
                if not inside[line]:
                    inside[line] = True
                    chosen[count] = line
                    count += 1
        else:
            size = 1 + np.random.randint(min(8, lines))
            for _ in range(size):
                line = np.random.randint(lines)
                if not inside[line]:
                    inside[line] = True
                    chosen[count] = line
                    count += 1
        if count == 0:
            continue
        before = _gap_cost(gap[0], columns[20])
        for i in range(count):
            line = chosen[i]
            inside[line] = False
            before += line_cost(line, columns, x)
            for j in range(offer_start[line], offer_start[line + 1]):
                saved[j] = x[j]
        open_before = 0.0
        for s in range(firms):
            if used[s] > 0:
                open_before += fixed[s]
        for i in range(count):
            _take_out(chosen[i], offer_start, firm, tier_start, low, high, unit_cost, unit_spend, use_start, resource, hours, setup_hours, small, small_share, x, load, spend, used, gap)
        base = 1 if leading and np.random.random() < 0.7 else 0
        for i in range(count - 1, base, -1):
            k = base + np.random.randint(i + 1 - base)
            chosen[i], chosen[k] = chosen[k], chosen[i]
        guess = np.random.random()
        for s in range(firms):
            opening[s] = guess if np.random.random() < 0.5 else 1.0
        if closing >= 0:
            shut[closing] = True
        for i in range(count):
            _put_back(chosen[i], opening, shut, columns, x, load, spend, used, gap, room)
        if closing >= 0:
            shut[closing] = False
        after = _gap_cost(gap[0], columns[20])
        for i in range(count):
            after += line_cost(chosen[i], columns, x)
        for s in range(firms):
            if used[s] > 0:
                after += fixed[s]
        change = after - before - open_before
        if change < 0.0 or now + change < best * (1.0 + heat):
            now += change
            if now < best - 1e-9:
                best = now
                keep[:] = x
            continue
        for i in range(count):
            line = chosen[i]
            _take_out(line, offer_start, firm, tier_start, low, high, unit_cost, unit_spend, use_start, resource, hours, setup_hours, small, small_share, x, load, spend, used, gap)
        for i in range(count):
            line = chosen[i]
            for j in range(offer_start[line], offer_start[line + 1]):
                if saved[j] > 0.0:
                    _apply(j, saved[j], 1.0, firm, tier_start, low, high, unit_cost, unit_spend, use_start, resource, hours, setup_hours, small, small_share, x, load, spend, used, gap)
    x[:] = keep
    return best


def sums(columns: tuple[Any, ...], x: NDArray[np.float64]) -> tuple[Any, Any, Any, Any]:
    """Load, spend, used and small-firm gap of an award, worked out from nothing."""
    firms, resources = len(columns[15]), len(columns[18])
    state = (np.zeros(resources), np.zeros(firms), np.zeros(firms, np.int64), np.zeros(1))
    fill(columns, x.copy(), x, *state)
    return state


@njit(cache=True, nogil=True)
def fill(columns, source, x, load, spend, used, gap):
    """Add every amount of ``source`` to the running sums."""
    firm, tier_start, low, high, unit_cost, unit_spend = (columns[4], columns[6], columns[7], columns[8], columns[9], columns[10])
    use_start, resource, hours, setup_hours = columns[11], columns[12], columns[13], columns[14]
    for j in range(firm.shape[0]):
        if source[j] > 0.0:
            _apply(j, source[j], 1.0, firm, tier_start, low, high, unit_cost, unit_spend, use_start, resource, hours, setup_hours, columns[17], columns[19], x, load, spend, used, gap)
