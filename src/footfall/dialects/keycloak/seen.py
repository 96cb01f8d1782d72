"""What has to be remembered of earlier events to understand a later one: bounded, and without anybody's id in it."""

from collections import OrderedDict
from typing import TypeVar

from msgspec import Struct

from footfall.dialects.keycloak.event import KeycloakEvent, digest

_Value = TypeVar("_Value")

MOST_SESSIONS = 50_000
MOST_REGISTRATIONS = 20_000
MOST_DISABLED = 50_000
MOST_DECIDED = 100_000


class Registration(Struct):
    """A registration: when (epoch ms), in which authentication session (digest), and whether its login has come."""

    at: int
    code: str
    is_folded: bool = False


class Recollection(Struct, frozen=True):
    """A memory as it is kept on disk; oldest first. All keys are digests."""

    sessions: dict[str, str] = {}
    registrations: dict[str, Registration] = {}
    disabled: dict[str, int] = {}
    decided: dict[str, str] = {}


class SeenEvents:
    """The sessions, registrations, and deactivated accounts seen last, and what was decided of the events seen last.

    Of each kind the oldest are forgotten first, past a fixed number.
    """

    def __init__(self, kept: Recollection | None = None) -> None:
        kept = kept or Recollection()
        self._sessions = OrderedDict(kept.sessions)
        self._registrations = OrderedDict(kept.registrations)
        self._disabled = OrderedDict(kept.disabled)
        self._decided = OrderedDict(kept.decided)

    def recollect(self) -> Recollection:
        """Everything in it."""
        return Recollection(self._sessions, self._registrations, self._disabled, self._decided)

    def decided(self, event: KeycloakEvent) -> str:
        """What was decided of this event when it came before; empty if it did not."""
        return self._decided.get(digest(event.key), "")

    def decide(self, event: KeycloakEvent, decision: str) -> None:
        """Remember what was decided of an event."""
        _keep(self._decided, digest(event.key), decision, MOST_DECIDED)

    def is_elsewhere(self, event: KeycloakEvent) -> bool:
        """Whether the event's session began at another client; at this one, if it has not been seen before."""
        if not event.session:
            return False
        session, client = digest("session", event.session), digest("client", event.client)
        began_at = self._sessions.get(session, client)
        _keep(self._sessions, session, began_at, MOST_SESSIONS)
        return began_at != client

    def register(self, event: KeycloakEvent) -> None:
        """Remember a registration, whose login may follow."""
        found = Registration(event.at, digest("code", event.code) if event.code else "")
        _keep(self._registrations, digest("user", event.user), found, MOST_REGISTRATIONS)

    def registration(self, event: KeycloakEvent) -> Registration | None:
        """How the user of an event registered, if that was not long ago."""
        return self._registrations.get(digest("user", event.user))

    def is_disabled(self, event: KeycloakEvent) -> bool:
        """Whether the account was deactivated."""
        return digest("user", event.user) in self._disabled

    def disable(self, event: KeycloakEvent) -> None:
        """Remember that the account was deactivated."""
        _keep(self._disabled, digest("user", event.user), event.at, MOST_DISABLED)

    def enable(self, event: KeycloakEvent) -> None:
        """Forget that the account was deactivated, or that there was one."""
        self._disabled.pop(digest("user", event.user), None)


def _keep(found: OrderedDict[str, _Value], key: str, value: _Value, most: int) -> None:
    found[key] = value
    found.move_to_end(key)
    while len(found) > most:
        found.popitem(last=False)
