"""Requests that somebody between a client and the web process could understand differently, as they stand on the wire.

Each asks for `/own`; what hides in some of them asks for `/api/meta`.
"""

HIDDEN = b"GET /api/meta HTTP/1.1\r\nhost: localhost\r\nx: "
_HIDDEN_WHOLE = b"GET /api/meta HTTP/1.1\r\nhost: localhost\r\n\r\n"
_CHUNKED = b"0\r\n\r\n" + _HIDDEN_WHOLE

# Headers that Connection may not name, each with a value that would do harm if it were dropped on the way.
END_TO_END = {
    b"content-length": b"%d" % len(HIDDEN),
    b"transfer-encoding": b"chunked",
    b"content-type": b"application/x-www-form-urlencoded",
    b"content-encoding": b"gzip",
    b"host": b"localhost",
    b"cookie": b"footfall_session=x",
    b"authorization": b"Bearer x",
    b"origin": b"https://evil.example",
    b"referer": b"https://evil.example/",
    b"sec-fetch-site": b"cross-site",
    b"sec-fetch-mode": b"navigate",
    b"forwarded": b"for=203.0.113.9",
    b"via": b"1.1 evil.example",
    b"x-real-ip": b"203.0.113.9",
    b"x-forwarded-for": b"203.0.113.9",
    b"x-forwarded-host": b"evil.example",
    b"x-forwarded-proto": b"https",
    b"x-footfall-peer": b"loopback",
    b"x-footfall-anything": b"x",
}


def ask(*headers: bytes, method: bytes = b"POST", target: bytes = b"/own", version: bytes = b"1.1") -> bytes:
    """A head with one Host header and others as they are given."""
    lines = b"".join(b"%b\r\n" % header for header in (b"host: localhost", *headers))
    return b"%b %b HTTP/%b\r\n%b\r\n" % (method, target, version, lines)


def _named(name: bytes, spelled: bytes) -> bytes:
    body = _CHUNKED if name == b"transfer-encoding" else HIDDEN
    given = {b"content-length": b"%d" % len(HIDDEN), name: END_TO_END[name]}
    if name == b"transfer-encoding":
        del given[b"content-length"]
    given.pop(b"host", None)
    return ask(*(b"%b: %b" % pair for pair in given.items()), b"connection: keep-alive, %b" % spelled) + body


_LENGTH = b"content-length: %d" % len(HIDDEN)
_CODING = b"transfer-encoding: chunked"

