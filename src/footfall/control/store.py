"""Channels, keys and dashboard logins: the writing side."""

import hashlib
import secrets
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypedDict, Unpack

from msgspec import Struct, ValidationError, convert, structs
from sqlalchemy import Engine, delete, select
from sqlalchemy.orm import Session

from footfall.control import browsers, openness, passwords, validation
from footfall.control.access import Channel
from footfall.control.database import open_database, reading, writing
from footfall.control.errors import (
    ChannelExistsError,
    DamagedControlError,
    UnknownChannelError,
    UnknownKeyError,
    UnknownUserError,
    UserExistsError,
)
from footfall.control.tables import ChannelRow, KeyRow, SessionRow, UserRow
from footfall.control.tokens import Kind, mint

_MOST_SESSIONS = 20


class ChannelInfo(Channel, frozen=True):
    """A channel as its owner sees it; `created_at` is in epoch ms."""

    created_at: int = 0


class ChannelOptions(TypedDict, total=False):
    """What can be chosen about a channel; see `Channel`. `origins` limits its public keys."""

    profile: str
    keep_payloads: bool
    origins: Sequence[str]
    accepts: Sequence[str]
    rate: float
    burst: float
    public_types: Sequence[str]


class NewKeys(Struct, frozen=True):
    """Tokens, seen this one time; empty for a kind that was not renewed."""

    public: str = ""
    secret: str = ""


class KeyInfo(Struct, frozen=True):
    """A key without its secret; times are in epoch ms."""

    id: str
    kind: Kind
    channel: str
    created_at: int
    expires_at: int | None = None


class UserInfo(Struct, frozen=True):
    """A dashboard login; `created_at` is in epoch ms."""

    login: str
    created_at: int


class NewSession(Struct, frozen=True):
    """What a browser gets that has logged in: the session's token, and the one by which it is known next time."""

    token: str
    browser: str

    def __repr__(self) -> str:
        return "NewSession()"


def epoch_ms() -> int:
    """The time now, in epoch ms."""
    return time.time_ns() // 1_000_000


