"""Which operation each event of Keycloak's stands for; among others the seven traps that its events set."""

from itertools import permutations
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.dialects.identity.operation import Operation, events, read_operation
from footfall.dialects.keycloak import seen
from footfall.dialects.keycloak.event import ReadError
from footfall.dialects.keycloak.rules import AFTER_REGISTER, Ignored, decide
from footfall.dialects.keycloak.seen import Recollection, SeenEvents
from footfall.schema.envelope import Object

from .keycloak_samples import (
    ANN,
    BOB,
    PROFILE,
    SECRET,
    Json,
    admin_event,
    decide_all,
    fired,
    login,
    names,
    read,
    register,
    user_event,
)

GOOGLE = {"identity_provider": "google"}
MINUTE = 60_000


def one(event: Json, memory: SeenEvents | None = None) -> Operation:
    """The operation that one event stands for."""
    (found,) = decide_all([event], memory)
    assert isinstance(found, Operation)
    return found


# The table


@pytest.mark.parametrize(
    ("event", "types"),
    [
        (login(), ["signin.traditional", "entity_update"]),
        (login(details=GOOGLE), ["signin.social", "entity_update"]),
        (register(), ["signin.traditional_register", "entity_create"]),
        (register(details=GOOGLE | {"register_method": "broker"}), ["signin.social_register", "entity_create"]),
        (user_event("UPDATE_PROFILE"), ["entity_update"]),
        (user_event("UPDATE_EMAIL"), ["entity_update"]),
        (user_event("VERIFY_EMAIL"), ["entity_update"]),
        (user_event("UPDATE_PASSWORD"), ["entity_update"]),
        (user_event("RESET_PASSWORD"), ["entity_update"]),
        (user_event("USER_DISABLED_BY_PERMANENT_LOCKOUT"), ["entity_update"]),
        (user_event("USER_DISABLED_BY_TEMPORARY_LOCKOUT"), ["entity_update"]),
        (user_event("DELETE_ACCOUNT"), ["entity_delete"]),
        (admin_event("CREATE", representation=PROFILE), ["entity_create"]),
        (admin_event("UPDATE", representation=PROFILE), ["entity_update"]),
        (admin_event("UPDATE", representation={"enabled": False}), ["entity_update"]),
        (admin_event("ACTION", rest="reset-password"), ["entity_update"]),
        (admin_event("DELETE"), ["entity_delete"]),
    ],
    ids=lambda value: value.get("type", value.get("operationType")) if isinstance(value, dict) else None,
)
def test_what_an_event_fires(event: Json, types: list[str]) -> None:
    assert list(one(event).fires) == types


@pytest.mark.parametrize(
    ("event", "types"),
    [
        (user_event("LOGIN_ERROR", error="invalid_user_credentials"), ["failed.signin.traditional"]),
        (user_event("LOGIN_ERROR", error="user_not_found", userId=None), ["failed.signin.traditional"]),
        (user_event("LOGIN_ERROR", error="access_denied", details=GOOGLE), ["failed.signin.social"]),
        (user_event("LOGIN_ERROR", error="login_required", userId=None), ["failed.signin.sso"]),
        (user_event("IDENTITY_PROVIDER_LOGIN_ERROR", error="x", userId=None), ["failed.signin.social"]),
        (user_event("REGISTER_ERROR", error="email_in_use", userId=None), ["failed.register"]),
        (user_event("UPDATE_PASSWORD_ERROR", error="password_rejected"), ["failed.update"]),
        (user_event("VERIFY_EMAIL_ERROR", error="expired_code"), ["failed.update"]),
        (user_event("DELETE_ACCOUNT_ERROR", error="not_allowed"), ["failed.delete"]),
        (admin_event("UPDATE", error="conflict"), ["failed.update"]),
        (admin_event("DELETE", error="conflict"), ["failed.delete"]),
    ],
    ids=lambda value: value.get("type", value.get("operationType")) if isinstance(value, dict) else None,
)
def test_what_failed_fires_its_failure_and_nothing_else(event: Json, types: list[str]) -> None:
    operation = one(event)
    assert list(operation.fires) == types
    assert operation.reason == event["error"]


