"""The portal's database: accounts, logins, sign-ups under way, and what footfall is yet to be told.

An example may make its tables by itself; a portal that lives longer changes them with Alembic.
"""

import time
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import ForeignKey, create_engine, delete, event
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

Make = sessionmaker[Session]
_DAY = 24 * 3600.0


class Base(DeclarativeBase):
    """All tables."""


class Account(Base):
    """Somebody. `id` is random: it is all that events say of a person. Times are seconds since 1970."""

    __tablename__ = "accounts"
    id: Mapped[str] = mapped_column(primary_key=True, default=lambda: uuid4().hex)
    name: Mapped[str]
    contact: Mapped[str] = mapped_column(unique=True)
    contact_type: Mapped[str]
    city: Mapped[str] = mapped_column(default="")
    password: Mapped[str | None]
    google: Mapped[str | None] = mapped_column(unique=True)
    created_at: Mapped[float] = mapped_column(default=time.time)
    deactivated_at: Mapped[float | None]
    failures: Mapped[int] = mapped_column(default=0)
    failed_at: Mapped[float] = mapped_column(default=0.0)


class Login(Base):
    """A browser that somebody is logged in with; `id` is a hash of what its cookie says."""

    __tablename__ = "logins"
    id: Mapped[str] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    expires_at: Mapped[float]


class Signup(Base):
    """A sign-up under way, or over. The code is kept as a keyed hash."""

    __tablename__ = "signups"
    flow: Mapped[str] = mapped_column(primary_key=True)
    visit: Mapped[str] = mapped_column(index=True)
    created_at: Mapped[float] = mapped_column(default=time.time)
    name: Mapped[str] = mapped_column(default="")
    contact: Mapped[str] = mapped_column(default="")
    contact_type: Mapped[str] = mapped_column(default="")
    password: Mapped[str] = mapped_column(default="")
    code: Mapped[str] = mapped_column(default="")
    expires_at: Mapped[float] = mapped_column(default=0.0)
    suspicions: Mapped[int] = mapped_column(default=0)
    tries: Mapped[int] = mapped_column(default=0)
    resends: Mapped[int] = mapped_column(default=0)
    is_seen: Mapped[bool] = mapped_column(default=False)
    is_over: Mapped[bool] = mapped_column(default=False)


class Letter(Base):
    """A code, or what came in its place, that was sent; `recipient` is a keyed hash of the address or number."""

    __tablename__ = "letters"
    number: Mapped[int] = mapped_column(primary_key=True)
    recipient: Mapped[str] = mapped_column(index=True)
    sent_at: Mapped[float] = mapped_column(default=time.time)


class Departure(Base):
    """Somebody who went to Google and is not back yet; `state` is a hash of what comes back with them."""

    __tablename__ = "departures"
    state: Mapped[str] = mapped_column(primary_key=True)
    visit: Mapped[str]
    flow: Mapped[str]
    nonce: Mapped[str]
    verifier: Mapped[str]
    created_at: Mapped[float] = mapped_column(default=time.time)


class Told(Base):
    """An operation on an account that footfall has not confirmed yet, as JSON; written with what it tells of."""

    __tablename__ = "told"
    number: Mapped[int] = mapped_column(primary_key=True)
    body: Mapped[bytes]


def open_store(address: str, folder: Path) -> Make:
    """The database, with its tables; what nobody came back for within a day is removed."""
    engine = create_engine(address or f"sqlite:///{folder / 'portal.db'}")
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_up)
    Base.metadata.create_all(engine)
    make = sessionmaker(engine, expire_on_commit=False)
    with make.begin() as db:
        old = time.time() - _DAY
        db.execute(delete(Signup).where(Signup.created_at < old))
        db.execute(delete(Departure).where(Departure.created_at < old))
        db.execute(delete(Login).where(Login.expires_at < time.time()))
    return make


def _set_up(connection: Any, _: object) -> None:
    for pragma in ("journal_mode = WAL", "foreign_keys = ON", "busy_timeout = 5000", "secure_delete = ON"):
        connection.execute(f"PRAGMA {pragma}")
