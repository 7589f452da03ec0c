"""One root over all of a firm's ledgers, and proofs that an entry is under it (RFC 9162, 2.1).

Leaves are hashes of co-signed entries in the order in which the firm completed them, over all its
partners. The root tells nothing of what is under it; an inclusion proof shows one entry and some
hashes, no other trade; a consistency proof shows that a later root only added.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from hanse.model.errors import BadInput

LEAVES_MAX = 10_000_000


def leaf_hash(data: bytes) -> bytes:
    """The hash of one leaf."""
    return hashlib.sha256(b"\x00" + data).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def _split(n: int) -> int:
    """The largest power of two smaller than n."""
    return 1 << ((n - 1).bit_length() - 1)


class Tree:
    """A growing tree that keeps every full subtree's hash: append and prove in logarithmic time.

    Args:
        leaves: leaf data to begin with.
    """

    def __init__(self, leaves: Sequence[bytes] = ()) -> None:
        self._levels: list[list[bytes]] = [[]]
        for leaf in leaves:
            self.append(leaf)

    def __len__(self) -> int:
        return len(self._levels[0])

    def append(self, data: bytes) -> int:
        """Add a leaf; its index."""
        index = len(self)
        self._levels[0].append(leaf_hash(data))
        level = 0
        while len(self._levels[level]) % 2 == 0:
            left, right = self._levels[level][-2:]
            if level + 1 == len(self._levels):
                self._levels.append([])
            self._levels[level + 1].append(_node(left, right))
            level += 1
        return index

    def root(self, size: int | None = None) -> bytes:
        """The root over the first ``size`` leaves, all by default; of none, the hash of nothing."""
        n = len(self) if size is None else size
        if not 0 <= n <= len(self):
            raise BadInput("the tree has fewer leaves", subject=str(n))
        return hashlib.sha256(b"").digest() if n == 0 else self._over(0, n)

    def _over(self, start: int, end: int) -> bytes:
        count = end - start
        if count & (count - 1) == 0 and start % count == 0:
            return self._levels[count.bit_length() - 1][start // count]
        cut = start + _split(count)
        return _node(self._over(start, cut), self._over(cut, end))

    def inclusion(self, index: int, size: int | None = None) -> list[bytes]:
        """The hashes that lead from a leaf to the root over the first ``size`` leaves."""
        n = len(self) if size is None else size
        if not 0 <= index < n <= len(self):
            raise BadInput("no such leaf in a tree of this size", subject=f"{index} of {n}")
        path, start, end = [], 0, n
        while end - start > 1:
            cut = start + _split(end - start)
            if index < cut:
                path.append(self._over(cut, end))
                end = cut
            else:
                path.append(self._over(start, cut))
                start = cut
        return path[::-1]

    def consistency(self, old: int, new: int | None = None) -> list[bytes]:
        """The hashes that show that the tree of ``new`` leaves begins with that of ``old``."""
        n = len(self) if new is None else new
        if not 0 < old <= n <= len(self):
            raise BadInput("no such sizes", subject=f"{old} of {n}")
        return self._between(old, 0, n, whole=True)

    def _between(self, m: int, start: int, end: int, *, whole: bool) -> list[bytes]:
        n = end - start
        if m == n:
            return [] if whole else [self._over(start, end)]
        k = _split(n)
        if m <= k:
            return [
                *self._between(m, start, start + k, whole=whole),
                self._over(start + k, end),
            ]
        return [
            *self._between(m - k, start + k, end, whole=False),
            self._over(start, start + k),
        ]


def verify_inclusion(
    data: bytes, *, index: int, size: int, path: Sequence[bytes], root: bytes
) -> bool:
    """Whether the leaf is the ``index``-th of ``size`` under the root (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    fn, sn, r = index, size - 1, leaf_hash(data)
    for p in path:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            r = _node(p, r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = _node(r, p)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and r == root


def verify_consistency(
    *, old: int, new: int, path: Sequence[bytes], old_root: bytes, new_root: bytes
) -> bool:
    """Whether the tree of ``new`` leaves only added to that of ``old`` (RFC 9162, 2.1.4.2)."""
    if old == new:
        return not path and old_root == new_root
    if not 0 < old < new or not path:
        return False
    nodes = [old_root, *path] if old & (old - 1) == 0 else list(path)
    fn, sn = old - 1, new - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = nodes[0]
    for c in nodes[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = _node(c, fr), _node(c, sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = _node(sr, c)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and fr == old_root and sr == new_root
