"""The rules of SARIF 2.1.0 for the parts that are used here; whatever else is a mistake."""

from typing import Any


def _object(required: list[str], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": required, "properties": properties, "additionalProperties": False}


def _list(items: Any) -> dict[str, Any]:
    return {"type": "array", "items": items}


_TEXT = {"type": "string", "minLength": 1}
_MESSAGE = _object(["text"], text=_TEXT)
_LEVEL = {"enum": ["none", "note", "warning", "error"]}
_POSITION = {"type": "integer", "minimum": 1}
_LOCATION = _object(
    ["physicalLocation"],
    physicalLocation=_object(
        ["artifactLocation"],
        artifactLocation=_object(["uri"], uri={"type": "string", "pattern": r"^[A-Za-z0-9._~%/:+-]+$"}),
        region=_object(["startLine"], startLine=_POSITION, startColumn=_POSITION),
    ),
    logicalLocations=_list(_object(["fullyQualifiedName"], fullyQualifiedName=_TEXT, kind={"const": "member"})),
)
_RULE = _object(
    ["id"],
    id=_TEXT,
    shortDescription=_MESSAGE,
    help=_MESSAGE,
    helpUri={"type": "string", "pattern": "^https?://[^ ]+$"},
)
_RESULT = _object(
    ["message", "ruleId"],
    ruleId=_TEXT,
    level=_LEVEL,
    message=_MESSAGE,
    locations=_list(_LOCATION),
    properties={"type": "object"},
)
_NOTIFICATION = _object(["message"], level=_LEVEL, message=_MESSAGE, locations=_list(_LOCATION))
_INVOCATION = _object(
    ["executionSuccessful"],
    executionSuccessful={"type": "boolean"},
    toolExecutionNotifications=_list(_NOTIFICATION),
)
_DRIVER = _object(["name"], name=_TEXT, version=_TEXT, rules={"type": "array", "uniqueItems": True, "items": _RULE})
SARIF = _object(
    ["version", "runs"],
    **{"$schema": {"type": "string", "pattern": "^https://"}},
    version={"const": "2.1.0"},
    runs=_list(
        _object(
            ["tool"],
            tool=_object(["driver"], driver=_DRIVER),
            results=_list(_RESULT),
            invocations=_list(_INVOCATION),
            columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
        )
    ),
)
