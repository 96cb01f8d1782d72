"""An OpenID provider for the demo and for tests: whoever is asked, says who they want to be, and approves or denies.

Discovery, authorization code with PKCE (S256), ID token (RS256), keys and user details. On loopback only: it asks for
no password.
"""

import base64
import time
from hashlib import sha256
from secrets import token_urlsafe
from typing import Any
from urllib.parse import urlencode

from joserfc import jwt
from joserfc.jwk import RSAKey
from litestar import Request, Response, get, post
from litestar.enums import MediaType
from litestar.exceptions import ClientException
from msgspec import Struct

from portal.seal import Seal

_CODE_SECONDS = 60.0
_TOKEN_SECONDS = 600


class Person(Struct, frozen=True):
    """Somebody known here; who `is_shy` approves, but nothing can be learnt of them."""

    sub: str
    name: str
    email: str
    is_verified: bool = True
    is_shy: bool = False

    def details(self) -> dict[str, Any]:
        """What userinfo answers."""
        return {"sub": self.sub, "name": self.name, "email": self.email, "email_verified": self.is_verified}


PEOPLE = {
    person.sub: person
    for person in (
        Person("1001", "Ada Lovelace", "ada@school.example"),
        Person("1002", "Grace Hopper", "grace@school.example"),
        Person("1003", "Somebody shy, whose details are not found", "", is_verified=False, is_shy=True),
    )
}


class Grant(Struct):
    """What somebody approved."""

    person: Person
    nonce: str
    challenge: str
    redirect_uri: str
    until: float


class Desk:
    """The provider's memory: its key, and what was approved."""

    def __init__(self, url: str, client: str, secret: str, redirect_uri: str) -> None:
        self.url = url
        self.client = client
        self.secret = secret
        self.redirect_uri = redirect_uri
        self.key = RSAKey.generate_key(2048, {"use": "sig"}, auto_kid=True)
        self.grants: dict[str, Grant] = {}
        self.tokens: dict[str, Person] = {}

    def check(self, asked: dict[str, str]) -> None:
        """Refuse what is not the portal's own question; never send anybody to an address that is not registered."""
        if asked.get("client_id") != self.client or asked.get("redirect_uri") != self.redirect_uri:
            raise ClientException("The site that sent you here is not known here.")
        if asked.get("response_type") != "code" or asked.get("code_challenge_method") != "S256":
            raise ClientException("Only the code flow with PKCE is understood here.")

    def grant(self, person: Person, asked: dict[str, str]) -> str:
        """A code for what was approved."""
        code = token_urlsafe(24)
        until = time.monotonic() + _CODE_SECONDS
        grant = Grant(person, asked.get("nonce", ""), asked["code_challenge"], asked["redirect_uri"], until)
        self.grants[code] = grant
        return code

    def redeem(self, form: dict[str, str], authorization: str) -> dict[str, Any] | None:
        """Tokens for a code, once; None for whom there are none."""
        grant = self.grants.pop(form.get("code", ""), None)
        if grant is None or grant.until < time.monotonic() or not self._is_client(form, authorization):
            return None
        proof = base64.urlsafe_b64encode(sha256(form.get("code_verifier", "").encode()).digest()).rstrip(b"=").decode()
        if proof != grant.challenge or form.get("redirect_uri") != grant.redirect_uri:
            return None
        access = token_urlsafe(24)
        self.tokens[access] = grant.person
        return {
            "access_token": access,
            "token_type": "Bearer",
            "expires_in": _TOKEN_SECONDS,
            "id_token": self._id_token(grant),
        }

    def _is_client(self, form: dict[str, str], authorization: str) -> bool:
        basic = base64.b64encode(f"{self.client}:{self.secret}".encode()).decode()
        in_form = form.get("client_id") == self.client and form.get("client_secret") == self.secret
        return in_form or authorization == f"Basic {basic}"

    def _id_token(self, grant: Grant) -> str:
        now = int(time.time())
        claims = {
            "iss": self.url,
            "aud": self.client,
            "sub": grant.person.sub,
            "iat": now,
            "exp": now + _TOKEN_SECONDS,
            "nonce": grant.nonce,
        }
        return jwt.encode({"alg": "RS256", "kid": self.key.kid}, claims, self.key)


@get("/.well-known/openid-configuration", sync_to_thread=False)
def discover(request: Request[Any, Any, Any]) -> dict[str, Any]:
    """What the provider says of itself."""
    url = _desk(request).url
    return {
        "issuer": url,
        "authorization_endpoint": f"{url}/authorize",
        "token_endpoint": f"{url}/token",
        "jwks_uri": f"{url}/jwks",
        "userinfo_endpoint": f"{url}/userinfo",
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "code_challenge_methods_supported": ["S256"],
    }


@get("/authorize", sync_to_thread=False)
def ask(request: Request[Any, Any, Any]) -> Response[str]:
    """The page that asks who somebody is, and whether they approve."""
    asked = dict(request.query_params)
    _desk(request).check(asked)
    content = request.app.state.pages.get_template("consent.html").render(asked=asked, people=PEOPLE.values())
    return Response(content, media_type=MediaType.HTML)


@post("/authorize", status_code=303)
async def decide(request: Request[Any, Any, Any]) -> Response[str]:
    """Back to the portal, with a code or with a refusal."""
    form = {name: str(value) for name, value in (await request.form()).items()}
    desk = _desk(request)
    desk.check(form)
    if form.get("decision") == "approve":
        said = {"code": desk.grant(_person(form), form)}
    else:
        said = {"error": "access_denied"}
    address = f"{form['redirect_uri']}?{urlencode(said | {'state': form.get('state', '')})}"
    return Response("", status_code=303, headers={"location": address})


@post("/token", status_code=200)
async def token(request: Request[Any, Any, Any]) -> Response[dict[str, Any]]:
    """Tokens for a code."""
    form = {name: str(value) for name, value in (await request.form()).items()}
    found = _desk(request).redeem(form, request.headers.get("authorization", ""))
    headers = {"cache-control": "no-store"}
    if found is None:
        return Response({"error": "invalid_grant"}, status_code=400, headers=headers)
    return Response(found, headers=headers)


@get("/jwks", sync_to_thread=False)
def jwks(request: Request[Any, Any, Any]) -> dict[str, Any]:
    """The key by which ID tokens are verified."""
    return {"keys": [_desk(request).key.as_dict(private=False)]}


@get("/userinfo", sync_to_thread=False)
def userinfo(request: Request[Any, Any, Any]) -> Response[dict[str, Any]]:
    """Who it is."""
    person = _desk(request).tokens.pop(request.headers.get("authorization", "").removeprefix("Bearer "), None)
    if person is None:
        return Response({"error": "invalid_token"}, status_code=401)
    if person.is_shy:
        return Response({"error": "server_error"}, status_code=500)
    return Response(person.details())


def _person(form: dict[str, str]) -> Person:
    """Whoever was chosen; somebody else has an id of their own for each address."""
    if known := PEOPLE.get(form.get("person", "")):
        return known
    email = form.get("email", "").strip().lower()
    sub = Seal("people").mark("sub", email, form.get("verified", ""))[:20]
    return Person(sub, form.get("name", "").strip(), email, form.get("verified") == "yes")


def _desk(request: Request[Any, Any, Any]) -> Desk:
    desk: Desk = request.app.state.provider
    return desk


ROUTES = (discover, ask, decide, token, jwks, userinfo)
