"""Where the public scheduling instances are."""

import os
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[3]


@pytest.fixture
def data_folder():
    folder = Path(os.environ.get("HANSE_DATA", PROJECT.parent / "shared" / "data"))
    if not folder.joinpath("scheduling").is_dir():
        pytest.skip(f"the public scheduling instances are not in {folder}")
    return folder