class Control:
    """The control database of one installation; safe to use from several threads and processes.

    Any call may raise ControlBusyError or DamagedControlError.
    """

    def __init__(self, engine: Engine, *, clock: Callable[[], int] = epoch_ms) -> None:
        self._engine = engine
        self._clock = clock
        if self.channels() or self.users():
            self._close_for_good()  # one from before there was a file to remember it by

    @classmethod
    def open(cls, path: Path, *, clock: Callable[[], int] = epoch_ms) -> Self:
        """Open the database, making or migrating it where needed; raises NewerSchemaError too."""
        return cls(open_database(path), clock=clock)

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def channels(self) -> list[ChannelInfo]:
        """All channels, by name."""
        with reading(self._engine) as session:
            return [_channel_info(row) for row in session.scalars(select(ChannelRow).order_by(ChannelRow.name))]

    def channel(self, name: str) -> ChannelInfo:
        """One channel; raises UnknownChannelError."""
        with reading(self._engine) as session:
            return _channel_info(_channel(session, name))

    def add_channel(self, name: str, **options: Unpack[ChannelOptions]) -> NewKeys:
        """Make a channel with one public and one secret key.

        Raises ChannelExistsError, InvalidNameError, InvalidProfileError, InvalidOriginError or InvalidRateError.
        """
        info = _checked(structs.replace(ChannelInfo(validation.check_name(name)), **options))
        self._close_for_good()
        with writing(self._engine) as session:
            if session.get(ChannelRow, name) is not None:
                raise ChannelExistsError(f"there is already a channel {name!r}")
            session.add(ChannelRow(name=info.name, options=_options(info), created_at=self._clock()))
            session.flush()
            return NewKeys(self._add_key(session, name, "public"), self._add_key(session, name, "secret"))

    def set_channel(self, name: str, **changes: Unpack[ChannelOptions]) -> ChannelInfo:
        """Change what is named and leave the rest; raises what `add_channel` does, or UnknownChannelError."""
        with writing(self._engine) as session:
            row = _channel(session, name)
            row.options = _options(_checked(structs.replace(_channel_info(row), **changes)))
            session.flush()
            return _channel_info(row)

    def remove_channel(self, name: str) -> None:
        """Remove a channel and its keys; its events stay in the lake. Raises UnknownChannelError."""
        with writing(self._engine) as session:
            session.delete(_channel(session, name))

    def write_keys(self, name: str | None = None) -> list[KeyInfo]:
        """The keys of one channel or all, expired ones included, oldest first; raises UnknownChannelError."""
        query = select(KeyRow).order_by(KeyRow.channel, KeyRow.created_at, KeyRow.id)
        with reading(self._engine) as session:
            if name is not None:
                query = query.where(KeyRow.channel == _channel(session, name).name)
            return [_key_info(row) for row in session.scalars(query)]

    def rotate(self, name: str, kinds: Sequence[Kind] = ("public", "secret"), grace_seconds: float = 0) -> NewKeys:
        """Make new keys of these kinds; all older ones end after the grace, or when they were to if that is sooner.

        Raises UnknownChannelError.
        """
        with writing(self._engine) as session:
            _channel(session, name)
            end = self._clock() + round(grace_seconds * 1000)
            for row in session.scalars(select(KeyRow).where(KeyRow.channel == name, KeyRow.kind.in_(kinds))):
                _end(row, end)
            return NewKeys(**{kind: self._add_key(session, name, kind) for kind in kinds})

    def add_secret_key(self, name: str) -> str:
        """One more secret key beside the others, as a token; raises UnknownChannelError."""
        with writing(self._engine) as session:
            return self._add_key(session, _channel(session, name).name, "secret")

    def revoke_key(self, key_id: str) -> None:
        """End a key at once; raises UnknownKeyError."""
        with writing(self._engine) as session:
            row = session.get(KeyRow, key_id) if key_id.isascii() else None
            if row is None:
                raise UnknownKeyError(f"there is no key {validation.shown(key_id)}")
            _end(row, self._clock())

    def users(self) -> list[UserInfo]:
        """All dashboard logins, by name."""
        with reading(self._engine) as session:
            rows = session.scalars(select(UserRow).order_by(UserRow.login))
            return [UserInfo(row.login, row.created_at) for row in rows]

    def add_user(self, login: str, password: str) -> None:
        """Make a dashboard login; raises UserExistsError, InvalidLoginError or InvalidPasswordError."""
        login = validation.check_login(login)
        sealed = passwords.seal(passwords.check_password(password))
        self._close_for_good()
        with writing(self._engine) as session:
            if session.get(UserRow, login) is not None:
                raise UserExistsError(f"there is already a login {login!r}")
            session.add(UserRow(login=login, password=sealed, created_at=self._clock()))

    def set_password(self, login: str, password: str) -> None:
        """Change a password and end the login's sessions; raises UnknownUserError or InvalidPasswordError."""
        sealed = passwords.seal(passwords.check_password(password))
        with writing(self._engine) as session:
            row = _user(session, login)
            row.password = sealed
            session.execute(delete(SessionRow).where(SessionRow.login == row.login))

    def remove_user(self, login: str) -> None:
        """Remove a dashboard login and its sessions; raises UnknownUserError."""
        with writing(self._engine) as session:
            session.delete(_user(session, login))

    def log_in(self, login: str, password: str, ttl_seconds: float) -> NewSession | None:
        """Begin a session, None where name or password is wrong; an unknown name takes as long. About 0.2 s of CPU.

        Of a login's sessions, the 20 that end last are kept.
        """
        with reading(self._engine) as session:
            sealed = _sealed(session, login)
        if not passwords.opens(password, sealed) or sealed is None:
            return None
        now = self._clock()
        token = secrets.token_urlsafe(32)
        with writing(self._engine) as session:
            row = _find_user(session, login)
            if row is None or row.password != sealed:
                return None  # removed, or given another password, while this one was looked at
            _make_room(session, row.login, now)
            session.add(SessionRow(digest=_digest(token), login=row.login, expires_at=now + round(ttl_seconds * 1000)))
            return NewSession(token, browsers.mint(row.login, sealed, now))

    def knows_browser(self, login: str, token: str) -> bool:
        """Whether this login was used from the browser with this token lately; costs no more than a look."""
        with reading(self._engine) as session:
            sealed = _sealed(session, login)
        return browsers.fits(token, validation.fold_login(login) or "", sealed, self._clock())

    def session_login(self, token: str) -> str | None:
        """Whose session this is; None if it has ended or never was."""
        with reading(self._engine) as session:
            row = session.get(SessionRow, _digest(token))
            return row.login if row and row.expires_at > self._clock() else None

    def end_session(self, token: str) -> None:
        """Sign out; does nothing if the session has ended already."""
        if self.session_login(token) is None:
            return  # anybody can ask for this, so it must not wait for the write lock
        with writing(self._engine) as session:
            session.execute(delete(SessionRow).where(SessionRow.digest == _digest(token)))

    def _close_for_good(self) -> None:
        """From now on nobody gets in without a key or a login; said before the first one is made."""
        path = Path(self._engine.url.database or "")
        try:
            openness.close(path)
        except OSError as error:
            raise DamagedControlError(f"{path.name} cannot be used: {error.strerror}") from error

    def _add_key(self, session: Session, channel: str, kind: Kind) -> str:
        token = mint(kind)
        row = KeyRow(id=token.id, channel=channel, kind=kind, digest=token.digest, created_at=self._clock())
        session.add(row)
        return str(token)