@pytest.mark.parametrize(
    "event",
    [
        user_event("CODE_TO_TOKEN"),
        user_event("REFRESH_TOKEN"),
        user_event("LOGOUT"),
        user_event("CLIENT_LOGIN", userId=None),
        user_event("SOMETHING_NEW"),
        user_event("CODE_TO_TOKEN_ERROR", error="invalid_code"),
        user_event("UPDATE_PASSWORD_ERROR", error="x", userId=None),
        user_event("UPDATE_CREDENTIAL", details={"credential_type": "password"}),
        admin_event("CREATE", error="conflict"),
        admin_event("CREATE", rest="role-mappings/realm", resource="REALM_ROLE_MAPPING"),
        admin_event("UPDATE", resource="CLIENT"),
        admin_event("DELETE", rest="federated-identity/google"),
        admin_event("CREATE", rest="federated-identity/google"),
        admin_event("ACTION", rest="logout"),
    ],
    ids=lambda event: f"{event.get('type', event.get('operationType'))} {event.get('resourcePath', '')[43:]}",
)
def test_everything_else_is_ignored_and_counted_by_its_kind(event: Json) -> None:
    (found,) = decide_all([event])
    assert isinstance(found, Ignored)
    assert found.what.startswith(event.get("type") or f"{event['resourceType']}-{event['operationType']}")


def test_every_operation_is_one_that_the_front_door_takes() -> None:
    for event in (
        login(details=GOOGLE | {"identity_provider": "my idp/1"}),
        register(),
        user_event("LOGIN_ERROR", error="why, a sentence: {secret}", userId=None),
        user_event("UPDATE_CREDENTIAL", details={"credential_type": "web authn"}),
        admin_event("UPDATE", representation=PROFILE),
        admin_event("CREATE", authDetails=None),
    ):
        value = msgspec.to_builtins(one(event))
        assert isinstance(read_operation(value), Operation), value


def test_the_time_the_user_and_the_client_are_told() -> None:
    operation = one(login(250))
    assert (operation.time, operation.user, operation.client) == (login(250)["time"], ANN, "portal")
    assert operation.id == "keycloak:" + login(250)["id"]


def test_a_session_is_told_apart_but_not_told() -> None:
    first, same, other = (one(login(at, session)) for at, session in enumerate(("s-1", "s-1", "s-2")))
    assert first.session == same.session != other.session
    assert "s-1" not in str(first.session)
    assert one(register(session="s-1")).session == first.session


def test_direct_grants_come_by_the_oauth_api() -> None:
    assert one(login(details={"grant_type": "password"})).surface == "oauth_api"
    assert one(login()).surface == "registration_ui"


# Trap 1: there may be no IDENTITY_PROVIDER_LOGIN, and no mark but a detail


def test_a_login_by_a_provider_is_known_by_its_detail() -> None:
    operation = one(login(details=GOOGLE))
    assert (operation.method, operation.provider) == ("provider", "google")


def test_the_providers_own_events_add_nothing() -> None:
    several = [
        user_event("IDENTITY_PROVIDER_LOGIN", 0, details=GOOGLE),
        user_event("IDENTITY_PROVIDER_FIRST_LOGIN", 1, details=GOOGLE),
        register(2, details=GOOGLE | {"register_method": "broker"}),
        login(3, details=GOOGLE),
        user_event("IDENTITY_PROVIDER_POST_LOGIN", 4, details=GOOGLE),
    ]
    assert fired(decide_all(several)) == ["signin.social_register", "entity_create"]


# Trap 2: a login does not say whether it was a cookie


def test_a_session_at_another_client_is_single_sign_on() -> None:
    several = [login(0), login(1000, clientId="forum"), login(2000, clientId="library"), login(3000, clientId="forum")]
    assert names(decide_all(several)) == ["login", "sso", "sso", "sso"]


def test_a_session_at_the_client_where_it_began_is_a_login() -> None:
    several = [login(0), login(1000, clientId="forum"), login(2000)]
    assert names(decide_all(several)) == ["login", "sso", "login"]


def test_single_sign_on_is_that_whatever_the_first_login_was() -> None:
    several = [login(0, details=GOOGLE), login(1000, clientId="forum", details=GOOGLE)]
    assert fired(decide_all(several)) == ["signin.social", "entity_update", "signin.sso", "entity_update"]


