"""The page's files: read once, compressed once, named by the hash of all of them."""

import base64
import gzip
import json
import re
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from msgspec import Struct

FOLDER = Path(__file__).parent / "web"

_TYPES = {
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
}


class Asset(Struct):
    """One file. Compressed forms are made when they are first asked for."""

    media: str
    raw: bytes
    gzipped: bytes | None = None
    brotlied: bytes | None = None

    def encoded(self, accepts: str) -> tuple[bytes, str | None]:
        """The body for an Accept-Encoding header, and its Content-Encoding."""
        if "br" in re.split(r"[\s,;]+", accepts):
            return self._brotli(), "br"
        if "gzip" in accepts:
            if self.gzipped is None:
                self.gzipped = gzip.compress(self.raw, 9, mtime=0)
            return self.gzipped, "gzip"
        return self.raw, None

    def _brotli(self) -> bytes:
        if self.brotlied is None:
            import brotli

            self.brotlied = bytes(brotli.compress(self.raw))
        return self.brotlied


class Bundle:
    """All files of the page. Their addresses change with their contents, so browsers may keep them for ever."""

    def __init__(self, folder: Path = FOLDER) -> None:
        paths = sorted(path for path in folder.rglob("*") if path.suffix in _TYPES)
        self._assets = {
            path.relative_to(folder).as_posix(): Asset(_TYPES[path.suffix], path.read_bytes()) for path in paths
        }
        self._index = (folder / "index.html").read_text("utf-8")
        digest = sha256(self._index.encode())
        for name, asset in self._assets.items():
            digest.update(name.encode() + b"\0" + asset.raw)
        self.version = digest.hexdigest()[:16]

    def find(self, name: str) -> Asset | None:
        """The file of this name."""
        return self._assets.get(name)

    def address(self, name: str) -> str:
        """Where the file is served."""
        return f"/assets/{self.version}/{name}"

    @cached_property
    def imports(self) -> str:
        """The import map by which the modules find the vendored ones."""
        modules = {
            "preact": "vendor/preact.mjs",
            "preact/hooks": "vendor/preact-hooks.mjs",
            "htm": "vendor/htm.mjs",
            "uplot": "vendor/uplot.mjs",
        }
        return json.dumps({"imports": {name: self.address(path) for name, path in modules.items()}})

    @cached_property
    def scripts(self) -> str:
        """CSP source of the one script that stands in the page itself: the import map."""
        return f" 'sha256-{base64.b64encode(sha256(self.imports.encode()).digest()).decode()}'"

    @cached_property
    def index(self) -> str:
        """The page."""
        names = [name for name in self._assets if name.endswith((".js", ".mjs")) and name != "js/theme.js"]
        preloads = "\n".join(f'<link rel="modulepreload" href="{self.address(name)}">' for name in names)
        return (
            self._index.replace("{{imports}}", self.imports)
            .replace("{{preloads}}", preloads)
            .replace("{{assets}}", f"/assets/{self.version}")
        )
