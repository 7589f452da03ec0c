"""Fetch the vendored browser files again from npm and check them against their hashes.

``./dev vendor`` runs ``npm pack NAME@VERSION`` for each package of ``VENDOR.toml``, copies the
named files and fails when one differs from its hash; ``--update`` writes the new hashes instead
(after a version was changed in the file by hand). Needs npm and the registry; nothing is built.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from pathlib import Path
from typing import Any

VENDOR = Path(__file__).parents[1] / "src" / "hanse" / "web" / "static" / "vendor"
LIST = VENDOR / "VENDOR.toml"
HEAD = "# What the browser loads that others wrote. `./dev vendor` fetches and checks it.\n"


def fetch(package: dict[str, Any], folder: Path) -> dict[str, bytes]:
    """The wanted files of one package, by the name they have here."""
    command = ["npm", "pack", "--silent", f"{package['name']}@{package['version']}"]
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    with tarfile.open(folder / done.stdout.split()[-1]) as archive:
        return {
            f["file"]: archive.extractfile(f"package/{f['from']}").read()  # type: ignore[union-attr]
            for f in package["files"]
        }


def place(package: dict[str, Any], contents: dict[str, bytes], *, update: bool) -> list[str]:
    """Write the files; the names of those that differ from their hash."""
    wrong = []
    for file in package["files"]:
        content = contents[file["file"]]
        found = hashlib.sha256(content).hexdigest()
        if found != file["sha256"] and not update:
            wrong.append(file["file"])
            continue
        file["sha256"] = found
        target = VENDOR / file["file"]
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    return wrong


def written(packages: list[dict[str, Any]]) -> str:
    """The list as TOML, one line a file."""
    lines = [HEAD]
    for package in packages:
        lines += ["[[package]]"]
        lines += [f'{key} = "{package[key]}"' for key in ("name", "version", "licence", "why")]
        lines += ["files = ["]
        lines += [
            f'  {{ file = "{f["file"]}", from = "{f["from"]}", sha256 = "{f["sha256"]}" }},'
            for f in package["files"]
        ]
        lines += ["]", ""]
    return "\n".join(lines)


def main() -> int:
    """Fetch all; 0 when every file has its hash."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--update", action="store_true", help="write the hashes that are found")
    update = parser.parse_args().update
    packages = tomllib.loads(LIST.read_text())["package"]
    wrong: list[str] = []
    for package in packages:
        with tempfile.TemporaryDirectory() as folder:
            wrong += place(package, fetch(package, Path(folder)), update=update)
    LIST.write_text(written(packages))
    for name in wrong:
        print(f"{name}: not the bytes that VENDOR.toml names; left as it was", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