REFUSED: dict[str, bytes] = {
    **{f"connection names {name.decode()}": _named(name, name) for name in END_TO_END},
    "connection names content-length, in other letters": _named(b"content-length", b"\t Content-LENGTH \t,,"),
    "two connection headers": ask(_LENGTH, b"connection: close", b"connection: content-length") + HIDDEN,
    "length and coding": ask(_LENGTH, _CODING) + _CHUNKED,
    "coding and length": ask(_CODING, b"content-length: 5") + _CHUNKED,
    "length twice": ask(_LENGTH, _LENGTH) + HIDDEN,
    "two lengths": ask(b"content-length: 0", _LENGTH) + HIDDEN,
    "two lengths, the other way": ask(_LENGTH, b"content-length: 0") + HIDDEN,
    "a list of lengths": ask(b"content-length: 5, 5") + b"helloGET",
    "a signed length": ask(b"content-length: +5") + b"hello",
    "a negative length": ask(b"content-length: -1") + HIDDEN,
    "a hexadecimal length": ask(b"content-length: 0x5") + b"hello",
    "an empty length": ask(b"content-length:") + HIDDEN,
    "a length past all numbers": ask(b"content-length: 18446744073709551621") + b"hello" + HIDDEN,
    "a length with a space": ask(b"content-length: 1 0") + b"hellohello",
    "a folded length": ask(b"content-length:\r\n 5") + b"hello",
    "a folded coding": ask(b"transfer-encoding:\r\n chunked") + _CHUNKED,
    "a folded header": ask(b"x: a\r\n content-length: 5") + b"hello",
    "a folded header, by a tab": ask(b"x: a\r\n\tb", _LENGTH) + HIDDEN,
    "a folded first header": b"POST /own HTTP/1.1\r\n host: localhost\r\n\r\n" + _HIDDEN_WHOLE,
    "coding identity": ask(b"transfer-encoding: identity") + _HIDDEN_WHOLE,
    "coding identity and a length": ask(b"transfer-encoding: identity", _LENGTH) + HIDDEN,
    "an empty coding": ask(b"transfer-encoding:", _LENGTH) + HIDDEN,
    "coding gzip, chunked": ask(b"transfer-encoding: gzip, chunked") + _CHUNKED,
    "coding chunked, gzip": ask(b"transfer-encoding: chunked, gzip") + _CHUNKED,
    "coding chunked, chunked": ask(b"transfer-encoding: chunked, chunked") + _CHUNKED,
    "coding chunked, identity": ask(b"transfer-encoding: chunked, identity") + _CHUNKED,
    "coding , chunked": ask(b"transfer-encoding: ,chunked") + _CHUNKED,
    "coding chunked,": ask(b"transfer-encoding: chunked,") + _CHUNKED,
    "coding xchunked": ask(b"transfer-encoding: xchunked") + _CHUNKED,
    "coding chunked with a parameter": ask(b"transfer-encoding: chunked;q=1") + _CHUNKED,
    "coding in quotes": ask(b'transfer-encoding: "chunked"') + _CHUNKED,
    "coding after a vertical tab": ask(b"transfer-encoding: \x0bchunked") + _CHUNKED,
    "two codings": ask(b"transfer-encoding: identity", _CODING) + _CHUNKED,
    "two codings, the other way": ask(_CODING, b"transfer-encoding: identity") + _CHUNKED,
    "coding twice": ask(_CODING, _CODING) + _CHUNKED,
    "coding in HTTP/1.0": ask(_CODING, b"connection: keep-alive", version=b"1.0") + _CHUNKED,
    "space before the colon": ask(b"content-length : %d" % len(HIDDEN)) + HIDDEN,
    "space before the colon of the coding": ask(b"transfer-encoding : chunked", b"content-length: 5") + _CHUNKED,
    "tab before the colon": ask(b"content-length\t: %d" % len(HIDDEN)) + HIDDEN,
    "a header without a name": ask(b": x", _LENGTH) + HIDDEN,
    "a line without a colon": ask(b"content-length", _LENGTH) + HIDDEN,
    "NUL in a value": ask(b"x: a\0b", _LENGTH) + HIDDEN,
    "NUL in a name": ask(b"content\0-length: 0", _LENGTH) + HIDDEN,
    "bare CR in a value": ask(b"x: a\rcontent-length: 0", _LENGTH) + HIDDEN,
    "bare CR at the end of a name": ask(b"content-length\r: 0", _LENGTH) + HIDDEN,
    "bare LF in a value": ask(b"x: a\ncontent-length: 0", _LENGTH) + HIDDEN,
    "bare LF for every end": ask(_LENGTH).replace(b"\r\n", b"\n") + HIDDEN,
    "bare LF after the head": ask(_LENGTH).removesuffix(b"\r\n") + b"\n" + HIDDEN,
    "other control characters": ask(b"x: a\x01b", _LENGTH) + HIDDEN,
    "chunk size with a sign": ask(_CODING) + b"+5\r\nhello\r\n" + _CHUNKED,
    "chunk size in C's way": ask(_CODING) + b"0x5\r\nhello\r\n" + _CHUNKED,
    "chunk size with a space": ask(_CODING) + b"5 \r\nhello\r\n" + _CHUNKED,
    "chunk size past all numbers": ask(_CODING) + b"10000000000000005\r\nhello\r\n" + _CHUNKED,
    "chunk size ended by LF": ask(_CODING) + b"5\nhello\r\n" + _CHUNKED,
    "chunk longer than it says": ask(_CODING) + b"5\r\nhello!\r\n" + _CHUNKED,
    "chunk ended by LF": ask(_CODING) + b"5\r\nhello\n" + _CHUNKED,
    "chunk extension with LF": ask(_CODING) + b"5;a\nb\r\nhello\r\n" + _CHUNKED,
    "chunk extension with a quoted LF": ask(_CODING) + b'5;a="\n"\r\nhello\r\n' + _CHUNKED,
    "chunk extension with NUL": ask(_CODING) + b"5;a\0\r\nhello\r\n" + _CHUNKED,
    "a trailer that frames": ask(_CODING) + b"0\r\ncontent-length: 5\r\n\r\nhello",
    "a trailer that frames anew": ask(_CODING) + b"0\r\ntransfer-encoding: chunked\r\n\r\n" + _CHUNKED,
    "no host": b"GET /own HTTP/1.1\r\n\r\n" + _HIDDEN_WHOLE,
    "two hosts": ask(b"host: evil.example", method=b"GET") + _HIDDEN_WHOLE,
    "host twice": ask(b"host: localhost", method=b"GET") + _HIDDEN_WHOLE,
    "two content types": ask(b"content-type: text/plain", b"content-type: text/html", _LENGTH) + HIDDEN,
    "two authorizations": ask(b"authorization: a", b"authorization: b", method=b"GET"),
    "two origins": ask(b"origin: http://localhost", b"origin: https://evil.example", method=b"GET"),
    "absolute form of another host": ask(method=b"GET", target=b"http://evil.example/own"),
    "absolute form with a user": ask(method=b"GET", target=b"http://me@localhost/own"),
    "absolute form with another port": ask(method=b"GET", target=b"http://localhost:1/own"),
    "absolute form of another scheme": ask(method=b"GET", target=b"ftp://localhost/own"),
    "absolute form in HTTP/1.0 without a host": b"GET http://localhost/own HTTP/1.0\r\n\r\n" + _HIDDEN_WHOLE,
    "authority form": ask(method=b"CONNECT", target=b"localhost:80") + _HIDDEN_WHOLE,
    "asterisk form": ask(method=b"OPTIONS", target=b"*") + _HIDDEN_WHOLE,
    "space in the target": ask(method=b"GET", target=b"/own HTTP/1.1 /x") + _HIDDEN_WHOLE,
    "HTTP/0.9": ask(method=b"GET", version=b"0.9") + _HIDDEN_WHOLE,
    "HTTP/1.2": ask(method=b"GET", version=b"1.2") + _HIDDEN_WHOLE,
    "HTTP/2.0": ask(method=b"GET", version=b"2.0") + _HIDDEN_WHOLE,
    "HTTP/2's preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + _HIDDEN_WHOLE,
    "upgrade with two lengths": ask(b"connection: upgrade", b"upgrade: h2c", _LENGTH, b"content-length: 0") + HIDDEN,
    "upgrade with two codings": ask(b"connection: upgrade", b"upgrade: h2c", b"transfer-encoding: gzip", _CODING)
    + _CHUNKED,
    "upgrade that names a length": ask(b"connection: upgrade, content-length", b"upgrade: h2c", _LENGTH) + HIDDEN,
}

