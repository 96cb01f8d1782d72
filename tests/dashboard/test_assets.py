"""The page's files: what they are, where they came from, how they are sent."""

import gzip
import json
import re
from hashlib import sha256
from pathlib import Path

import brotli
import httpx
import pytest

from footfall.dashboard.assets import FOLDER, Bundle
from footfall.schema.reasons import Reason

VENDOR = FOLDER / "vendor"


def test_vendored_files_are_the_published_ones() -> None:
    listed = {entry["file"]: entry for entry in json.loads((VENDOR / "vendor.json").read_text())["files"]}
    present = {path.name for path in VENDOR.iterdir()} - {"vendor.json"}
    assert set(listed) == present
    for name, entry in listed.items():
        assert sha256((VENDOR / name).read_bytes()).hexdigest() == entry["sha256"], name
        assert entry["package"]
        assert entry["version"]
        assert any(other.endswith("LICENSE") and e["package"] == entry["package"] for other, e in listed.items())


def test_addresses_change_with_the_content(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("{{assets}}")
    (tmp_path / "a.js").write_text("1")
    first = Bundle(tmp_path)
    (tmp_path / "a.js").write_text("2")
    assert Bundle(tmp_path).version != first.version
    assert Bundle().version == Bundle().version


def test_the_page_loads_nothing_from_elsewhere(api: httpx.Client) -> None:
    reply = api.get("/")
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    policy = reply.headers["content-security-policy"]
    assert policy.startswith("default-src 'self'; script-src 'self' 'sha256-")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert not re.findall(r"(?:src|href)=\"(?!/)", reply.text)
    assert "http://" not in reply.text
    assert "https://" not in reply.text


def test_assets_are_compressed_and_kept(api: httpx.Client) -> None:
    paths = re.findall(r"/assets/[^\"]+", api.get("/").text)
    assert len(paths) > 20
    for path in sorted(set(paths)):
        plain = api.get(path, headers={"Accept-Encoding": "identity"})
        assert plain.status_code == 200, path
        assert plain.headers["cache-control"] == "public, max-age=31536000, immutable"
        for encoding, decode in (("br", brotli.decompress), ("gzip", gzip.decompress)):
            with api.stream("GET", path, headers={"Accept-Encoding": encoding}) as reply:
                assert reply.headers["content-encoding"] == encoding
                assert decode(b"".join(reply.iter_raw())) == plain.content


def test_head_has_no_body(api: httpx.Client) -> None:
    for path in ("/", "/api/meta", "/docs/reasons", "/openapi.json"):
        reply = api.head(path)
        assert (reply.status_code, reply.content) == (200, b""), path


@pytest.mark.parametrize(
    "name", ["../app.py", "..%2fapp.py", "vendor/vendor.json", "vendor/preact.LICENSE", "index.html"]
)
def test_only_the_files_of_the_page_are_served(api: httpx.Client, name: str) -> None:
    assert api.get(f"/assets/{Bundle().version}/{name}").status_code == 404


def test_every_reason_is_explained(api: httpx.Client) -> None:
    text = api.get("/docs/reasons").text
    for reason in Reason:
        assert f'id="{reason.code}"' in text
        assert f'href="#{reason.code}"' in text


def test_schemas(api: httpx.Client) -> None:
    index = api.get("/schemas").json()["profiles"]
    assert set(index) == {"v3", "sunbird"}
    for profile, schemas in index.items():
        assert len(schemas) == 17
        for path in schemas.values():
            assert api.get(path).json()["$id"] == path == path.replace("//", f"/{profile}/")
