"""How long to wait before trying again."""

from __future__ import annotations

from hanse.model.dice import Dice

DELAY_MIN_S = 0.2
DELAY_MAX_S = 1.8


def delay_s(tries: int, dice: Dice) -> float:
    """Seconds before the next try: doubling from 0.2 s to 1.8 s, the upper half of it by chance.

    Args:
        tries: how many have failed, from 1.
        dice: so that many peers that lost the same link do not come back in one instant.
    """
    full = min(DELAY_MAX_S, DELAY_MIN_S * 2.0 ** min(tries - 1, 30))
    return full * (0.5 + 0.5 * dice.random())
