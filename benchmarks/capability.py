"""Capability search: free trade words to codes, top 1 and top 5 by language, time a query.

Eight sets lie beside this file: ``capability_queries.tsv`` (before the list was made, by its
author), ``capability_queries_hard.tsv`` (a purpose in place of a process) and
``capability_queries_shop.tsv`` (later, in the words of enquiries, with slips of the pen, written
without a look at the list's synonyms), ``capability_queries_trade.tsv`` and
``capability_queries_purpose.tsv`` (as shops are asked, and what a thing is for; frozen before the
list was filled up), ``capability_queries_after.tsv`` (what a thing is for; after) and
``capability_queries_blind.tsv`` (frozen before its first run; never tuned on). ``capability_queries_dev.tsv``
is the set the clues were written beside.
``--typos`` turns two letters round in every English word of five letters or more.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import re
import time
from pathlib import Path

from hanse.match.capability import Finder

SHIPPED = Path(__file__).with_name("capability_queries.tsv")


def slipped(text, dice):
    """The text with two neighbouring letters turned round in each longer English word."""

    def turned(match):
        word = match.group()
        at = dice.randrange(1, len(word) - 1)
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]

    return re.sub(r"[A-Za-z]{5,}", turned, text)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=SHIPPED)
    parser.add_argument("--typos", action="store_true")
    parser.add_argument("--misses", action="store_true")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    with args.data.open(encoding="utf-8") as file:
        queries = list(csv.DictReader(file, delimiter="\t"))
    if args.typos:
        dice = random.Random(1)
        queries = [q | {"query": slipped(q["query"], dice)} for q in queries]
    begun = time.perf_counter()
    finder = Finder()
    build_s = time.perf_counter() - begun
    hits = {}
    times = []
    for q in queries:
        right = set(q["codes"].split(","))
        begun = time.perf_counter()
        found = [c.code for c in finder.find(q["query"])]
        times.append(time.perf_counter() - begun)
        good = hits.setdefault(q["language"], [0, 0, 0])
        good[0] += 1
        good[1] += found[:1] != [] and found[0] in right
        good[2] += bool(right & set(found))
        if args.misses and not right & set(found):
            print(q["query"], "|", q["codes"], "|", found)
    total = [sum(h[i] for h in hits.values()) for i in range(3)]
    result = {
        "queries": total[0],
        "top1_pct": round(100 * total[1] / total[0], 1),
        "top5_pct": round(100 * total[2] / total[0], 1),
        "by_language": {
            lang: {
                "queries": n,
                "top1_pct": round(100 * one / n, 1),
                "top5_pct": round(100 * five / n, 1),
            }
            for lang, (n, one, five) in sorted(hits.items())
        },
        "ms_p50": round(1_000 * sorted(times)[len(times) // 2], 3),
        "ms_max": round(1_000 * max(times), 3),
        "build_ms": round(1_000 * build_s, 1),
    }
    print(json.dumps(result) if args.json else json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
