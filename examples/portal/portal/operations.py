"""What happened to accounts, told at footfall's /v1/identity/operations.

An operation is written in the transaction that it tells of, and sent after it: what happened is told, also after a
crash, and nothing else. It keeps its id and its time, so that a resend counts once.
"""

import logging
import threading
import time
from typing import Any
from uuid import uuid4

import httpx2
import msgspec
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from portal.settings import Settings
from portal.store import Make, Told

_log = logging.getLogger("portal.operations")
_PATH = "/v1/identity/operations"
_MOST = 500
_LONGEST_PAUSE = 60.0
_CLIENT = "academy.portal"


def note(db: Session, operation: str, user: str, **more: Any) -> None:
    """Write down an operation on the account `user`; `changed` names attributes, never their values."""
    body = {
        "id": str(uuid4()),
        "time": time.time_ns() // 1_000_000,
        "operation": operation,
        "surface": "registration_ui",
        "client": _CLIENT,
        **({"user": user} if user else {}),
        **more,
    }
    db.add(Told(body=msgspec.json.encode(body)))


class Teller:
    """A thread that sends what was written down, in order, and forgets what footfall has."""

    def __init__(self, settings: Settings, store: Make) -> None:
        self._url = settings.footfall.rstrip("/") + _PATH if settings.footfall else ""
        self._store = store
        self._headers = {"content-type": "application/json", "x-channel-id": settings.channel}
        if settings.footfall_key:
            self._headers["authorization"] = f"Bearer {settings.footfall_key}"
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="operations", daemon=True)

    def start(self) -> None:
        """Begin; what a run before this one left goes first."""
        if self._url:
            self._wake.set()
            self._thread.start()

    def nudge(self) -> None:
        """There may be something to send."""
        self._wake.set()

    def close(self) -> None:
        """Send once more, then end."""
        self._stop.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(5)

    def _run(self) -> None:
        pause = 0.5
        with httpx2.Client(headers=self._headers, timeout=10) as client:
            while True:
                self._wake.wait()
                self._wake.clear()
                is_last = self._stop.is_set()
                if self._send_all(client):
                    pause = 0.5
                elif not is_last:
                    self._stop.wait(pause)
                    pause = min(pause * 2, _LONGEST_PAUSE)
                    self._wake.set()
                if is_last:
                    return

    def _send_all(self, client: httpx2.Client) -> bool:
        while True:
            with self._store() as db:
                waiting = list(db.scalars(select(Told).order_by(Told.number).limit(_MOST)))
            if not waiting:
                return True
            if not self._send(client, b",".join(one.body for one in waiting)):
                return False
            with self._store.begin() as db:
                db.execute(delete(Told).where(Told.number.in_([one.number for one in waiting])))

    def _send(self, client: httpx2.Client, bodies: bytes) -> bool:
        """Whether footfall has judged them; one that it rejects is logged and not sent again."""
        try:
            reply = client.post(self._url, content=b'{"operations":[' + bodies + b"]}")
        except httpx2.HTTPError as error:
            _log.warning("footfall cannot be reached (%s); operations wait", type(error).__name__)
            return False
        if reply.status_code != 200:
            _log.warning("footfall answered %d; operations wait", reply.status_code)
            return False
        for one in reply.json().get("operations", []):
            if one["status"] == "rejected":
                codes = ", ".join(sorted({fault["code"] for fault in one["errors"]}))
                _log.error("footfall rejected the operation %s: %s", one["id"], codes)
        return True