def test_the_session_is_known_across_polls_and_restarts() -> None:
    memory = SeenEvents()
    assert names(decide_all([login(0)], memory)) == ["login"]
    kept = msgspec.json.decode(msgspec.json.encode(memory.recollect()), type=Recollection)
    assert names(decide_all([login(9_000_000, clientId="forum")], SeenEvents(kept))) == ["sso"]


def test_other_sessions_of_the_same_person_are_logins() -> None:
    assert names(decide_all([login(0, "s-1"), login(1000, "s-2", clientId="forum")])) == ["login", "login"]


def test_a_session_that_ended_a_registration_began_there() -> None:
    several = [register(0), login(100), login(5000, clientId="forum")]
    assert names(decide_all(several)) == ["register", "-", "sso"]


# Trap 3: a registration is followed by a login


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_login_after_a_registration_is_part_of_it(order: tuple[int, ...]) -> None:
    several = [register(0), login(0), user_event("CODE_TO_TOKEN", 50)]
    decided = decide_all([several[index] for index in order])
    assert fired(decided) == ["signin.traditional_register", "entity_create"]
    assert Ignored(AFTER_REGISTER) in decided


def test_it_is_so_across_polls_and_restarts() -> None:
    memory = SeenEvents()
    assert names(decide_all([register(0)], memory)) == ["register"]
    kept = msgspec.json.decode(msgspec.json.encode(memory.recollect()), type=Recollection)
    assert names(decide_all([login(900)], SeenEvents(kept))) == ["-"]


def test_only_one_login_is() -> None:
    several = [register(0), login(900), login(20_000, "s-2"), login(30_000)]
    assert names(decide_all(several)) == ["register", "-", "login", "login"]


@pytest.mark.parametrize(
    ("after", "session", "name"),
    [
        (30 * MINUTE, "session-1", "-"),  # the address was to be confirmed first
        (61 * MINUTE, "session-1", "login"),
        (MINUTE, "s-2", "-"),
        (MINUTE + 1, "s-2", "login"),
    ],
)
def test_how_long_after(after: int, session: str, name: str) -> None:
    assert names(decide_all([register(0), login(after, session)])) == ["register", name]


def test_a_login_before_the_registration_is_none_of_it() -> None:
    assert names(decide_all([login(0), register(100)])) == ["login", "register"]


def test_the_login_of_somebody_else_is_none_of_it() -> None:
    assert names(decide_all([register(0), login(100, "s-2", userId=BOB)])) == ["register", "login"]


def test_25_register_and_20_are_added() -> None:
    users = [f"{number:08d}-0000-4000-8000-000000000000" for number in range(45)]
    several = []
    for number, user in enumerate(users[:25]):
        several += [register(number * 10, user, userId=user), login(number * 10 + 1, user, userId=user)]
    several += [admin_event("CREATE", number, user=user) for number, user in enumerate(users[25:])]
    types = fired(decide_all(several))
    assert types.count("entity_create") == 45
    assert types.count("signin.traditional_register") == 25
    assert set(types) == {"entity_create", "signin.traditional_register"}


# Trap 4: what comes twice


@given(st.lists(st.integers(0, 9), max_size=30), st.randoms())
def test_what_was_decided_holds_when_an_event_comes_again(picked: list[int], random: Any) -> None:
    pool = [
        register(0),
        login(10),
        login(500_000),
        login(600_000, clientId="forum"),
        login(700_000, "s-2", clientId="forum"),
        login(800_000, "s-2"),
        admin_event("UPDATE", 1, representation={"enabled": False, "email": "x"}),
        admin_event("UPDATE", 2, representation={"enabled": True, "email": "x"}),
        admin_event("UPDATE", 3, representation={"enabled": False, "email": "x"}),
        admin_event("DELETE", 4),
    ]
    memory = SeenEvents()
    first = {event["id"]: decide_all([event], memory)[0] for event in (pool[index] for index in picked)}
    again = [pool[index] for index in picked]
    random.shuffle(again)
    for event in again:
        assert decide_all([event], memory) == [first[event["id"]]]


