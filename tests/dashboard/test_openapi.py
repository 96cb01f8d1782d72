"""The OpenAPI document against the web process; the collectors' paths are tested with them."""

from typing import Any

import httpx
import jsonschema_rs
import pytest
import schemathesis
from hypothesis import HealthCheck, settings

from footfall.dashboard.openapi import document, foreign
from footfall.settings import Settings

COLLECTORS = ("/health", "/metrics", *foreign.paths(Settings()))
DOCUMENT = document(Settings())
OURS = {path: item for path, item in DOCUMENT["paths"].items() if "telemetry" not in path and path not in COLLECTORS}
schema = schemathesis.openapi.from_dict({**DOCUMENT, "paths": OURS})


@schema.parametrize()
@settings(max_examples=6, derandomize=True, suppress_health_check=list(HealthCheck))
def test_answers_are_as_documented(case: Any, origin: str) -> None:
    case.call_and_validate(base_url=origin)


def test_the_whole_server_is_documented(api: httpx.Client) -> None:
    served = api.get("/openapi.json").json()
    assert served == DOCUMENT
    for path in ("/v1/telemetry", "/data/v3/telemetry", "/v1/fate/{mid}", "/health", "/metrics", "/api/series"):
        assert path in served["paths"]
    ingest = [item["post"] for path, item in served["paths"].items() if path.endswith("/telemetry")]
    assert len(ingest) == 6
    assert {"200", "400", "401", "403", "413", "415", "429", "503"} <= set(ingest[0]["responses"])
    names = [item["operationId"] for methods in served["paths"].values() for item in methods.values()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("name", sorted(DOCUMENT["components"]["schemas"]))
def test_shapes_are_json_schemas(name: str) -> None:
    jsonschema_rs.meta.validate(DOCUMENT["components"]["schemas"][name])
