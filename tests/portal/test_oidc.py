"""Whom the portal believes at Google: an ID token must be signed by Google, for this portal, for this journey, now."""

import base64
import json
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

sys.path.insert(0, str(Path(__file__).parents[2] / "examples" / "portal"))
oidc: Any = import_module("portal.oidc")
settings: Any = import_module("portal.settings")

KEY = RSAKey.generate_key(2048, auto_kid=True)
OTHER = RSAKey.generate_key(2048)
SUB = "1815-12-10"


class Forger:
    """A provider that says what it is told to say."""

    def __init__(self) -> None:
        self.claims: dict[str, Any] = {}
        self.key: Any = KEY
        self.algorithm = "RS256"
        self.details: dict[str, Any] = {"sub": SUB, "email": " Ada@School.example ", "email_verified": True}
        self.discovered: dict[str, Any] = {}
        self.asked: dict[str, list[str]] = {}
        self.url = ""

    def answer(self, path: str) -> Any:
        """The answer to a request."""
        names = ("authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint")
        match path:
            case "/.well-known/openid-configuration":
                return {"issuer": self.url, **{name: f"{self.url}/{name}" for name in names}} | self.discovered
            case "/jwks_uri":
                return {"keys": [KEY.as_dict(private=False)]}
            case "/userinfo_endpoint":
                return self.details
        return {"access_token": "a", "token_type": "Bearer", "expires_in": 600, "id_token": self.token()}

    def token(self) -> str:
        """The ID token."""
        if self.key is None:
            parts = ({"alg": "none"}, self.claims, None)
            return ".".join(
                base64.urlsafe_b64encode(json.dumps(part).encode()).decode() if part else "" for part in parts
            )
        return jwt.encode({"alg": self.algorithm, "kid": KEY.kid}, self.claims, self.key, algorithms=[self.algorithm])


@pytest.fixture
def forger() -> Iterator[Forger]:
    found = Forger()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = json.dumps(found.answer(self.path)).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def do_POST(self) -> None:
            found.asked = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
            self.do_GET()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        found.url = f"http://127.0.0.1:{server.server_port}"
        yield found
        server.shutdown()


@pytest.fixture
def provider(forger: Forger) -> Iterator[Any]:
    url = f"{forger.url}/.well-known/openid-configuration"
    chosen = settings.Settings(url="http://portal.example", google_discovery_url=url, google_client_id="academy")
    found = oidc.Provider(chosen)
    yield found
    found.close()


def believed(forger: Forger, **changes: Any) -> None:
    """Claims that are to be believed, but for the changes."""
    now = int(time.time())
    good = {"iss": forger.url, "aud": "academy", "sub": SUB, "nonce": "n", "iat": now, "exp": now + 60}
    forger.claims = {name: value for name, value in (good | changes).items() if value is not None}


def test_the_way_there_and_back(forger: Forger, provider: Any) -> None:
    way = provider.way()
    asked = {name: values[0] for name, values in parse_qs(urlsplit(way.url).query).items()}
    assert way.url.startswith(f"{forger.url}/authorization_endpoint?")
    assert asked | {"code_challenge": ""} == {
        "response_type": "code",
        "client_id": "academy",
        "redirect_uri": "http://portal.example/google/auth/callback",
        "scope": "openid email profile",
        "state": way.state,
        "nonce": way.nonce,
        "code_challenge": "",
        "code_challenge_method": "S256",
    }
    assert way != provider.way()
    believed(forger, nonce=way.nonce)
    details = provider.details("code", way.verifier, way.nonce)
    assert (details.sub, details.email, details.is_verified) == (SUB, "ada@school.example", True)
    assert forger.asked["code_verifier"] == [way.verifier]


@pytest.mark.parametrize(
    "lie",
    [
        {"iss": "https://accounts.google.com"},
        {"aud": "another portal"},
        {"nonce": "of another journey"},
        {"nonce": None},
        {"exp": 1},
        {"exp": None},
        {"sub": "somebody else"},
    ],
    ids=str,
)
def test_a_token_that_is_not_for_this_is_not_believed(forger: Forger, provider: Any, lie: dict[str, Any]) -> None:
    believed(forger, **lie)
    with pytest.raises(oidc.ProviderError):
        provider.details("code", "v", "n")


def test_a_token_that_google_did_not_sign_is_not_believed(forger: Forger, provider: Any) -> None:
    believed(forger)
    for forger.key, forger.algorithm in ((OTHER, "RS256"), (OctKey.generate_key(256), "HS256"), (None, "none")):
        with pytest.raises(oidc.ProviderError):
            provider.details("code", "v", "n")


def test_a_provider_that_says_it_is_another_one_is_not_asked(forger: Forger, provider: Any) -> None:
    forger.discovered = {"issuer": "https://accounts.google.com"}
    with pytest.raises(oidc.ProviderError):
        provider.way()


def test_an_address_that_google_does_not_vouch_for_is_not_verified(forger: Forger, provider: Any) -> None:
    believed(forger)
    for said in (False, None, "false"):
        forger.details["email_verified"] = said
        assert not provider.details("code", "v", "n").is_verified
