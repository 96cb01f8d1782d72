"""Keycloak's events as lines of its log, of its built-in listener: `type=LOGIN, realmId=…, clientId=…, k=v…`.

Values stand bare, in single quotes where they hold a space, or all in double quotes, as the server's age has it. What
stands before is the logger's; the time is there, as the event itself does not say it in the log.
"""

import re
from datetime import UTC, datetime, timedelta, timezone

from footfall.dialects.keycloak.event import (
    KeycloakEvent,
    ReadError,
    changed_names,
    check_text,
    check_time,
    check_type,
    make_key,
    split_path,
)

_BEGIN = re.compile(r"(?:^|(?<=[\s:\])]))(?:type|operationType)=(?=[\"']?[A-Z][A-Z0-9_]*[\"']?, )")
_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?(?: ?(Z|[+-]\d\d:?\d\d)(?!\d))?", re.ASCII
)
_KEY = re.compile(r"([A-Za-z_][\w.-]*)=", re.ASCII)
_BARE = re.compile(r"(?:[^,]++|,(?! [A-Za-z_][\w.-]*=))*+", re.ASCII)
_DOUBLE = re.compile(r'"((?:[^"\\]++|\\.)*+)"(?=, |$)')
_SINGLE = re.compile(r"'((?:[^']++|'(?!, |$))*+)'")
_LONGEST_PREFIX = 2000
_MOST_PAIRS = 200
_EVENTS_LOGGER = "org.keycloak.events]"


def read_line(line: str, utc_offset: timedelta = timedelta()) -> KeycloakEvent | None:
    """The event in a line of the log; None for a line about something else.

    `utc_offset` is that of the server's clock, for times that do not say it. Raises ReadError.
    """
    line = line.rstrip()
    begin = _BEGIN.search(line)
    if begin is None:
        if _EVENTS_LOGGER in line[:_LONGEST_PREFIX]:
            raise ReadError("this line of the event log does not begin like an event")
        return None
    pairs = _pairs(line, begin.start())
    if "realmId" not in pairs:
        return None
    moment = _time(line[: begin.start()][-_LONGEST_PREFIX:], utc_offset)
    return _admin_event(pairs, moment) if "operationType" in pairs else _user_event(pairs, moment)


def _user_event(pairs: dict[str, str], moment: int) -> KeycloakEvent:
    name = check_type(pairs["type"], "type")
    client, user, session, code = (
        check_text(pairs.get(key), key) for key in ("clientId", "userId", "sessionId", "code_id")
    )
    # The log names the session only in newer servers; it has the same id as the authentication that led to it.
    session = session or (code if name in ("LOGIN", "LOGOUT") else "")
    error = pairs.get("error", "")
    return KeycloakEvent(
        key=make_key("", str(moment), name, client, user, session, code, error),
        at=moment,
        type=name,
        realm=check_text(pairs["realmId"], "realmId"),
        realm_name=check_text(pairs.get("realmName"), "realmName"),
        client=client,
        user=user,
        session=session,
        code=session if code == session else code,
        provider=check_text(pairs.get("identity_provider"), "identity_provider"),
        registered=check_text(pairs.get("register_method"), "register_method"),
        grant=check_text(pairs.get("grant_type"), "grant_type"),
        error=error[:200],
        credential=check_text(pairs.get("credential_type"), "credential_type"),
        names=changed_names(pairs),
    )


def _admin_event(pairs: dict[str, str], moment: int) -> KeycloakEvent:
    operation = check_type(pairs["operationType"], "operationType")
    resource = check_type(pairs.get("resourceType", ""), "resourceType")
    path = check_text(pairs.get("resourcePath", "")[:200], "resourcePath")
    client = check_text(pairs.get("clientId"), "clientId")
    user, rest = split_path(path)
    return KeycloakEvent(
        key=make_key("", str(moment), resource, operation, path, client),
        at=moment,
        type=f"{resource}-{operation}",
        realm=check_text(pairs["realmId"], "realmId"),
        realm_name=check_text(pairs.get("realmName"), "realmName"),
        client=client,
        user=user,
        error=pairs.get("error", "")[:200],
        rest=rest,
    )


def _pairs(line: str, position: int) -> dict[str, str]:
    """The values by their keys. The first of a key counts: what a person typed in stands behind what Keycloak says."""
    pairs: dict[str, str] = {}
    for _ in range(_MOST_PAIRS):
        key = _KEY.match(line, position)
        if key is None:
            break
        value, position = _value(line, key.end(), key[1])
        if value != "null":
            pairs.setdefault(key[1], value)
        if line[position : position + 2] != ", ":
            break
        position += 2
    return pairs


def _value(line: str, position: int, key: str) -> tuple[str, int]:
    quote = line[position : position + 1]
    if quote == '"':
        found = _DOUBLE.match(line, position)
        if found is None:
            raise ReadError(f"the value of {key[:40]} has no end", key[:40])
        return found[1].replace('\\"', '"'), found.end()
    if quote == "'" and (found := _SINGLE.match(line, position)):
        return found[1], found.end()
    found = _BARE.match(line, position)
    return (found[0], found.end()) if found else ("", position)


def _time(prefix: str, utc_offset: timedelta) -> int:
    """The last time that stands before an event: Keycloak's own, where others have put theirs before it."""
    found = max(_TIME.finditer(prefix), key=re.Match.start, default=None)
    if found is None:
        raise ReadError("no date and time stands before the event")
    *numbers, fraction, zone = found.groups()
    try:
        moment = datetime(*map(int, numbers), tzinfo=_zone(zone, utc_offset))  # type: ignore[misc, arg-type]
    except ValueError:
        raise ReadError("the date and time before the event are none") from None
    milliseconds = int(f"{fraction or '0':0<3}"[:3])
    return check_time(round(moment.timestamp()) * 1000 + milliseconds, "time")


def _zone(text: str | None, utc_offset: timedelta) -> timezone:
    if text is None:
        return timezone(utc_offset)
    if text == "Z":
        return UTC
    digits = text[1:].replace(":", "")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-offset if text[0] == "-" else offset)
