"""A captcha for the demo and for tests: the script that pages load, and the siteverify protocol.

Nobody is watched; whoever ticks its box looks suspicious.
"""

import time
from secrets import token_urlsafe
from typing import Any

from litestar import Request, Response, get, post

_SECONDS = 120.0
_ALLOWED = {"access-control-allow-origin": "*"}
_SCRIPT = """(() => {
  const home = new URL(document.currentScript.src).origin;
  const box = document.createElement("input");
  const label = document.createElement("label");
  box.type = "checkbox";
  label.append(box, " Captcha of this demo: look like a robot");
  document.querySelector("[data-captcha]")?.append(label);
  const execute = async () => {
    const body = new URLSearchParams({ robot: box.checked });
    const reply = await fetch(home + "/captcha/token", { method: "POST", body });
    return reply.text();
  };
  window.grecaptcha = { ready: (work) => work(), execute };
})();
"""


class Judge:
    """Tokens that were given out, and what each is worth."""

    def __init__(self, secret: str) -> None:
        self._secret = secret
        self._tokens: dict[str, tuple[float, float]] = {}

    def give(self, *, is_robot: bool) -> str:
        """A token."""
        token = token_urlsafe(24)
        self._tokens[token] = (0.1 if is_robot else 0.9, time.monotonic() + _SECONDS)
        return token

    def verify(self, secret: str, token: str) -> dict[str, Any]:
        """What a token is worth, once."""
        if secret != self._secret:
            return {"success": False, "error-codes": ["invalid-input-secret"]}
        score, until = self._tokens.pop(token, (0.0, 0.0))
        if until < time.monotonic():
            return {"success": False, "error-codes": ["timeout-or-duplicate" if token else "missing-input-response"]}
        return {"success": True, "score": score, "action": "signup"}


@get("/captcha.js", sync_to_thread=False)
def script() -> Response[str]:
    """The script that pages load."""
    return Response(_SCRIPT, media_type="text/javascript")


@post("/captcha/token", status_code=200)
async def give(request: Request[Any, Any, Any]) -> Response[str]:
    """A token for a page."""
    is_robot = (await request.form()).get("robot") == "true"
    judge: Judge = request.app.state.judge
    return Response(judge.give(is_robot=is_robot), media_type="text/plain", headers=_ALLOWED)


@post("/captcha/siteverify", status_code=200)
async def verify(request: Request[Any, Any, Any]) -> dict[str, Any]:
    """What a token is worth, for the portal."""
    form = await request.form()
    judge: Judge = request.app.state.judge
    return judge.verify(str(form.get("secret", "")), str(form.get("response", "")))


ROUTES = (script, give, verify)
