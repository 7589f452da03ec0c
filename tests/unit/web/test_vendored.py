"""What others wrote is what it was, and nothing comes from elsewhere."""

import hashlib
import re
import tomllib
from pathlib import Path

import hanse.web

WEB = Path(hanse.web.__file__).parent
VENDOR = WEB / "static" / "vendor"
PACKAGES = tomllib.loads((VENDOR / "VENDOR.toml").read_text())["package"]


def test_every_vendored_file_has_the_hash_that_is_written():
    for package in PACKAGES:
        for file in package["files"]:
            found = hashlib.sha256((VENDOR / file["file"]).read_bytes()).hexdigest()
            assert found == file["sha256"], file["file"]


def test_no_vendored_file_is_unlisted():
    listed = {f["file"] for p in PACKAGES for f in p["files"]} | {"VENDOR.toml"}
    found = {str(p.relative_to(VENDOR)) for p in VENDOR.rglob("*") if p.is_file()}
    assert found == listed


def test_every_package_names_version_licence_and_purpose():
    for package in PACKAGES:
        assert re.fullmatch(r"\d+\.\d+\.\d+", package["version"])
        assert package["licence"]
        assert package["why"]


def test_no_page_script_or_style_loads_from_elsewhere():
    own = [p for p in WEB.rglob("*") if p.suffix in {".html", ".css", ".js"}]
    for path in own:
        if VENDOR in path.parents:
            continue
        for url in re.findall(r"https?://[^\s\"')]+", path.read_text()):
            assert url.startswith("http://www.w3.org/"), f"{path}: {url}"


def test_no_template_carries_a_script_or_a_style_inline():
    for path in (WEB / "templates").rglob("*.html"):
        text = path.read_text()
        assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)", text), path
        assert not re.search(r"\sstyle=|<style|\son[a-z]+=|javascript:", text), path
