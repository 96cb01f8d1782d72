"""Sign-in at an OpenID provider: the code flow with PKCE, state and nonce; the ID token is verified.

Source: OpenID Connect Core 1.0, sections 3.1 and 5.3; RFC 7636.
"""

import time
from secrets import token_urlsafe
from typing import Any

import httpx2
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import OAuth2Client
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from msgspec import Struct

from portal.settings import Settings

_WELL_KNOWN = "/.well-known/openid-configuration"
_SCOPE = "openid email profile"
_ALGORITHMS = ["RS256", "ES256"]
_REMEMBERED_SECONDS = 3600.0
_LEEWAY_SECONDS = 60


class ProviderError(Exception):
    """The provider cannot be reached, or does not answer as it should; says no more than that."""


class Way(Struct, frozen=True):
    """The way to the provider: an address, and what must come back or be shown when they do."""

    url: str
    state: str
    nonce: str
    verifier: str


class Details(Struct, frozen=True):
    """What the provider says of somebody; `email` is empty where it says none."""

    sub: str
    email: str
    is_verified: bool
    name: str


class Provider:
    """One OpenID provider, for one client."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._plain = httpx2.Client(timeout=10)
        self._known: dict[str, Any] = {}
        self._until = 0.0

    @property
    def is_set_up(self) -> bool:
        """Whether the portal is known there."""
        return bool(self._settings.google_client_id)

    def way(self) -> Way:
        """A way to the provider's page; raises ProviderError."""
        state, nonce, verifier = token_urlsafe(32), token_urlsafe(32), token_urlsafe(48)
        endpoint = self._discovered()["authorization_endpoint"]
        with self._client() as client:
            url, _ = client.create_authorization_url(endpoint, state=state, nonce=nonce, code_verifier=verifier)
        return Way(str(url), state, nonce, verifier)

    def details(self, code: str, verifier: str, nonce: str) -> Details:
        """Who it is that came back with a code; raises ProviderError."""
        known = self._discovered()
        try:
            with self._client() as client:
                token = client.fetch_token(
                    known["token_endpoint"], grant_type="authorization_code", code=code, code_verifier=verifier
                )
                keys = self._plain.get(known["jwks_uri"]).raise_for_status().json()
                claims = self._verified(token["id_token"], keys, nonce)
                said = client.get(known["userinfo_endpoint"]).raise_for_status().json()
        except (httpx2.HTTPError, OAuthError, JoseError, ValueError, KeyError, TypeError) as error:
            raise ProviderError(type(error).__name__) from error
        if said.get("sub") != claims["sub"]:
            raise ProviderError("the details are somebody else's")
        email = str(said.get("email") or "").strip().lower()
        return Details(claims["sub"], email, said.get("email_verified") is True, str(said.get("name") or ""))

    def close(self) -> None:
        """Ask no more."""
        self._plain.close()

    def _client(self) -> OAuth2Client:
        return OAuth2Client(
            self._settings.google_client_id,
            self._settings.google_client_secret,
            scope=_SCOPE,
            redirect_uri=f"{self._settings.url}/google/auth/callback",
            code_challenge_method="S256",
            timeout=10,
        )

    def _discovered(self) -> dict[str, Any]:
        """What the provider says of itself; asked once an hour."""
        if time.monotonic() >= self._until:
            try:
                found = self._plain.get(self._settings.google_discovery_url).raise_for_status().json()
                known = {name: str(found[name]) for name in _NEEDED}
            except (httpx2.HTTPError, ValueError, KeyError, TypeError) as error:
                raise ProviderError(type(error).__name__) from error
            if self._settings.google_discovery_url != known["issuer"].rstrip("/") + _WELL_KNOWN:
                raise ProviderError("it says that it is another one")
            self._known = known
            self._until = time.monotonic() + _REMEMBERED_SECONDS
        return self._known

    def _verified(self, text: str, keys: Any, nonce: str) -> dict[str, Any]:
        token = jwt.decode(text, KeySet.import_key_set(keys), algorithms=_ALGORITHMS)
        jwt.JWTClaimsRegistry(
            leeway=_LEEWAY_SECONDS,
            iss={"essential": True, "value": self._known["issuer"]},
            aud={"essential": True, "value": self._settings.google_client_id},
            nonce={"essential": True, "value": nonce},
            sub={"essential": True},
            exp={"essential": True},
        ).validate(token.claims)
        return dict(token.claims)


_NEEDED = ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint")
