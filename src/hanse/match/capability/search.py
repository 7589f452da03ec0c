"""From free words to capability codes, in two stages and without a model.

First the words: synonyms that stand in the query whole, and its words, parts of words and Chinese
character groups (English: 3-5 letters within a word; Chinese: 1-3 characters), which weigh the more
the fewer codes use them. Then the clues (`clues`): what it says of the part's material, size,
number and purpose speaks for some codes and against others. What people picked before counts most.
No model, no download: about a millisecond a query.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from typing import Protocol

from msgspec import Struct

from hanse.match.capability.clues import Clues, han_runs, runs
from hanse.match.capability.words import (
    Speller,
    folded,
    is_telling,
    parts_of,
    phrase_key,
    stem,
    stems,
)
from hanse.model.text import Text

__all__ = ["Candidate", "Capability", "Finder", "Reranker", "catalogue", "folded", "stem"]

QUERY_MAX = 400
CANDIDATES_MAX = 5
LEARNED_MAX = 5_000
PHRASE_WEIGHT = 1.5
GRAM_WEIGHT = 1.0
CLUE_WEIGHT = 3.0
LEARNED_WEIGHT = 40.0
LEARNED_LEAST = 0.5
PHRASES_COUNTED_MAX = 3


class Capability(Struct, frozen=True, kw_only=True):
    """One code of the list with its names and the words people use for it."""

    code: str
    group: int
    title: Text
    words: tuple[str, ...]


class Candidate(Struct, frozen=True, kw_only=True):
    """A code that may be meant, and how strongly; scores compare within one query only."""

    code: str
    score: float
    title: Text


class Reranker(Protocol):
    """An optional model that orders candidates anew; higher is better."""

    def scores(self, query: str, candidates: list[Capability]) -> list[float]:
        """One number for each candidate, on the scale of the search's own scores."""
        ...


@cache
def catalogue() -> tuple[Capability, ...]:
    """The list that ships, in its own order."""
    source = resources.files("hanse.match.capability").joinpath("catalogue.tsv")
    rows = [line.split("\t") for line in source.read_text("utf-8").splitlines()[1:]]
    return tuple(
        Capability(
            code=code,
            group=int(group),
            title=Text(en, zh),
            words=tuple(w.lower() for w in (en, zh, *words_en.split(";"), *words_zh.split(";"))),
        )
        for code, group, en, zh, words_en, words_zh in rows
    )


def features(text: str, words: list[str]) -> Counter[str]:
    """Stems, parts of stems and Chinese character groups, with how often they stand."""
    found = Counter[str]()
    for word in words:
        if is_telling(word):
            found[f"w:{word}"] += 1
            found.update(f"g:{part}" for part in parts_of(word))
    found.update(f"h{len(run)}:{run}" for run in han_runs(folded(text), most=3))
    return found


_KIND_WEIGHT = {"w": 1.6, "g": 0.35, "h1": 0.35, "h2": 1.0, "h3": 1.3}


class Index:
    """The list as it is searched; built once, shared by every finder over the same list."""

    def __init__(self, capabilities: Iterable[Capability]) -> None:
        self.all = {c.code: c for c in capabilities}
        self.clues = Clues()
        self.phrases: dict[str, set[str]] = {}
        self.weights: dict[str, dict[str, float]] = {}
        counts: dict[str, Counter[str]] = {}
        for code, capability in self.all.items():
            total = Counter[str]()
            for word in capability.words:
                self.phrases.setdefault(phrase_key(word), set()).add(code)
                total.update(set(features(word, stems(word))))
            counts[code] = total
        self.idf = _rarity(counts)
        self._weigh(counts)
        known = {f[2:] for f in self.idf if f.startswith("w:")} | self.clues.stems
        self._speller = Speller(known)

    def _weigh(self, counts: Mapping[str, Counter[str]]) -> None:
        for code, total in counts.items():
            weights = {f: (1 + math.log(n)) * self.idf[f] for f, n in total.items()}
            norm = math.sqrt(sum(w * w for w in weights.values())) or 1.0
            for feature, weight in weights.items():
                self.weights.setdefault(feature, {})[code] = weight / math.sqrt(norm)

    def words_of(self, query: str) -> list[str]:
        """The English stems of a query, slips put right and compounds taken apart."""
        return [right for word in stems(query) for right in self._speller.right(word)]

    def scores(self, query: str) -> dict[str, float]:
        """For each code that anything speaks for: how strongly."""
        words, total = self.words_of(query), dict[str, float]()
        for weight, some in (
            (GRAM_WEIGHT, self._grams(query, words)),
            (PHRASE_WEIGHT, self._named(query, words)),
            (CLUE_WEIGHT, self.clues.scores(query, words)),
        ):
            for code, score in some.items():
                if code in self.all:
                    total[code] = total.get(code, 0.0) + weight * score
        return total

    def _grams(self, query: str, words: list[str]) -> dict[str, float]:
        asked, total = features(query, words), dict[str, float]()
        size = math.sqrt(sum(self.idf.get(f, 0.0) ** 2 for f in asked)) or 1.0
        for feature in asked:
            weight = self.idf.get(feature, 0.0) / size
            for code, own in self.weights.get(feature, {}).items():
                total[code] = total.get(code, 0.0) + weight * own
        return total

    def _named(self, query: str, words: list[str]) -> dict[str, float]:
        """For each code the strongest synonyms that stand in the query whole."""
        found: dict[str, list[float]] = {}
        for phrase, weight in _whole(query, words):
            codes = self.phrases.get(phrase, set())
            for code in codes:
                found.setdefault(code, []).append(weight * math.log(1 + len(self.all) / len(codes)))
        return {
            code: sum(
                w / (i + 1) for i, w in enumerate(sorted(ws, reverse=True)[:PHRASES_COUNTED_MAX])
            )
            for code, ws in found.items()
        }


