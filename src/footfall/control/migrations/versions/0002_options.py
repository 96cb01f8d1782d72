"""Everything that can be chosen about a channel in one column, so that a new option is no new column."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_CHOSEN = ("profile", "keep_payloads", "origins", "accepts", "rate", "burst")


def upgrade() -> None:
    """From a column for each option to one of JSON."""
    op.add_column("channels", sa.Column("options", sa.JSON(), nullable=False, server_default="{}"))
    connection = op.get_bind()
    rows = connection.execute(sa.text(f"SELECT name, {', '.join(_CHOSEN)} FROM channels")).mappings().all()  # noqa: S608
    for row in rows:
        options = {
            "profile": row["profile"],
            "keep_payloads": bool(row["keep_payloads"]),
            "origins": json.loads(row["origins"]),
            "accepts": json.loads(row["accepts"]),
            "rate": row["rate"],
            "burst": row["burst"],
        }
        change = sa.text("UPDATE channels SET options = :options WHERE name = :name")
        connection.execute(change, {"options": json.dumps(options), "name": row["name"]})
    for name in _CHOSEN:  # a new table in the place of the old one would take the keys along
        op.drop_column("channels", name)
