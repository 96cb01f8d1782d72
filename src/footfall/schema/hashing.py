"""By what two events are the same: hashes that are equal in every process, on every machine, for good."""

from xxhash import xxh3_64_intdigest

PUBLIC_BITS = 0x9E3779B97F4A7C15


def key_hash(channel: str, mid: str) -> int:
    """Unsigned 64-bit hash of who sent an event and what they called it: XXH3-64, seed 0, of channel NUL mid."""
    return xxh3_64_intdigest(f"{channel}\0{mid}".encode())


def public_key_hash(hashed: int) -> int:
    """The hash of the same event sent with a public key, by that with a secret one, and the other way round.

    So an event that anybody can send never passes for one that only the owner of a secret can.
    """
    return hashed ^ PUBLIC_BITS


def content_hash(canonical: bytes) -> int:
    """Unsigned 64-bit hash of an event's canonical content: XXH3-64, seed 0."""
    return xxh3_64_intdigest(canonical)


def content_hashes(canonicals: bytes, ends: list[int]) -> list[int]:
    """`content_hash` of every line; `ends` are the places of the line feeds."""
    hashes = []
    start = 0
    for end in ends:
        hashes.append(content_hash(canonicals[start:end]))
        start = end + 1
    return hashes
