"""Servers of other authors from npm, installed once into .dev/npm-conformance."""

import functools
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / ".dev" / "npm-conformance"
PACKAGES = ("node-opcua-server@2", "modbus-serial@8", "sparkplug-client@3")
WANTED = ("node-opcua-server", "modbus-serial", "sparkplug-client")


@functools.cache
def _modules():
    if shutil.which("node") is None or shutil.which("npm") is None:
        return None
    modules = FOLDER / "node_modules"
    if not all((modules / name / "package.json").exists() for name in WANTED):
        FOLDER.mkdir(parents=True, exist_ok=True)
        command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", *PACKAGES]
        done = subprocess.run(command, cwd=FOLDER, capture_output=True, timeout=240, check=False)
        if done.returncode != 0:
            return None
    return modules


def modules_or_skip():
    """The folder of installed packages; skips loudly where they cannot be had."""
    modules = _modules()
    if modules is None:
        pytest.skip("no node or npm, or npm is out of reach: servers of other authors")
    return modules


def script(name):
    return str(Path(__file__).with_name(name))
