"""Capability search: free trade words to codes, top 1 and top 5 by language, time a query.

``--data FILE`` takes any table of yours: a head line ``query<TAB>language<TAB>codes``, then one
enquiry a line; ``codes`` are those that would be right, with commas. These lie beside this file:

- ``capability_queries.tsv``: before the list was made, by its author;
- ``capability_queries_hard.tsv``: a purpose in place of a process;
- ``capability_queries_shop.tsv``: in the words of enquiries, with slips of the pen;
- ``capability_queries_trade.tsv``, ``capability_queries_purpose.tsv``: as shops are asked, and
  what a thing is for; frozen before the list was filled up;
- ``capability_queries_after.tsv``: what a thing is for; after, and never looked at since;
- ``capability_queries_blind.tsv``: from the codes and titles alone; frozen, never tuned on;
- ``capability_queries_dev.tsv``: the set the clues were written beside: its figure proves nothing.

``--typos`` turns two letters round in every English word of five letters or more. ``--rerank`` runs
the same again with the model of the extra ``rerank`` (its vectors are kept in ``--kept``).
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import re
import tempfile
import time
from pathlib import Path

from hanse.match.capability import Finder, catalogue

SHIPPED = Path(__file__).with_name("capability_queries.tsv")


def slipped(text, dice):
    """The text with two neighbouring letters turned round in each longer English word."""

    def turned(match):
        word = match.group()
        at = dice.randrange(1, len(word) - 1)
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]

    return re.sub(r"[A-Za-z]{5,}", turned, text)


def read(path):
    """The enquiries of a table; stops with a word to the person where it is none."""
    with path.open(encoding="utf-8-sig") as file:
        queries = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    known = {c.code for c in catalogue()}
    for line, query in enumerate(queries, 2):
        if not query.get("query") or not query.get("codes"):
            raise SystemExit(f"{path}:{line}: needs the columns query, language, codes")
        query["right"] = {c.strip() for c in query["codes"].split(",")}
        if not query["right"] & known:
            raise SystemExit(f"{path}:{line}: none of {query['codes']} is a code of the list")
    return queries


def measure(finder, queries, *, misses):
    """Shares of right codes at place 1 and among 5, by language, and the time a query takes."""
    hits, times = {}, []
    for q in queries:
        begun = time.perf_counter()
        found = [c.code for c in finder.find(q["query"])]
        times.append(time.perf_counter() - begun)
        good = hits.setdefault(q.get("language") or "", [0, 0, 0])
        good[0] += 1
        good[1] += found[:1] != [] and found[0] in q["right"]
        good[2] += bool(q["right"] & set(found))
        if misses and not q["right"] & set(found):
            print(q["query"], "|", q["codes"], "|", found)
    total = [sum(h[i] for h in hits.values()) for i in range(3)]
    return {
        **shares(total),
        "by_language": {lang: shares(hit) for lang, hit in sorted(hits.items())},
        "ms_p50": round(1_000 * sorted(times)[len(times) // 2], 3),
        "ms_max": round(1_000 * max(times), 3),
    }


def shares(hit):
    """Counts as shares."""
    n, one, five = hit
    return {
        "queries": n,
        "top1_pct": round(100 * one / n, 1),
        "top5_pct": round(100 * five / n, 1),
    }


def reranked(finder, kept):
    """The finder with the model, and how long the model and its vectors took."""
    from hanse.match.capability.rerank import Meaning, shipped_model

    begun = time.perf_counter()
    meaning = Meaning(shipped_model(), kept)
    return finder.with_reranker(meaning), round(time.perf_counter() - begun, 1)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=SHIPPED)
    parser.add_argument("--typos", action="store_true")
    parser.add_argument("--rerank", action="store_true")
    parser.add_argument("--kept", type=Path, default=Path(tempfile.gettempdir()) / "hanse-words")
    parser.add_argument("--misses", action="store_true")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    queries = read(args.data)
    if args.typos:
        dice = random.Random(1)
        queries = [q | {"query": slipped(q["query"], dice)} for q in queries]
    begun = time.perf_counter()
    finder = Finder()
    build_s = time.perf_counter() - begun
    result = measure(finder, queries, misses=args.misses)
    result["build_ms"] = round(1_000 * build_s, 1)
    if args.rerank:
        other, load_s = reranked(finder, args.kept)
        result["rerank"] = {"load_s": load_s, **measure(other, queries, misses=False)}
    print(json.dumps(result) if args.json else json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
