"""What free words may mean, on a node: the search, its people's picks, and a model if it is on."""

from __future__ import annotations

import asyncio
import logging
from functools import lru_cache

from hanse.match.capability.search import Candidate, Finder, Reranker
from hanse.model.errors import NotFound
from hanse.node.context import Context
from hanse.node.dealing.choosing import picks

_log = logging.getLogger(__name__)
VECTORS = "words"


@lru_cache(maxsize=2)
def _finder(learned: tuple[tuple[str, str], ...]) -> Finder:
    return Finder(learned=dict(learned))


class Wording:
    """Finds candidates without holding up the record; the model joins when it is ready.

    With ``words.rerank`` on, the first question loads the model in the background; the first time
    ever that takes about a minute (every word of the list is read once, then kept in the node's
    folder). Until then, and where the extra is missing (the log and ``hanse doctor`` say so), the
    search answers alone.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._meaning: Reranker | None = None
        self._loading: asyncio.Task[None] | None = None

    async def candidates(self, words: str) -> list[Candidate]:
        """The codes that words may mean, best first."""
        if self._context.settings.words.rerank and self._loading is None:
            self._loading = asyncio.create_task(asyncio.to_thread(self._load))
        learned = await self._context.store.read(picks)
        return await asyncio.to_thread(self._find, learned, words)

    def _find(self, learned: tuple[tuple[str, str], ...], words: str) -> list[Candidate]:
        return _finder(learned).with_reranker(self._meaning).find(words)

    def _load(self) -> None:
        from hanse.match.capability.rerank import Meaning, shipped_model  # only where switched on

        try:
            self._meaning = Meaning(shipped_model(), self._context.folder / VECTORS)
        except NotFound as error:
            _log.warning("words.rerank: %s; %s", error.what, error.remedy)
