import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, text

from footfall.control.database import MIGRATIONS
from footfall.control.errors import DamagedControlError, NewerSchemaError
from footfall.control.schema_version import HEAD
from footfall.control.store import Control
from footfall.control.tables import Base

SCRIPTS = ScriptDirectory(str(MIGRATIONS))
REVISIONS = [script.revision for script in reversed(list(SCRIPTS.walk_revisions()))]

# What each release's tables may hold; every later step has to carry it along.
SAMPLES = {
    "0001": [
        "INSERT INTO channels VALUES ('a', 'sunbird', 0, '[\"https://a.example\"]', '[]', 5, 0, 1)",
        "INSERT INTO keys VALUES ('k', 'a', 'public', x'00', 1, NULL)",
        "INSERT INTO users VALUES ('maria', 'scrypt$...', 1)",
        "INSERT INTO sessions VALUES (x'00', 'maria', 2)",
    ],
    "0002": [
        """INSERT INTO channels VALUES ('a', 1, '{"profile": "sunbird", "rate": 5, "origins": ["https://a.example"]}')""",
        "INSERT INTO keys VALUES ('k', 'a', 'public', x'00', 1, NULL)",
        "INSERT INTO users VALUES ('maria', 'scrypt$...', 1)",
        "INSERT INTO sessions VALUES (x'00', 'maria', 2)",
    ],
}


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = create_engine(f"sqlite:///{tmp_path / 'control.db'}")
    yield made
    made.dispose()


def upgrade(connection: Connection, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def test_revisions_are_numbered_in_one_line_from_the_first_release() -> None:
    assert [f"{number:04}" for number in range(1, len(REVISIONS) + 1)] == REVISIONS
    assert SCRIPTS.get_heads() == [HEAD]
    assert all(Path(script.path).name.startswith(f"{script.revision}_") for script in SCRIPTS.walk_revisions())


def test_every_release_has_a_sample() -> None:
    assert list(SAMPLES) == REVISIONS


def test_the_tables_are_what_the_migrations_make(engine: Engine) -> None:
    with engine.begin() as connection:
        upgrade(connection, "head")
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, Base.metadata) == []


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_database_of_any_release_keeps_what_it_holds(engine: Engine, revision: str) -> None:
    with engine.begin() as connection:
        upgrade(connection, revision)
        for statement in SAMPLES[revision]:
            connection.execute(text(statement))
    with Control.open(Path(str(engine.url.database))) as control:
        (channel,) = control.channels()
        assert (channel.name, channel.profile, channel.rate, channel.created_at) == ("a", "sunbird", 5, 1)
        assert channel.origins == ("https://a.example",)
        assert [key.id for key in control.write_keys()] == ["k"]
        assert [user.login for user in control.users()] == ["maria"]


def test_each_step_works_by_itself(engine: Engine) -> None:
    with engine.begin() as connection:
        for revision in REVISIONS:
            upgrade(connection, revision)
            assert connection.scalar(text("SELECT version_num FROM alembic_version")) == revision


def test_a_newer_database_is_refused_and_left_alone(path: Path) -> None:
    with Control.open(path) as control:
        control.add_channel("a")
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(NewerSchemaError, match=f"has schema 9999, this footfall knows {HEAD}"):
        Control.open(path)
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("SELECT name FROM channels").fetchall() == [("a",)]


@pytest.mark.parametrize("statement", ["CREATE TABLE songs (id)", "CREATE TABLE alembic_version (version_num)"])
def test_a_database_of_something_else_is_refused(path: Path, statement: str) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute(statement)
    with pytest.raises(DamagedControlError, match="not of footfall"):
        Control.open(path)


def test_a_failed_migration_leaves_nothing_behind(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.parent.mkdir()
    monkeypatch.setattr("footfall.control.database.HEAD", "9998")
    with pytest.raises(Exception, match="9998"):
        Control.open(path)
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("SELECT * FROM sqlite_master").fetchall() == []
    monkeypatch.undo()
    Control.open(path).close()


def test_an_up_to_date_database_opens_without_alembic(path: Path) -> None:
    Control.open(path).close()
    code = "import sys, pathlib; from footfall.control.store import Control; \
Control.open(pathlib.Path(sys.argv[1])).close(); print('alembic' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code, path], check=True, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "False"
