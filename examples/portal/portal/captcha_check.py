"""Whether a captcha trusts whoever sent a form: the siteverify protocol of reCAPTCHA, hCaptcha and Turnstile."""

from enum import Enum
from typing import Any

import httpx2

from portal.settings import Settings

FIELD = "g-recaptcha-response"


class Verdict(Enum):
    """What the captcha says."""

    TRUSTED = "trusted"
    SUSPICIOUS = "suspicious"
    UNKNOWN = "unknown"


class Captcha:
    """Asks the captcha's server; without one, everybody is trusted."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client = httpx2.Client(timeout=10)

    def judge(self, token: str) -> Verdict:
        """The verdict on a token; unknown where the server cannot be asked."""
        settings = self._settings
        if not settings.captcha_verify_url:
            return Verdict.TRUSTED
        try:
            asked = {"secret": settings.captcha_secret, "response": token}
            reply = self._client.post(settings.captcha_verify_url, data=asked)
            said: Any = reply.raise_for_status().json()
        except (httpx2.HTTPError, ValueError):
            return Verdict.UNKNOWN
        is_trusted = said.get("success") is True and said.get("score", 1.0) >= settings.captcha_score
        return Verdict.TRUSTED if is_trusted else Verdict.SUSPICIOUS

    def close(self) -> None:
        """Ask no more."""
        self._client.close()
