"""Transports for httpx that attach the meaning of each response.

>>> import httpx, parlance.httpx
>>> client = httpx.Client(transport=parlance.httpx.Transport("stripe"))

Then parlance.reading says what a response means, and parlance.raise_for_outcome raises if it is
a failure. A transport sends nothing twice: parlance.tenacity has the rules for that.
"""

from __future__ import annotations

import typing

import httpx

from . import Dialect
from ._attach import CHUNK, LIMIT, Exchange, Reader, attach

__all__ = ["AsyncTransport", "Transport"]


class Transport(httpx.BaseTransport):
    """Sends by another transport, and attaches a Reading to each response and error.

    dialect is a name, the text of a dialect file, or a Dialect. Where the meaning needs the
    body, at most 1 MiB of it is read first. The caller still gets all of it, as it came.
    extensions={"parlance": {"retry_unsafe": True}} on a request allows a retry that may do it
    twice.
    """

    def __init__(self, dialect: typing.Union[str, Dialect], wrapped: typing.Optional[httpx.BaseTransport] = None):
        self._reader, self._wrapped = Reader(dialect), wrapped or httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        exchange, size = _asked(self._reader, request), 0
        first: typing.List[bytes] = []
        try:
            response = self._wrapped.handle_request(request)
        except httpx.TransportError as e:
            exchange.lost(e, _reason(e))
            raise
        if not exchange.needs_body(response.status_code, response.headers.multi_items()):
            return _attached(response, exchange)
        stream: typing.Any = response.stream
        rest = iter(stream)
        try:
            for chunk in rest:
                first.append(chunk)
                size += len(chunk)
                if size > LIMIT:
                    break
        except httpx.TransportError as e:
            response.close()
            attach(e, exchange.read(_decoded(response, first), cut=True))
            raise
        _attached(response, exchange, first, size > LIMIT)
        response.stream = _Again(first, rest, stream)
        return response

    def close(self) -> None:
        self._wrapped.close()


class AsyncTransport(httpx.AsyncBaseTransport):
    """Is Transport for an AsyncClient."""

    def __init__(self, dialect: typing.Union[str, Dialect], wrapped: typing.Optional[httpx.AsyncBaseTransport] = None):
        self._reader, self._wrapped = Reader(dialect), wrapped or httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        exchange, size = _asked(self._reader, request), 0
        first: typing.List[bytes] = []
        try:
            response = await self._wrapped.handle_async_request(request)
        except httpx.TransportError as e:
            exchange.lost(e, _reason(e))
            raise
        if not exchange.needs_body(response.status_code, response.headers.multi_items()):
            return _attached(response, exchange)
        stream: typing.Any = response.stream
        rest = stream.__aiter__()
        try:
            async for chunk in rest:
                first.append(chunk)
                size += len(chunk)
                if size > LIMIT:
                    break
        except httpx.TransportError as e:
            await response.aclose()
            attach(e, exchange.read(_decoded(response, first), cut=True))
            raise
        _attached(response, exchange, first, size > LIMIT)
        response.stream = _AgainAsync(first, rest, stream)
        return response

    async def aclose(self) -> None:
        await self._wrapped.aclose()


class _Again(httpx.SyncByteStream):
    """What was read of a stream, and then the rest."""

    def __init__(self, first: typing.List[bytes], rest: typing.Iterator[bytes], stream: httpx.SyncByteStream):
        self._first, self._rest, self._stream = first, rest, stream

    def __iter__(self) -> typing.Iterator[bytes]:
        first, self._first = self._first, []
        yield from first
        yield from self._rest

    def close(self) -> None:
        self._stream.close()


class _AgainAsync(httpx.AsyncByteStream):
    def __init__(self, first: typing.List[bytes], rest: typing.AsyncIterator[bytes], stream: httpx.AsyncByteStream):
        self._first, self._rest, self._stream = first, rest, stream

    async def __aiter__(self) -> typing.AsyncIterator[bytes]:
        first, self._first = self._first, []
        for chunk in first:
            yield chunk
        async for chunk in self._rest:
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()


def _asked(reader: Reader, request: httpx.Request) -> Exchange:
    unsafe = request.extensions.get("parlance", {}).get("retry_unsafe", False)
    return reader.asked(request.method, request.url.raw_path.decode("ascii"), request.headers.multi_items(), unsafe)


def _attached(response: httpx.Response, exchange: Exchange, first: typing.Sequence[bytes] = (), cut: bool = False) -> httpx.Response:
    response.extensions = {**response.extensions, "parlance": exchange.read(_decoded(response, first), cut)}
    return response


class _Pieces(httpx.SyncByteStream):
    def __init__(self, chunks: typing.Sequence[bytes]):
        self._chunks = chunks

    def __iter__(self) -> typing.Iterator[bytes]:
        for chunk in self._chunks:
            for i in range(0, len(chunk), CHUNK):
                yield chunk[i : i + CHUNK]


def _decoded(response: httpx.Response, chunks: typing.Sequence[bytes]) -> bytes:
    """A body without its content coding, or as it came if the coding is broken."""
    if "content-encoding" not in response.headers:
        return b"".join(chunks)
    body = bytearray()
    try:
        for piece in httpx.Response(200, headers=response.headers, stream=_Pieces(chunks)).iter_bytes():
            body += piece
            if len(body) > LIMIT:
                break
    except httpx.DecodingError:
        return b"".join(chunks)
    return bytes(body)


def _reason(error: httpx.TransportError) -> str:
    for kind, reason in (
        (httpx.ConnectTimeout, "refused"),  # nothing was sent
        (httpx.ConnectError, "refused"),
        (httpx.PoolTimeout, "not_sent"),
        (httpx.UnsupportedProtocol, "not_sent"),
        (httpx.LocalProtocolError, "not_sent"),
        (httpx.ProxyError, "proxy"),
        (httpx.TimeoutException, "deadline"),
    ):
        if isinstance(error, kind):
            return reason
    # Of a server that closes a kept connection, httpx says the same as of one that sends no HTTP.
    malformed = isinstance(error, httpx.RemoteProtocolError) and "disconnected" not in str(error)
    return "malformed_response" if malformed else "reset"
