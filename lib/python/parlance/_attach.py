"""What the transports of httpx and requests share."""

from __future__ import annotations

import socket
import ssl
import time
import typing
import urllib.parse

from . import Dialect, Headers, Reading

LIMIT = 1 << 20
"""How many bytes of a body are read for its meaning."""

CHUNK = 1 << 10
"""How many bytes are decoded at a time, so that little of what is compressed becomes much."""


class Reader:
    """Reads responses by a dialect. A name is opened by the first request, after a fork."""

    def __init__(self, dialect: typing.Union[str, Dialect]):
        self._dialect = dialect

    def asked(self, method: str, target: str, headers: Headers, retry_unsafe: bool) -> "Exchange":
        if not isinstance(self._dialect, Dialect):
            self._dialect = Dialect(self._dialect)
        return Exchange(self._dialect, method, _path(target), headers, retry_unsafe)


class Exchange:
    """A request, and then its response."""

    def __init__(self, dialect: Dialect, method: str, path: str, headers: Headers, retry_unsafe: bool):
        self._dialect, self._method, self._path = dialect, method, path
        self._more: typing.Dict[str, typing.Any] = {"request_headers": headers, "retry_unsafe": retry_unsafe}

    def lost(self, error: BaseException, reason: str) -> None:
        """Attaches the meaning of no response to the error that says so."""
        attach(error, self._dialect.decode(self._method, self._path, 0, reason=reason_of(error, reason), **self._more))

    def needs_body(self, status: int, headers: Headers) -> bool:
        self._status, self._headers, self._came = status, headers, time.time()
        return self._dialect.needs_body(self._method, self._path, status, headers)

    def read(self, body: bytes = b"", cut: bool = False) -> Reading:
        return self._dialect.decode(self._method, self._path, self._status, self._headers, body[:LIMIT], cut=cut or len(body) > LIMIT, now=self._came, **self._more)


def attach(to: typing.Any, read: Reading) -> None:
    """Leaves a Reading where parlance.reading finds it."""
    to.parlance = read


def reason_of(error: typing.Optional[BaseException], otherwise: str) -> str:
    """Why a connection failed. Libraries hide the cause behind errors of their own."""
    seen: typing.Set[int] = set()
    causes: typing.List[typing.Any] = [error]
    while causes:
        cause = causes.pop()
        if not isinstance(cause, BaseException) or id(cause) in seen:
            continue
        seen.add(id(cause))
        if isinstance(cause, socket.gaierror):
            return "dns"
        if isinstance(cause, ssl.SSLCertVerificationError):
            return "tls"
        if isinstance(cause, ConnectionRefusedError):
            return "refused"
        causes += [cause.__cause__, cause.__context__, getattr(cause, "reason", None), *cause.args]
    return otherwise


def _path(target: str) -> str:
    """The path of a target as people write it. A mark that is not its end stays escaped."""
    path, mark, query = target.partition("?")
    unescaped = urllib.parse.unquote(path)
    return unescaped.replace("?", "%3F").replace("#", "%23") + mark + query
