"""What happens to accounts, and which events that fires.

The rules are those of Janrain Customer Insights, whose eight event types these are; the `failed.` types are footfall's
own and count as nothing else. The plan `identity` says the same in words; a test holds them together.
"""

from typing import Literal

from msgspec import Struct

Name = Literal[
    "register", "login", "sso", "import", "create", "update", "replace", "deactivate", "reactivate", "delete"
]
Surface = Literal[
    "registration_ui",
    "javascript_api",
    "mobile_sdk",
    "oauth_api",
    "entity_api",
    "bulk_import",
    "admin",
    "system",
]
Method = Literal["password", "provider"]

USER_SURFACES = ("registration_ui", "javascript_api", "mobile_sdk", "oauth_api")
SYSTEM_SURFACES = ("entity_api", "bulk_import", "admin", "system")
_ONE_PROFILE = ("entity_api", "admin", "system")
_ANY_BUT_BULK = USER_SURFACES + _ONE_PROFILE

REGISTRATIONS = ("signin.traditional_register", "signin.social_register")
SIGN_INS = ("signin.traditional", "signin.social", "signin.sso")
ENTITY_TYPES = ("entity_create", "entity_update", "entity_delete")
TYPES = REGISTRATIONS + SIGN_INS + ENTITY_TYPES
FAILURES = (
    "failed.signin.traditional",
    "failed.signin.social",
    "failed.signin.sso",
    "failed.register",
    "failed.update",
    "failed.delete",
)


class Row(Struct, frozen=True):
    """What an operation fires, in order, and where it can come from.

    `fails` is what it fires when it failed, empty for nothing. The state and the changed attributes go into the entity
    event; `changed` stands there only where the operation itself names none.
    """

    operation: Name
    method: Method | None
    fires: tuple[str, ...]
    fails: str
    surfaces: tuple[str, ...]
    state: str = ""
    prevstate: str = ""
    changed: tuple[str, ...] = ()


_CREATED = "Created"
_LOGIN = ("lastLogin",)
_ACTIVATION = ("deactivateAccount",)

TABLE = (
    Row(
        "register",
        "password",
        ("signin.traditional_register", "entity_create"),
        "failed.register",
        USER_SURFACES,
        state=_CREATED,
    ),
    Row(
        "register",
        "provider",
        ("signin.social_register", "entity_create"),
        "failed.register",
        USER_SURFACES,
        state=_CREATED,
    ),
    Row(
        "login",
        "password",
        ("signin.traditional", "entity_update"),
        "failed.signin.traditional",
        USER_SURFACES,
        changed=_LOGIN,
    ),
    Row("login", "provider", ("signin.social", "entity_update"), "failed.signin.social", USER_SURFACES, changed=_LOGIN),
    Row("sso", None, ("signin.sso", "entity_update"), "failed.signin.sso", USER_SURFACES, changed=_LOGIN),
    Row("import", None, ("entity_create",), "", ("bulk_import",), state=_CREATED),
    Row("create", None, ("entity_create",), "", _ONE_PROFILE, state=_CREATED),
    Row("update", None, ("entity_update",), "failed.update", _ANY_BUT_BULK),
    Row("replace", None, (), "", _ONE_PROFILE),
    Row(
        "deactivate",
        None,
        ("entity_update",),
        "failed.update",
        _ANY_BUT_BULK,
        state="Inactive",
        prevstate="Active",
        changed=_ACTIVATION,
    ),
    Row(
        "reactivate",
        None,
        ("entity_update",),
        "failed.update",
        _ANY_BUT_BULK,
        state="Active",
        prevstate="Inactive",
        changed=_ACTIVATION,
    ),
    Row("delete", None, ("entity_delete",), "failed.delete", _ANY_BUT_BULK, state="Deleted"),
)

ROWS = {(row.operation, row.method): row for row in TABLE}
METHODS = frozenset(row.operation for row in TABLE if row.method)
