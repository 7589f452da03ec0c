"""From free words to capability codes: synonyms first, character n-grams beside them.

A query's words and n-grams (English: 3-5 letters within a word; Chinese: 1-3 characters) weigh the
more the fewer codes use them; a synonym that stands in the query whole counts by weight and length.
No model, no download: well under a millisecond a query.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from typing import Protocol

from msgspec import Struct

from hanse.model.text import Text

QUERY_MAX = 400
CANDIDATES_MAX = 5
LEARNED_MAX = 5_000
PHRASE_WEIGHT = 2.0
GRAM_WEIGHT = 1.0
_WORD = re.compile(r"[a-z0-9][a-z0-9.+]*")
_HAN = re.compile(r"[\u3400-\u9fff]+")


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
        """One number for each candidate."""
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


def folded(text: str) -> str:
    """Lower case, one spelling for hyphens, spaces and the commonest endings."""
    plain = text.lower().replace("-", " ").replace("\u3000", " ")  # an ideographic space too
    return " ".join(plain.split())


def stem(word: str) -> str:
    """An English word without its commonest endings, British and American alike."""
    for long, short in (("isation", "iz"), ("ising", "iz"), ("ised", "iz"), ("ise", "iz")):
        if word.endswith(long) and len(word) > len(long) + 2:
            return word[: -len(long)] + short
    word = word.replace("mould", "mold").replace("aluminium", "aluminum").replace("fibre", "fiber")
    word = word.replace("centre", "center").replace("grey", "gray")
    for ending in ("ings", "ing", "ed", "es", "s", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word[: -len(ending)]
            break
    return word[:-1] if len(word) > 3 and word[-1] == word[-2] else word


def features(text: str) -> Counter[str]:
    """Words, parts of words and Chinese character groups of a text, with how often they stand."""
    plain, found = folded(text), Counter[str]()
    for word in _WORD.findall(plain):
        if not any(c.isalpha() for c in word):
            continue
        root = stem(word)
        found[f"w:{root}"] += 1
        padded = f"^{root}$"
        for n in (3, 4, 5):
            for i in range(len(padded) - n + 1):
                found[f"g:{padded[i : i + n]}"] += 1
    for run in _HAN.findall(plain):
        for n in (1, 2, 3):
            for i in range(len(run) - n + 1):
                found[f"h{n}:{run[i : i + n]}"] += 1
    return found


_KIND_WEIGHT = {"w": 1.6, "g": 0.35, "h1": 0.35, "h2": 1.0, "h3": 1.3}


def phrase_key(word: str) -> str:
    """A synonym as it is looked for inside a query: stems in English, characters in Chinese."""
    plain = folded(word)
    if _HAN.search(plain):
        return plain.replace(" ", "")
    return " ".join(stem(w) for w in _WORD.findall(plain))


class Finder:
    """Finds codes for free words; learns what people pick.

    Args:
        capabilities: the list, by default the one that ships.
        learned: words a person once used -> the code picked for them.
        reranker: an optional model over the candidates.
    """

    def __init__(
        self,
        capabilities: Iterable[Capability] | None = None,
        *,
        learned: Mapping[str, str] | None = None,
        reranker: Reranker | None = None,
    ) -> None:
        self._all = {c.code: c for c in (capabilities or catalogue())}
        self._learned = dict(learned or {})
        self._reranker = reranker
        self._build()

    def _build(self) -> None:
        self._phrases: dict[str, set[str]] = {}
        self._weights: dict[str, dict[str, float]] = {}
        counts: dict[str, Counter[str]] = {}
        for code, capability in self._all.items():
            own = [w for w, c in self._learned.items() if c == code]
            total = Counter[str]()
            for word in (*capability.words, *own):
                self._phrases.setdefault(phrase_key(word), set()).add(code)
                total.update(set(features(word)))
            counts[code] = total
        self._idf = self._rarity(counts)
        for code, total in counts.items():
            weights = {f: (1 + math.log(n)) * self._idf[f] for f, n in total.items()}
            norm = math.sqrt(sum(w * w for w in weights.values())) or 1.0
            for feature, weight in weights.items():
                self._weights.setdefault(feature, {})[code] = weight / math.sqrt(norm)

    @staticmethod
    def _rarity(counts: Mapping[str, Counter[str]]) -> dict[str, float]:
        used = Counter[str]()
        for total in counts.values():
            used.update(total.keys())
        n = len(counts)
        return {f: math.log(1 + n / k) * _KIND_WEIGHT[f.split(":", 1)[0]] for f, k in used.items()}

    def find(self, query: str, *, most: int = CANDIDATES_MAX) -> list[Candidate]:
        """The codes that a query most likely means, best first; empty where nothing fits."""
        query = query[:QUERY_MAX]
        scores: dict[str, float] = {}
        asked = features(query)
        size = math.sqrt(sum((self._idf.get(f, 0.0)) ** 2 for f in asked)) or 1.0
        for feature in asked:
            weight = self._idf.get(feature, 0.0)
            for code, own in self._weights.get(feature, {}).items():
                scores[code] = scores.get(code, 0.0) + GRAM_WEIGHT * weight * own / size
        for code, bonus in self._phrase_scores(query).items():
            scores[code] = scores.get(code, 0.0) + PHRASE_WEIGHT * bonus
        best = sorted(scores.items(), key=lambda item: (-item[1], item[0]))
        return self._ranked(query, best, most)

    def _ranked(self, query: str, best: list[tuple[str, float]], most: int) -> list[Candidate]:
        if self._reranker is not None:
            some = best[: 4 * most]
            model = self._reranker.scores(query, [self._all[c] for c, _ in some])
            mixed = [(c, s + m) for (c, s), m in zip(some, model, strict=True)]
            best = sorted(mixed, key=lambda item: (-item[1], item[0]))
        return [
            Candidate(code=c, score=round(s, 4), title=self._all[c].title) for c, s in best[:most]
        ]

    def _phrase_scores(self, query: str) -> dict[str, float]:
        """For each code the strongest synonyms that stand in the query whole."""
        found: dict[str, list[float]] = {}
        for phrase, weight in self._whole(query):
            codes = self._phrases[phrase]
            for code in codes:
                found.setdefault(code, []).append(
                    weight * math.log(1 + len(self._all) / len(codes))
                )
        return {
            code: sum(w / (i + 1) for i, w in enumerate(sorted(ws, reverse=True)[:3]))
            for code, ws in found.items()
        }

    def _whole(self, query: str) -> Iterable[tuple[str, float]]:
        words = [stem(w) for w in _WORD.findall(folded(query))]
        for n in (1, 2, 3, 4):
            for i in range(len(words) - n + 1):
                phrase = " ".join(words[i : i + n])
                if phrase in self._phrases:
                    yield phrase, 0.5 + 0.5 * n
        for run in _HAN.findall(folded(query)):
            for n in range(1, 8):
                for i in range(len(run) - n + 1):
                    if run[i : i + n] in self._phrases:
                        yield run[i : i + n], 0.25 + 0.35 * n

    def learn(self, words: str, code: str) -> Finder:
        """A finder in which a person's words mean the code they picked."""
        kept = dict(list(self._learned.items())[-(LEARNED_MAX - 1) :])
        kept[folded(words)[:QUERY_MAX]] = code
        return Finder(self._all.values(), learned=kept, reranker=self._reranker)

    @property
    def learned(self) -> dict[str, str]:
        """What people picked, to be kept by the node."""
        return dict(self._learned)