_FORM = b"a=1&b=" + HIDDEN
_FORM_LENGTH = b"content-length: %d" % len(_FORM)
_CHUNKS = b"6\r\na=1&b=\r\n%x\r\n%b\r\n" % (len(HIDDEN), HIDDEN)

# What is asked, and what must arrive: method and body. The target is /own.
PASSED: dict[str, tuple[bytes, str, bytes]] = {
    "a body with a length": (ask(_FORM_LENGTH) + _FORM, "POST", _FORM),
    "a length with zeros": (ask(b"content-length: 005") + b"hello", "POST", b"hello"),
    "a length with spaces": (ask(b"content-length: \t5 \t") + b"hello", "POST", b"hello"),
    "no length": (ask(), "POST", b""),
    "length 0": (ask(b"content-length: 0"), "POST", b""),
    "a body in chunks": (ask(_CODING) + _CHUNKS + b"0\r\n\r\n", "POST", _FORM),
    "coding in other letters": (ask(b"Transfer-Encoding: \tCHUNKED ") + _CHUNKS + b"0\r\n\r\n", "POST", _FORM),
    "chunk extensions": (ask(_CODING) + b'5;a=1;b="\\"2"\r\nhello\r\n000;end\r\n\r\n', "POST", b"hello"),
    "trailers": (
        ask(_CODING, b"trailer: cookie") + b"5\r\nhello\r\n0\r\ncookie: x\r\nx-footfall-peer: y\r\n\r\n",
        "POST",
        b"hello",
    ),
    "GET with a body": (ask(_FORM_LENGTH, method=b"GET") + _FORM, "GET", _FORM),
    "GET with chunks": (ask(_CODING, method=b"GET") + _CHUNKS + b"0\r\n\r\n", "GET", _FORM),
    "HEAD with a body": (ask(_FORM_LENGTH, method=b"HEAD") + _FORM, "HEAD", _FORM),
    "an unknown expectation": (ask(b"expect: the worst", _FORM_LENGTH) + _FORM, "POST", _FORM),
    "HTTP/1.0 with keep-alive": (
        ask(b"connection: keep-alive", _FORM_LENGTH, version=b"1.0") + _FORM,
        "POST",
        _FORM,
    ),
    "HTTP/1.0 that expects": (ask(b"expect: 100-continue", _FORM_LENGTH, version=b"1.0") + _FORM, "POST", _FORM),
    "absolute form": (ask(_FORM_LENGTH, target=b"http://localhost/own") + _FORM, "POST", _FORM),
    "absolute form in other letters": (ask(_FORM_LENGTH, target=b"HTTP://LOCALHOST/own") + _FORM, "POST", _FORM),
    "a fragment": (ask(_FORM_LENGTH, target=b"/own#there") + _FORM, "POST", _FORM),
    "upgrade to h2c": (
        ask(b"connection: Upgrade, HTTP2-Settings", b"upgrade: h2c", b"http2-settings: AAMAAABkAAQ", _FORM_LENGTH)
        + _FORM,
        "POST",
        _FORM,
    ),
    "upgrade to a web socket": (
        ask(b"connection: upgrade", b"upgrade: websocket", b"sec-websocket-key: x", _CODING) + _CHUNKS + b"0\r\n\r\n",
        "POST",
        _FORM,
    ),
    "connection names what nobody knows": (
        ask(b"connection: x-hop, close", b"x-hop: 1", _FORM_LENGTH) + _FORM,
        "POST",
        _FORM,
    ),
    "our own header": (ask(b"x-footfall-peer: secret 127.0.0.1", _FORM_LENGTH) + _FORM, "POST", _FORM),
    "line ends before the request": (b"\r\n\r\n" + ask(_FORM_LENGTH) + _FORM, "POST", _FORM),
}