def _checked(info: ChannelInfo) -> ChannelInfo:
    return structs.replace(
        info,
        profile=validation.check_profile(info.profile),
        origins=validation.normalise_origins(info.origins),
        accepts=validation.check_accepts(info.accepts),
        rate=validation.check_rate("rate", info.rate),
        burst=validation.check_rate("burst", info.burst),
        public_types=validation.check_types(info.public_types),
    )


def _options(info: ChannelInfo) -> dict[str, Any]:
    """What can be chosen about a channel, as it is kept."""
    return {name: value for name, value in structs.asdict(info).items() if name not in ("name", "created_at")}


def _channel_info(row: ChannelRow) -> ChannelInfo:
    try:
        return convert(row.options | {"name": row.name, "created_at": row.created_at}, ChannelInfo)
    except (ValidationError, TypeError) as error:
        raise DamagedControlError(f"a row of the control database cannot be read: {error}") from error


def _key_info(row: KeyRow) -> KeyInfo:
    kind: Kind = "public" if row.kind == "public" else "secret"
    return KeyInfo(row.id, kind, row.channel, row.created_at, row.expires_at)


def _channel(session: Session, name: str) -> ChannelRow:
    row = session.get(ChannelRow, name) if validation.is_name(name) else None
    if row is None:
        raise UnknownChannelError(f"there is no channel {validation.shown(name)}")
    return row


def _user(session: Session, login: str) -> UserRow:
    row = _find_user(session, login)
    if row is None:
        raise UnknownUserError(f"there is no login {validation.shown(login)}")
    return row


def _find_user(session: Session, login: str) -> UserRow | None:
    folded = validation.fold_login(login)
    return session.get(UserRow, folded) if folded else None


def _sealed(session: Session, login: str) -> str | None:
    row = _find_user(session, login)
    return row.password if row else None


def _make_room(session: Session, login: str, now: int) -> None:
    """Remove the sessions that have ended, and of this login the ones that end first, to leave room for one more."""
    kept = (
        select(SessionRow.digest)
        .where(SessionRow.login == login)
        .order_by(SessionRow.expires_at.desc())
        .limit(_MOST_SESSIONS - 1)
    )
    session.execute(delete(SessionRow).where(SessionRow.expires_at <= now))
    session.execute(delete(SessionRow).where(SessionRow.login == login, SessionRow.digest.not_in(kept)))


def _end(row: KeyRow, at: int) -> None:
    row.expires_at = at if row.expires_at is None else min(at, row.expires_at)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
