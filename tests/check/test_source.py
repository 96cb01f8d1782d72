"""Inputs are read for what they are; those that cannot be used say why, and bombs fill no memory."""

import gzip
import io
import os
import threading
import zlib
from pathlib import Path

import pytest
import zstandard

from footfall.check.inputs import Inputs
from footfall.check.source import InputError, opened

from .texts import event, text

LINES = b"".join(text(event(number)) + b"\n" for number in range(200))


def content(path: Path) -> bytes:
    with opened(str(path)) as source:
        return b"".join(source.blocks())


def count(*names: str, loosely: bool = False) -> tuple[int, list[str]]:
    """How many events were read, and what was wrong with the inputs."""
    inputs = Inputs(names, loosely=loosely)
    return sum(chunk.count for chunk in inputs.chunks()), [problem.detail for problem in inputs.problems]


def zstd(data: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(data)


PACKED = {
    "as it is": LINES,
    "byte order mark": b"\xef\xbb\xbf" + LINES,
    "gzip": gzip.compress(LINES),
    "gzip in members": gzip.compress(LINES[:5000]) + gzip.compress(LINES[5000:]),
    "gzip with zeros behind": gzip.compress(LINES) + b"\x00" * 512,
    "zstd": zstd(LINES),
    "zstd in frames": zstd(LINES[:5000]) + zstd(b"") + zstd(LINES[5000:]),
    "zstd of unknown size": zstandard.ZstdCompressor(write_content_size=False).compress(LINES),
    "gzip of a byte order mark": gzip.compress(b"\xef\xbb\xbf" + LINES),
}


@pytest.mark.parametrize("form", PACKED)
def test_a_file_is_unpacked_by_what_it_holds(form: str, tmp_path: Path) -> None:
    path = tmp_path / "events.txt"
    path.write_bytes(PACKED[form])
    assert content(path) == LINES
    assert count(str(path)) == (200, [])


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (gzip.compress(LINES)[:-20], "ends too soon"),
        (gzip.compress(LINES, mtime=0)[:5], "ends too soon"),
        (gzip.compress(LINES)[:-8] + b"x" * 8, "damaged"),
        (gzip.compress(LINES) + b"more", "damaged"),
        (zstd(LINES)[:-4], "ends too soon"),
        (zstandard.ZstdCompressor(write_checksum=True).compress(LINES)[:-4] + b"oops", "damaged"),
        (text(event()).decode().encode("utf-16"), "UTF-16"),
        (text(event()).decode().encode("utf-32"), "UTF-32"),
        (text(event()).decode().encode("utf-16-le"), "not text"),
        (os.urandom(4096), "not text"),
        (gzip.compress(os.urandom(4096)), "not text"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "not text"),
        (b"PK\x03\x04" + bytes(100), "zip"),
        (b"BZh9" + bytes(100), "bzip2"),
    ],
)
def test_what_cannot_be_used_says_why(data: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "events"
    path.write_bytes(data)
    with pytest.raises(InputError, match=said):
        content(path)
    assert said in count(str(path))[1][0]


def test_what_came_before_damage_is_read_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "events.gz"
    path.write_bytes(gzip.compress(os.urandom(1000).hex().encode().join([LINES * 100, b"\n"]))[:-200])
    read, problems = count(str(path), str(path))
    assert read >= 2 * 19_000
    assert len(problems) == 2


def test_names_that_lead_to_no_file_do_not_stop_the_others(tmp_path: Path) -> None:
    good = tmp_path / "good"
    good.write_bytes(LINES)
    (tmp_path / "empty").touch()
    read, problems = count(str(tmp_path / "none"), str(good), str(tmp_path), str(tmp_path / "empty"), str(good))
    assert read == 400
    assert problems == ["there is no such file", "is a folder: name the files in it"]


def test_a_few_control_characters_do_not_make_a_text_binary(tmp_path: Path) -> None:
    path = tmp_path / "events"
    path.write_bytes(LINES + b'{"eid": "\x00"}\n' + LINES)
    assert count(str(path)) == (401, [])


def test_a_pipe_is_read_as_a_file_is(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(gzip.compress(LINES),))
    writer.start()
    assert count(str(path)) == (200, [])
    writer.join()


def bomb(size: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    out = io.BytesIO()
    for _ in range(size):
        out.write(packer.compress(b" " * (1 << 20)))
    out.write(packer.flush())
    return out.getvalue()


def test_a_bomb_is_read_in_small_memory(tmp_path: Path) -> None:
    path = tmp_path / "bomb"
    path.write_bytes(bomb(64))
    assert path.stat().st_size < 100_000
    with opened(str(path)) as source:
        assert max(map(len, source.blocks())) <= 2 << 20
    path.write_bytes(zstd(b" " * (64 << 20)))
    with opened(str(path)) as source:
        assert max(map(len, source.blocks())) <= 16 << 20
    assert count(str(path)) == (0, [])
