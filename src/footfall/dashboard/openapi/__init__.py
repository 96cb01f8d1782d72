"""The OpenAPI 3.1 document of the whole server, whichever of its processes answers a path."""

from typing import Any

import footfall
from footfall.dashboard.openapi import dashboard, foreign, ingest, parts
from footfall.settings import Settings


def document(settings: Settings) -> dict[str, Any]:
    """Every path that clients may rely on, with what it takes and every way in which it answers."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "footfall",
            "version": footfall.__version__,
            "description": "Self-hosted user-event telemetry. Speaks Sunbird Telemetry V3.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "tags": [
            {"name": "ingest", "description": "Sending events, and asking what became of them."},
            {"name": "operations", "description": "How the server is."},
            {"name": "dashboard", "description": "What the dashboard shows, as JSON."},
            {"name": "reference", "description": "The event language."},
        ],
        "paths": {**ingest.paths(settings), **foreign.paths(settings), **dashboard.paths()},
        "components": {
            "schemas": parts.components(),
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": "A channel's key, ffp_… or ffs_…."},
                "session": {"type": "apiKey", "in": "cookie", "name": "footfall_session"},
            },
        },
    }
