"""What `footfall micro` says about the events it was sent; the same for its JSON and for the pytest fixture."""

from typing import Any

from msgspec import Struct


class Remark(Struct, frozen=True):
    """One thing that is wrong or remarkable about an event, as the reply to its sender had it."""

    code: str
    path: str
    message: str
    hint: str
    docs: str


class Batch(Struct, frozen=True, kw_only=True):
    """The request in which an event came. Requests are numbered from 0 since the last reset.

    `sent_at` is the sender's clock (epoch ms), `device` and `app` are its headers X-Device-Id and X-App-Id.
    """

    number: int
    index: int
    of: int
    sent_at: float | None = None
    device: str | None = None
    app: str | None = None
    agent_family: str | None = None
    agent_version: str | None = None
    agent_system: str | None = None


class Good(Struct, frozen=True, kw_only=True):
    """An accepted event; `event` is its JSON as sent, `received_at` is in epoch ms."""

    mid: str
    eid: str
    event_type: str
    channel: str
    event: Any
    warnings: list[Remark]
    received_at: int
    batch: Batch


class Bad(Struct, frozen=True, kw_only=True):
    """A rejected event with all that is wrong about it; `received_at` is in epoch ms.

    `payload` is its JSON as sent: a string if it was not JSON, None if it was too large to be kept. `mid` and `eid` are
    None where they could not be read.
    """

    mid: str | None
    eid: str | None
    channel: str
    payload: Any
    findings: list[Remark]
    received_at: int
    batch: Batch


class Totals(Struct, frozen=True, kw_only=True):
    """Events since the last reset: `total` is the sum of `good`, `bad` and `duplicate`.

    `refused` counts requests that were refused as a whole, by code. Only the newest events are kept to be looked at:
    at most `limit`, of which `dropped` have had to go.
    """

    total: int
    good: int
    bad: int
    duplicate: int
    refused: dict[str, int]
    dropped: int
    limit: int
