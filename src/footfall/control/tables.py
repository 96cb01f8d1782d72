"""The tables of the control database, as the newest migration leaves them."""

from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    LargeBinary,
    MetaData,
    String,
    Text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """Names every constraint, so that a later migration can change it on any database."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class ChannelRow(Base):
    """One channel; times are in epoch ms, `options` are those of `access.ChannelOptions`."""

    __tablename__ = "channels"

    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    options: Mapped[dict[str, Any]] = mapped_column(JSON, server_default="{}")
    created_at: Mapped[int] = mapped_column(BigInteger)


class KeyRow(Base):
    """One write key; `digest` is the SHA-256 of its secret."""

    __tablename__ = "keys"
    __table_args__: Any = (CheckConstraint("kind IN ('public', 'secret')", name="kind"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    channel: Mapped[str] = mapped_column(String(100), ForeignKey("channels.name", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    created_at: Mapped[int] = mapped_column(BigInteger)
    expires_at: Mapped[int | None] = mapped_column(BigInteger)


class UserRow(Base):
    """One dashboard login."""

    __tablename__ = "users"

    login: Mapped[str] = mapped_column(String(100), primary_key=True)
    password: Mapped[str] = mapped_column(Text)
    created_at: Mapped[int] = mapped_column(BigInteger)


class SessionRow(Base):
    """One signed-in browser; `digest` is the SHA-256 of its token."""

    __tablename__ = "sessions"

    digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    login: Mapped[str] = mapped_column(String(100), ForeignKey("users.login", ondelete="CASCADE"), index=True)
    expires_at: Mapped[int] = mapped_column(BigInteger, index=True)
