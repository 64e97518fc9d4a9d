"""An adapter for requests that attaches the meaning of each response.

>>> import requests, parlance.requests
>>> session = requests.Session()
>>> session.mount("https://api.stripe.com/", parlance.requests.Adapter("stripe"))

Then parlance.reading says what a response means, and parlance.raise_for_outcome raises if it is
a failure. An adapter sends nothing twice: parlance.tenacity has the rules for that.
"""

from __future__ import annotations

import typing

import requests
import requests.adapters

from . import Dialect
from ._attach import CHUNK, LIMIT, Reader, attach

__all__ = ["Adapter"]


class Adapter(requests.adapters.HTTPAdapter):
    """Sends as requests does, and attaches a Reading to each response and error.

    dialect is a name, the text of a dialect file, or a Dialect. With stream=True, at most 1 MiB
    of a body is read first, where the meaning needs it. The caller still gets all of it.
    retry_unsafe allows retries that may do a request twice.
    """

    def __init__(self, dialect: typing.Union[str, Dialect], *, retry_unsafe: bool = False, **more: typing.Any):
        super().__init__(**more)
        self._reader, self._unsafe = Reader(dialect), retry_unsafe

    def send(self, request: requests.PreparedRequest, stream: bool = False, *args: typing.Any, **more: typing.Any) -> requests.Response:
        exchange = self._reader.asked(request.method or "GET", request.path_url, _texts(request.headers), self._unsafe)
        try:
            response = super().send(request, stream, *args, **more)
        except requests.RequestException as e:
            exchange.lost(e, _reason(e))
            raise
        body, cut = b"", False
        if exchange.needs_body(response.status_code, list(response.raw.headers.items())):
            try:
                body = _begin(response) if stream else response.content
                cut = len(body) <= LIMIT and (getattr(response.raw, "length_remaining", 0) or 0) > 0  # urllib3 1 says nothing
            except requests.RequestException as e:
                response.close()
                attach(e, exchange.read(cut=True))
                raise
        attach(response, exchange.read(body, cut))
        return response


def _texts(headers: typing.Mapping[str, typing.Any]) -> typing.List[typing.Tuple[str, str]]:
    """A header whose values may be bytes."""
    return [(name, value.decode("latin-1") if isinstance(value, bytes) else str(value)) for name, value in headers.items()]


class _Again:
    """A body of urllib3 of which the beginning, decoded, was read before."""

    def __init__(self, first: bytes, raw: typing.Any):
        self._first, self._raw = first, raw

    def stream(self, size: int = CHUNK, decode_content: bool = True) -> typing.Iterator[bytes]:
        while self._first:
            yield self.read(size)
        yield from self._raw.stream(size, decode_content=decode_content)

    def read(self, size: typing.Optional[int] = None, **more: typing.Any) -> typing.Any:
        if size is None:
            first, self._first = self._first, b""
            return first + self._raw.read(**more)
        if not self._first:
            return self._raw.read(size, **more)
        first, self._first = self._first[:size], self._first[size:]
        return first

    def __getattr__(self, name: str) -> typing.Any:
        return getattr(self._raw, name)


def _begin(response: requests.Response) -> bytes:
    """Reads what a meaning needs of a body that the caller streams."""
    first = bytearray()
    for piece in response.iter_content(CHUNK):
        first += piece
        if len(first) > LIMIT:
            break
    again: typing.Any = response
    again.raw, again._content_consumed = _Again(bytes(first), response.raw), False
    return bytes(first)


def _reason(error: requests.RequestException) -> str:
    for kind, reason in (
        (requests.exceptions.ProxyError, "proxy"),
        (requests.exceptions.SSLError, "tls"),
        (requests.exceptions.ConnectTimeout, "refused"),  # nothing was sent
        (requests.exceptions.Timeout, "deadline"),
        (requests.exceptions.InvalidURL, "not_sent"),
        (requests.exceptions.InvalidSchema, "not_sent"),
        (requests.exceptions.InvalidHeader, "not_sent"),
    ):
        if isinstance(error, kind):
            return reason
    return "reset"
