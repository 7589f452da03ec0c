"""What goes wrong with files and what to do about it."""

from __future__ import annotations

from hanse.collect.connectors.files.config import FilesConfig
from hanse.collect.connectors.network import explain_network
from hanse.model.errors import HanseError, NotFound


def explain(error: BaseException, settings: FilesConfig) -> HanseError:
    """An error of the files as one that says what to do now."""
    if isinstance(error, OSError) and not isinstance(error, TimeoutError | ConnectionError):
        return NotFound(
            f"cannot be read: {error.strerror or error}",
            subject=settings.path,
            remedy="Check its name and rights",
        )
    return explain_network(error, settings.path)