# Trap 5: of a deleted account only the id is left


@pytest.mark.parametrize(
    "event",
    [
        {"id": "deleted-1", "time": 1_795_262_400_000, "type": "DELETE_ACCOUNT", "userId": ANN},
        admin_event("DELETE", realmId=None),
    ],
)
def test_a_deletion_needs_no_more_than_the_id(event: Json) -> None:
    operation = one(event)
    assert (operation.operation, operation.user) == ("delete", ANN)


def test_a_success_about_nobody_is_an_error_that_says_so() -> None:
    memory = SeenEvents()
    for _ in range(2):
        with pytest.raises(ReadError, match="which user") as caught:
            decide(read(login(userId=None)), memory)
        assert caught.value.path == "$.userId"


# Trap 6: who administers may be nobody


@pytest.mark.parametrize(
    "who",
    [None, {}, {"realmId": "master", "clientId": "c-1", "userId": None}, {"userId": "service-account-without-user"}],
)
def test_what_is_administered_is_done_by_a_system(who: Json | None) -> None:
    operation = one(admin_event("UPDATE", authDetails=who, representation=PROFILE))
    (event,) = events(operation, "school")
    assert event.actor.type == "System"
    assert event.actor.id in ("c-1", "admin")
    assert event.object == Object(id=ANN, type="User")


# Changes


def test_an_update_names_attributes_and_holds_none() -> None:
    operation = one(admin_event("UPDATE", representation=PROFILE))
    assert operation.changed == [
        "username",
        "enabled",
        "emailVerified",
        "firstName",
        "lastName",
        "email",
        "requiredActions",
        "attributes.phone",
    ]
    assert SECRET not in msgspec.json.encode(operation).decode().lower()


def test_a_profile_update_names_what_has_an_old_or_new_value() -> None:
    details = {"previous_first_name": "Secret", "updated_first_name": "Secret", "updated_department": "secret"}
    assert one(user_event("UPDATE_PROFILE", details=details)).changed == ["firstName", "department"]
    assert one(user_event("UPDATE_EMAIL", details={"updated_email": "secret"})).changed == ["email"]
    assert one(user_event("UPDATE_PASSWORD")).changed == ["password"]
    assert one(user_event("UPDATE_CREDENTIAL", details={"credential_type": "webauthn"})).changed == ["webauthn"]
    assert one(user_event("UPDATE_PROFILE")).changed is msgspec.UNSET


@pytest.mark.parametrize("representation", [None, "", "{", '{"email":"cut o', "[]", "7", {}, {"enabled": "yes"}])
def test_a_representation_that_says_nothing_is_an_update(representation: object) -> None:
    assert one(admin_event("UPDATE", representation=representation)).operation == "update"


def test_deactivation_and_reactivation_are_told_from_other_updates() -> None:
    off, on = PROFILE | {"enabled": False}, PROFILE
    several = [admin_event("UPDATE", at, representation=rep) for at, rep in enumerate((on, off, off, on, on))]
    assert names(decide_all(several)) == ["update", "deactivate", "update", "reactivate", "update"]
    (alone,) = decide_all([admin_event("UPDATE", representation={"enabled": True})])
    assert names([alone]) == ["reactivate"]


def test_a_deactivation_says_so_in_its_event() -> None:
    (event,) = events(one(admin_event("UPDATE", representation={"enabled": False})), "school")
    assert (event.edata.type, event.edata.state, event.edata.prevstate) == ("entity_update", "Inactive", "Active")


# Bounds


def test_the_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MOST_SESSIONS", "MOST_REGISTRATIONS", "MOST_DISABLED", "MOST_DECIDED"):
        monkeypatch.setattr(seen, name, 10)
    memory = SeenEvents()
    for number in range(50):
        user = f"user-{number}"
        off = admin_event("UPDATE", number, user=user, representation={"enabled": False})
        decide_all([register(number, user, userId=user), login(number, user, userId=user), off], memory)
    kept = memory.recollect()
    assert [len(kind) for kind in msgspec.structs.astuple(kept)] == [10, 10, 10, 10]
    assert SECRET not in msgspec.json.encode(kept).decode()
