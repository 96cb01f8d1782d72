"""Queries written by users read the lake's views and nothing else."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from footfall.lake.query import LakeReader, QueryError

from .rows import open_events, put, reading, row

WRITING = [
    "COPY (SELECT 1) TO '{lake}/x.csv'",
    "COPY (SELECT 1) TO '{lake}/events/x.csv'",
    "EXPLAIN ANALYZE COPY (SELECT 1) TO '{lake}/events/x.csv'",
    "EXPLAIN COPY (SELECT 1) TO '{lake}/events/x.csv'",
    "explain analyze/**/copy (SELECT 1) TO '{lake}/events/x.csv'",
    "EXPLAIN (ANALYZE) COPY (SELECT 1) TO '{lake}/events/x.csv'",
    "WITH t AS (COPY (SELECT 1) TO '{lake}/events/x.csv') SELECT * FROM t",
    "EXPLAIN ANALYZE WITH t AS (COPY (SELECT 1) TO '{lake}/events/x.csv') SELECT * FROM t",
    "SELECT (WITH t AS (COPY (SELECT 1) TO '{lake}/events/x.csv') SELECT 1)",
    "SELECT * FROM query('WITH t AS (COPY (SELECT 1) TO ''{lake}/events/x.csv'') SELECT * FROM t')",
    "SELECT 1 UNION ALL (WITH t AS (COPY (SELECT 1) TO '{lake}/events/x.csv') SELECT 1)",
    "EXPORT DATABASE '{lake}/events/x'",
    "ATTACH '{lake}/events/x.db'",
    "ATTACH ':memory:' AS other",
    "CREATE TABLE t (a INT)",
    "CREATE TEMP TABLE t AS SELECT 1",
    "CREATE OR REPLACE VIEW events AS SELECT 1",
    "EXPLAIN ANALYZE CREATE TABLE t (a INT)",
    "CREATE MACRO f() AS 1",
    "CREATE SECRET s (TYPE s3)",
    "DROP VIEW events",
    "ALTER VIEW events RENAME TO e",
    "INSERT INTO events VALUES (1)",
    "WITH t AS (DELETE FROM events RETURNING *) SELECT * FROM t",
    "UPDATE events SET mid = 'x'",
    "DELETE FROM events",
    "MERGE INTO events USING (SELECT 1) ON true WHEN MATCHED THEN DELETE",
    "SELECT 1; DROP VIEW events",
    "SELECT * FROM import_database('{lake}')",
    "SELECT * FROM checkpoint()",
]
READING = [
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM read_blob('/proc/self/environ')",
    "SELECT * FROM '/etc/passwd'",
    "SELECT * FROM '/etc/passwd.csv'",
    "SELECT * FROM '{outside}'",
    "SELECT * FROM read_parquet('{outside}')",
    "SELECT * FROM read_parquet('{lake}/events/../../outside.parquet')",
    "SELECT * FROM parquet_schema('{outside}')",
    "SELECT * FROM sniff_csv('/etc/passwd')",
    "SELECT * FROM glob('/etc/*')",
    "SELECT * FROM glob('{lake}/**')",
    "SELECT * FROM read_text('{lake}/quarantine/j-1.bin')",
    "SELECT * FROM '{lake}/quarantine/j-1.csv'",
    "SELECT * FROM read_csv('http://127.0.0.1:1/x')",
    "SELECT (SELECT content FROM read_text('/etc/passwd'))",
    "WITH t AS (SELECT * FROM read_text('/etc/passwd')) SELECT * FROM t",
    "SELECT * FROM events, LATERAL (SELECT * FROM read_text('/etc/passwd'))",
    "SELECT * FROM query('SELECT * FROM read_text(''/etc/passwd'')')",
    "SELECT * FROM json_execute_serialized_sql(json_serialize_sql('SELECT 1'))",
    "SELECT * FROM duckdb_secrets()",
    "SELECT * FROM arrow_scan(1, 2, 3)",
    "SELECT * FROM python_map_function(1)",
    "SELECT getenv('HOME')",
    "SELECT * FROM secret_rows",
    "FROM sqlite_scan('{outside}', 'x')",
]
SETTING = [
    "SET enable_external_access = true",
    "SET lock_configuration = false",
    "RESET allowed_directories",
    "EXPLAIN ANALYZE SET threads = 1",
    "PRAGMA enable_external_access",
    "PRAGMA database_list",
    "INSTALL httpfs",
    "LOAD httpfs",
    "UPDATE EXTENSIONS",
    "CALL pragma_version()",
    "SELECT * FROM enable_logging('QueryLog', storage = 'file', storage_path = '{lake}/events')",
    "SELECT * FROM enable_profiling()",
    "SELECT * FROM register_external_resource('a')",
    "PREPARE p AS SELECT 1",
    "EXECUTE p",
    "BEGIN",
    "VACUUM",
    "CHECKPOINT",
    "USE memory",
]
ALLOWED = [
    "SELECT 1",
    "  select mid from events;  ",
    "-- a remark\nSELECT 1 -- another;",
    "FROM events SELECT mid",
    "VALUES (1), (2)",
    "TABLE failed",
    "(SELECT 1)",
    "SELECT 1 UNION ALL SELECT 2 ORDER BY 1",
    "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 3) SELECT * FROM t",
    "SELECT * FROM range(3), generate_series(1, 2), unnest([1, 2])",
    "SELECT e.key FROM events, json_each(event) e",
    "SELECT 'COPY x TO y', 'INSERT INTO', \"mid\" AS \"update\" FROM events",
    "DESCRIBE events",
    "SUMMARIZE events",
    "SHOW TABLES",
    "EXPLAIN SELECT mid FROM events",
    "explain analyze select mid from events",
    "SELECT event ->> 'mid', count(*) FILTER (clock = 'ok') OVER (PARTITION BY channel) FROM events QUALIFY true",
]


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("guarded")
    put(open_events(root / "lake"), [row(1)])
    put(open_events(root / "elsewhere"), [row(2)])
    next((root / "elsewhere").rglob("*.parquet")).rename(root / "outside.parquet")
    (root / "lake" / "quarantine").mkdir()
    for name in ("j-1.bin", "j-1.csv"):
        (root / "lake" / "quarantine" / name).write_bytes(b"secret")
    return root / "lake"


@pytest.fixture(scope="module")
def reader(lake: Path) -> Iterator[LakeReader]:
    with reading(lake) as reader:
        reader.lock_down()
        yield reader


def state(lake: Path) -> dict[str, str]:
    files = (path for path in lake.parent.rglob("*") if path.is_file())
    return {str(path): sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.mark.parametrize("sql", WRITING + READING + SETTING)
def test_what_is_more_than_reading_views_is_refused(lake: Path, reader: LakeReader, sql: str) -> None:
    secret_rows = [("secret",)]
    before = state(lake)
    with pytest.raises(QueryError, match=r"(?s)^(?!.*(root:|secret\n))"):
        reader.query(sql.format(lake=lake, outside=lake.parent / "outside.parquet"), timeout=10)
    assert state(lake) == before
    assert reader.query("SELECT mid FROM events").rows == [("m1",)]
    assert secret_rows != []


@pytest.mark.parametrize("sql", ALLOWED)
def test_every_way_to_read_the_views_is_allowed(reader: LakeReader, sql: str) -> None:
    assert reader.query(sql, timeout=10).columns != []


@pytest.mark.parametrize("sql", [sql for sql in WRITING if "EXPLAIN ANALYZE" in sql or "WITH" in sql or "COPY" in sql])
def test_our_own_queries_do_not_write_either(lake: Path, sql: str) -> None:
    with reading(lake) as reader, pytest.raises(QueryError):
        reader.query(sql.format(lake=lake))
    assert not list(lake.rglob("x.csv"))