def _rarity(counts: Mapping[str, Counter[str]]) -> dict[str, float]:
    used = Counter[str]()
    for total in counts.values():
        used.update(total.keys())
    n = len(counts)
    return {f: math.log(1 + n / k) * _KIND_WEIGHT[f.split(":", 1)[0]] for f, k in used.items()}


def _whole(query: str, words: list[str]) -> Iterable[tuple[str, float]]:
    """Whatever could be a synonym in a query, and what it weighs by its length."""
    for run in runs(words):
        yield run, 0.5 + 0.5 * (run.count(" ") + 1)
    for run in han_runs(folded(query)):
        yield run, 0.25 + 0.35 * len(run)


@cache
def _shipped() -> Index:
    return Index(catalogue())


class Learned:
    """What people picked for their words, found again by the words they share."""

    def __init__(self, picks: Mapping[str, str]) -> None:
        self.picks = dict(picks)
        self._of: dict[str, set[str]] = {}
        self._sizes: dict[str, int] = {}
        for words in self.picks:
            marks = _marks(words)
            self._sizes[words] = len(marks)
            for mark in marks:
                self._of.setdefault(mark, set()).add(words)

    def scores(self, query: str) -> dict[str, float]:
        """For each code the share of a pick's words that stand in the query again, 0.5 to 1."""
        shared = Counter(words for mark in _marks(query) for words in self._of.get(mark, ()))
        best: dict[str, float] = {}
        for words, n in shared.items():
            share = n / self._sizes[words]
            if share >= LEARNED_LEAST:
                code = self.picks[words]
                best[code] = max(best.get(code, 0.0), share)
        return best


def _marks(text: str) -> set[str]:
    """Telling words, and pairs of Chinese characters."""
    pairs = {run for run in han_runs(folded(text), most=2) if len(run) == 2}
    return pairs | {word for word in stems(text) if is_telling(word)}


class Finder:
    """Finds codes for free words; learns what people pick.

    Args:
        capabilities: the list, by default the one that ships.
        learned: words a person once used -> the code picked for them.
        reranker: an optional model over the candidates.
    """

    def __init__(
        self,
        capabilities: Iterable[Capability] | Index | None = None,
        *,
        learned: Mapping[str, str] | Learned | None = None,
        reranker: Reranker | None = None,
    ) -> None:
        some = _shipped() if capabilities is None else capabilities
        self._index = some if isinstance(some, Index) else Index(some)
        self._learned = learned if isinstance(learned, Learned) else Learned(learned or {})
        self._reranker = reranker

    def find(self, query: str, *, most: int = CANDIDATES_MAX) -> list[Candidate]:
        """The codes that a query most likely means, best first; empty where nothing fits."""
        query = query[:QUERY_MAX]
        scores = self._index.scores(query)
        for code, share in self._learned.scores(query).items():
            scores[code] = scores.get(code, 0.0) + LEARNED_WEIGHT * share**2
        if self._reranker is not None and any(c.isalpha() for c in query):
            scores = self._again(self._reranker, query, scores)
        best = sorted(scores.items(), key=lambda item: (-item[1], item[0]))[:most]
        titles = self._index.all
        return [
            Candidate(code=c, score=round(s, 4), title=titles[c].title) for c, s in best if s > 0
        ]

    def _again(
        self, reranker: Reranker, query: str, scores: Mapping[str, float]
    ) -> dict[str, float]:
        """The scores with what a model says of every code of the list added."""
        every = list(self._index.all.values())
        model = reranker.scores(query, every)
        return {c.code: scores.get(c.code, 0.0) + m for c, m in zip(every, model, strict=True)}

    def with_reranker(self, reranker: Reranker | None) -> Finder:
        """The same finder with a model, or without one."""
        return Finder(self._index, learned=self._learned, reranker=reranker)

    def learn(self, words: str, code: str) -> Finder:
        """A finder in which a person's words mean the code they picked."""
        kept = dict(list(self.learned.items())[-(LEARNED_MAX - 1) :])
        kept[folded(words)[:QUERY_MAX]] = code
        return Finder(self._index, learned=kept, reranker=self._reranker)

    @property
    def learned(self) -> dict[str, str]:
        """What people picked, to be kept by the node."""
        return dict(self._learned.picks)
