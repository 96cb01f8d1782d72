"""The bytes on disk are those of docs/journal.md: what one release wrote, the next reads."""

import json
import struct
from collections.abc import Iterator
from pathlib import Path

from xxhash import xxh3_64_intdigest

from footfall.journal.segments import Identity

from .folders import read_folder, write

OLD_IDENTITY = b'{"id":"0123456789abcdef","format":1,"check":"304c6b582830fc1f"}'
OLD_SEGMENT = bytes.fromhex(
    "666f6f7466616c6c0100000000000000efcdab8967452301e80300000000000007000000000000000b21bf740b0388f5"
    "ff524543050000000700000000000000e803000000000000a227be018ea0e36edf933dc409d9c84d6669727374ff5245"
    "43060000000800000000000000e803000000000000554091f9fcfb807588c68e2bdcdee8067365636f6e64"
)
OLD_MARK = bytes.fromhex("43040000000000000900000000000000600ae370df559562")


def _documented_reader(folder: Path) -> Iterator[tuple[int, bytes]]:
    """A reader made from the document alone."""
    identity = json.loads((folder / "journal.json").read_text())
    assert int(identity["check"], 16) == xxh3_64_intdigest(f"{identity['id']} {identity['format']}".encode())
    key = int(identity["id"], 16)
    mark = (folder / "durable").read_bytes()
    end, _, checksum = struct.unpack("<QQQ", mark)
    assert checksum == xxh3_64_intdigest(mark[:16])
    for path in sorted(folder.glob("*.seg")):
        data = path.read_bytes()
        magic, version, _, owner, base, _, checksum = struct.unpack_from("<8sIIQQQQ", data)
        assert (magic, version, owner, base) == (b"footfall", 1, key, int(path.stem))
        assert checksum == xxh3_64_intdigest(data[:40])
        at = 48
        while at < len(data) and base + at - 48 < end:
            marker, length, number, _, head, body = struct.unpack_from("<4sIQQQQ", data, at)
            payload = data[at + 40 : at + 40 + length]
            assert marker == b"\xff\x52\x45\x43"
            assert head == xxh3_64_intdigest(data[at : at + 24], key ^ (base + at - 48))
            assert body == xxh3_64_intdigest(payload, head)
            yield number, payload
            at += 40 + length


def test_a_reader_made_from_the_document_reads_a_journal(tmp_path: Path) -> None:
    payloads = [b"%d" % n * 30 for n in range(50)]
    write(tmp_path, [payloads[:20], payloads[20:]], segment_bytes=1000)
    assert list(_documented_reader(tmp_path)) == list(enumerate(payloads))


def test_a_journal_of_the_first_release_is_read(tmp_path: Path) -> None:
    (tmp_path / "journal.json").write_bytes(OLD_IDENTITY)
    (tmp_path / "durable").write_bytes(OLD_MARK)
    (tmp_path / f"{1000:020d}.seg").write_bytes(OLD_SEGMENT)

    content = read_folder(tmp_path, 1000)

    assert content.payloads == [b"first", b"second"]
    assert content.numbers == [7, 8]
    assert list(_documented_reader(tmp_path)) == [(7, b"first"), (8, b"second")]
    assert Identity.of("0123456789abcdef").key == 0x0123456789ABCDEF
