"""Reads the body of a tracking request."""

from collections.abc import Mapping
from typing import Any

import msgspec
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser

_LARGEST = 64 << 10


class TooLargeError(APIException):
    """A body of more than 64 KiB: no event of a page is as long."""

    status_code = 413
    default_detail = "The event is too large."
    default_code = "too_large"


class EventParser(BaseParser):
    """JSON, strictly and within bounds: what it lets through can be kept."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        """The body's value; raises ParseError and TooLargeError."""
        body = stream.read(_LARGEST + 1)
        if len(body) > _LARGEST:
            raise TooLargeError
        try:
            return msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise ParseError("JSON parse error.") from None
