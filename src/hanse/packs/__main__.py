"""``python -m hanse.packs NAME FOLDER``: copy a pack's sample files into a folder."""

from __future__ import annotations

import sys
from pathlib import Path

from hanse.model.errors import BadInput, HanseError
from hanse.packs.load import SHIPPED, load_shipped


def copy_samples(name: str, folder: Path) -> list[Path]:
    """Write the sample files of a pack into a folder; what stands there already is left alone.

    Returns:
        The files of the samples, written now or before.

    Raises:
        NotFound: no such pack.
        BadInput: the folder cannot be written.
    """
    samples = load_shipped(name).samples
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file, content in samples.items():
            if not (folder / file).exists():
                (folder / file).write_bytes(content)
    except OSError as error:
        raise BadInput(
            "cannot be written", subject=str(folder), remedy="Name a folder of your own"
        ) from error
    return [folder / file for file in samples]


def main(arguments: list[str]) -> int:
    """Copy, and say what was copied; 0 done, 2 used wrongly."""
    if len(arguments) != 2:
        sys.stderr.write(f"python -m hanse.packs NAME FOLDER, NAME one of {', '.join(SHIPPED)}\n")
        return 2
    try:
        files = copy_samples(arguments[0], Path(arguments[1]))
    except HanseError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write("".join(f"{file}\n" for file in files))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
