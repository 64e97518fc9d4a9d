"""What the responses of an API mean, and what a caller does about them.

>>> import parlance
>>> stripe = parlance.open("stripe")
>>> read = stripe.decode("POST", "/v1/charges", 402, {"Content-Type": "application/json"},
...                      b'{"error": {"code": "card_declined", "message": "No."}}')
>>> read.outcome.kind, read.outcome.code, read.decision.act
('failed', 'card_declined', 'stop')

The package needs libparlance.so. It is looked for where PARLANCE_LIBRARY says, beside this
file, and then where the system keeps its libraries. It is loaded by the first call, so a
worker that forks loads it after the fork.
"""

from __future__ import annotations

import ctypes
import json
import os
import random
import threading
import typing
from dataclasses import dataclass, field

__all__ = ["Decision", "Diagnostic", "Dialect", "Error", "Failure", "Field", "Item", "Outcome", "Reading", "Response", "Translator", "open", "raise_for_outcome", "reading", "version"]

Headers = typing.Union[typing.Mapping[str, str], typing.Iterable[typing.Tuple[str, str]]]


class Error(Exception):
    """A call that cannot be answered. The faults of a dialect file are its diagnostics."""

    def __init__(self, message: str, diagnostics: typing.Sequence["Diagnostic"] = ()):
        super().__init__(message)
        self.diagnostics = list(diagnostics)


@dataclass(frozen=True)
class Diagnostic:
    """Something that was noticed: in a response, or in a dialect file."""

    rule: str
    severity: str
    message: str
    file: str = ""
    line: int = 0
    column: int = 0
    at: str = ""
    hint: str = ""
    why: str = ""


@dataclass(frozen=True)
class Field:
    """One bad input."""

    path: str = ""
    code: str = ""
    message: str = ""


@dataclass(frozen=True)
class Item:
    """One record of a bulk request."""

    index: int
    outcome: "Outcome"
    id: str = ""


@dataclass(frozen=True)
class Outcome:
    """The meaning of a response. Only kind is always there."""

    kind: str
    reason: str = ""
    status: int = 0
    code: str = ""
    family: str = ""
    title: str = ""
    detail: str = ""
    type: str = ""
    instance: str = ""
    request_id: str = ""
    fields: typing.List[Field] = field(default_factory=list)
    items: typing.List[Item] = field(default_factory=list)
    notes: typing.List[str] = field(default_factory=list)
    retry_after: typing.Optional[float] = None
    retryable: typing.Optional[bool] = None
    help: str = ""
    extra: typing.Dict[str, str] = field(default_factory=dict)

    @property
    def failing(self) -> bool:
        """Whether the request did not do what it should."""
        return self.kind not in ("success", "noted", "partial", "accepted", "empty", "redirected")


@dataclass(frozen=True)
class Decision:
    """What to do about an outcome. Waits are in seconds.

    delay is the least and the most to wait before the next attempt: draw a number between
    them. It is None if no attempt is to be made. An attempt is made only if retry_safe is set,
    or if the caller knows that it does nothing twice.
    """

    act: str
    retry_safe: bool
    why: str
    line: str
    scope: str = ""
    after: float = 0
    backoff: typing.Optional[typing.Tuple[float, float]] = None
    schedule: typing.Tuple[float, ...] = ()
    then: str = ""
    delay: typing.Optional[typing.Tuple[float, float]] = None

    def wait(self, retry: int, draw: typing.Callable[[], float] = random.random) -> float:
        """The seconds to wait before a retry, which counts from 1.

        draw gives a number from 0 to 1, so that many callers do not return at once.
        """
        if self.after > 0:
            return self.after
        if self.schedule:
            return self.schedule[min(max(retry, 1), len(self.schedule)) - 1]
        if self.backoff is None:
            return 0
        floor, cap = self.backoff
        top = max(min(floor * 2.0 ** min(retry, 64), cap), floor)
        return floor + draw() * (top - floor)


@dataclass(frozen=True)
class Reading:
    """What Dialect.decode returns."""

    outcome: Outcome
    decision: Decision
    diagnostics: typing.List[Diagnostic]


@dataclass(frozen=True)
class Response:
    """A response that was written. body is None if the body that came is to be sent."""

    status: int
    headers: typing.List[typing.Tuple[str, str]]
    body: typing.Optional[bytes]


class Failure(Exception):
    """A response that is a failure. raise_for_outcome raises it."""

    def __init__(self, reading: Reading, response: typing.Any = None):
        o = reading.outcome
        said = " ".join(str(part) for part in (o.status, o.kind, o.code, o.request_id and "request " + o.request_id) if part)
        super().__init__("%s: %s (%s)" % (said, o.detail or o.title or reading.decision.why, reading.decision.act))
        self.parlance, self.response = reading, response


def reading(of: typing.Any) -> typing.Optional[Reading]:
    """The Reading that a transport attached to a response or to an error; None if none did."""
    attached = getattr(of, "parlance", None) or getattr(of, "extensions", {}).get("parlance")
    return attached if isinstance(attached, Reading) else None


def raise_for_outcome(response: typing.Any) -> typing.Any:
    """Raises a Failure if a response is one, and returns it else. Its status does not decide."""
    read = reading(response)
    if read is None:
        raise Error("the response came by no transport of parlance, so its meaning is not known")
    if read.outcome.failing:
        raise Failure(read, response)
    return response


def open(name_or_text: str) -> "Dialect":
    """Opens a dialect by its name in the catalog, or by the text of a dialect file."""
    return Dialect(name_or_text)


def version() -> str:
    """The version of the library."""
    text: bytes = _library().parlance_version()
    return text.decode()


class Dialect:
    """The responses of one API. It may be used by any number of threads."""

    def __init__(self, name_or_text: str):
        text = name_or_text.encode()
        x = _Exchange.empty()
        self._handle = _checked(*_call(lambda: _library().parlance_open(text, len(text), x), x))

    def __del__(self) -> None:
        _close(self)

    def needs_body(self, method: str, path: str, status: int, headers: Headers = ()) -> bool:
        """Whether the body is needed for the meaning. A stream or a download is not read."""
        x = _Exchange.of(method, path, status, headers)
        return _checked(*_call(lambda: _library().parlance_needs_body(self._handle, x), x)) == _WRITTEN

    def decode(self, method: str, path: str, status: int, headers: Headers = (), body: bytes = b"", *, key: str = "", request_headers: Headers = (), attempts: int = 0, cut: bool = False, retry_unsafe: bool = False, now: typing.Optional[float] = None, reason: str = "") -> Reading:
        """The meaning of a response, what to do about it, and what could not be read.

        If no response came, status is 0 and reason says why: "refused", "dns", "tls",
        "deadline", "reset", or another one of docs/client.md.
        """
        read = _parsed(self._said("parlance_decode", method, path, status, headers, body, key, request_headers, attempts, cut, retry_unsafe, now, reason))
        return Reading(_outcome(read["outcome"]), _decision(read), [_made(Diagnostic, d) for d in read["diagnostics"]])

    def decide(self, method: str, path: str, status: int, headers: Headers = (), body: bytes = b"", *, key: str = "", request_headers: Headers = (), attempts: int = 0, cut: bool = False, retry_unsafe: bool = False, now: typing.Optional[float] = None, reason: str = "") -> Decision:
        """What to do about a response. It is quicker than decode."""
        return _decision(_parsed(self._said("parlance_decide", method, path, status, headers, body, key, request_headers, attempts, cut, retry_unsafe, now, reason)))

    def encode(self, method: str, path: str, outcome: typing.Union[Outcome, typing.Mapping[str, typing.Any]], *, request_headers: Headers = (), now: typing.Optional[float] = None) -> Response:
        """The response that tells an outcome: an Outcome, or its JSON as a mapping."""
        said = outcome if not isinstance(outcome, Outcome) else _members(outcome)
        x = _Exchange.of(method, path, 0, (), json.dumps(said).encode(), request_headers=request_headers, now=now)
        _checked(*_call(lambda: _library().parlance_encode(self._handle, x), x))
        return x.response()

    def translator(self, to: "Dialect") -> "Translator":
        """The translation of the responses of this dialect into those of another."""
        return Translator(self, to)

    def _said(self, name: str, method: str, path: str, status: int, headers: Headers, body: bytes, key: str, request_headers: Headers, attempts: int, cut: bool, retry_unsafe: bool, now: typing.Optional[float], reason: str) -> bytes:
        x = _Exchange.of(method, path, status, headers, body, key=key, request_headers=request_headers, attempts=attempts, cut=cut, retry_unsafe=retry_unsafe, now=now, reason=reason)
        function = getattr(_library(), name)
        _checked(*_call(lambda: function(self._handle, x), x))
        return x.written()


class Translator:
    """Turns the responses of one dialect into those of another."""

    def __init__(self, speaks: Dialect, answers: Dialect):
        self._handle = _checked(_library().parlance_translation(speaks._handle, answers._handle), None)

    def __del__(self) -> None:
        _close(self)

    def translate(self, method: str, path: str, status: int, headers: Headers = (), body: bytes = b"", *, key: str = "", request_headers: Headers = (), cut: bool = False, now: typing.Optional[float] = None) -> typing.Optional[Response]:
        """The response for the callers. None says that it is to be sent as it came."""
        x = _Exchange.of(method, path, status, headers, body, key=key, request_headers=request_headers, cut=cut, now=now)
        if _checked(*_call(lambda: _library().parlance_translate(self._handle, x), x)) == _PASS:
            return None
        return x.response()


_T = typing.TypeVar("_T")

_PASS, _WRITTEN, _SMALL, _ERROR, _CLOSED, _FORKED = 0, 1, -1, -2, -3, -4


def _text(name: str) -> typing.List[typing.Tuple[str, typing.Any]]:
    """A parlance_text as two fields, which are quicker to set than one with two parts."""
    return [(name, ctypes.c_char_p), (name + "_length", ctypes.c_size_t)]


class _Exchange(ctypes.Structure):
    """parlance_exchange of parlance.h."""

    _fields_ = [
        ("size", ctypes.c_size_t),
        *_text("method"), *_text("path"), *_text("key"), *_text("request_header"),
        ("status", ctypes.c_int32), ("flags", ctypes.c_uint32), *_text("reason"),
        *_text("header"), *_text("body"), *_text("data"), *_text("data_type"),
        ("now", ctypes.c_int64), ("attempts", ctypes.c_int32),
        ("out_status", ctypes.c_int32), ("out", ctypes.c_void_p), ("capacity", ctypes.c_size_t),
        ("length", ctypes.c_size_t), ("out_header", ctypes.c_size_t), ("out_kept", ctypes.c_int32),
        ("kind", ctypes.c_int32), ("act", ctypes.c_int32), ("retry_safe", ctypes.c_int32),
    ]

    @classmethod
    def empty(cls) -> "_Exchange":
        x = cls(size=ctypes.sizeof(cls))
        x.reserve(4096)
        return x

    @classmethod
    def of(cls, method: str, path: str, status: int, headers: Headers = (), body: bytes = b"", *, key: str = "", request_headers: Headers = (), attempts: int = 0, cut: bool = False, retry_unsafe: bool = False, now: typing.Optional[float] = None, reason: str = "") -> "_Exchange":
        x = cls.empty()
        x.method = text = method.encode()
        x.method_length = len(text)
        x.path = text = path.encode()
        x.path_length = len(text)
        x.header = text = _lines(headers)
        x.header_length = len(text)
        x.body = text = bytes(body)
        x.body_length = len(text)
        if key:
            x.key = text = key.encode()
            x.key_length = len(text)
        if request_headers:
            x.request_header = text = _lines(request_headers)
            x.request_header_length = len(text)
        if reason:
            x.reason = text = reason.encode()
            x.reason_length = len(text)
        x.status, x.attempts, x.now = status, attempts, 0 if now is None else int(now * 1000)
        x.flags = cut | retry_unsafe << 1
        return x

    def reserve(self, size: int) -> None:
        self.buffer = ctypes.create_string_buffer(size)
        self.out, self.capacity = ctypes.addressof(self.buffer), size

    def written(self) -> bytes:
        return ctypes.string_at(self.out, self.length)

    def response(self) -> Response:
        text = self.written()
        lines = text[: self.out_header].decode("latin-1").split("\r\n")[:-1]
        headers = [(name, value) for name, _, value in (line.partition(": ") for line in lines)]
        return Response(self.out_status, headers, None if self.out_kept else text[self.out_header :])


def _lines(headers: Headers) -> bytes:
    pairs = headers.items() if hasattr(headers, "items") else headers
    lines = []
    for name, value in pairs:
        if "\n" in name or "\n" in value:
            raise Error("a header field has a line end: %r" % name)
        lines.append("%s: %s\r\n" % (name, value))
    return "".join(lines).encode("utf-8")


def _call(function: typing.Callable[[], typing.Any], x: _Exchange) -> typing.Tuple[int, _Exchange]:
    """Calls a function, and once more with a larger buffer if it asks for one."""
    code: int = function()
    while code == _SMALL:
        x.reserve(x.length)
        code = function()
    return code, x


def _checked(code: int, x: typing.Optional[_Exchange]) -> int:
    if code >= 0:
        return code
    if code == _ERROR and x is not None:
        said = _parsed(x.written())
        raise Error(said["error"], [_made(Diagnostic, d) for d in said.get("diagnostics", ())])
    raise Error({
        _ERROR: "a fault of libparlance",
        _CLOSED: "the dialect is closed",
        _FORKED: "this process was forked from one that had loaded libparlance; open the dialect after the fork",
    }.get(code, "libparlance is of another version than this package"))


def _close(owner: typing.Union[Dialect, Translator]) -> None:
    handle, owner._handle = getattr(owner, "_handle", 0), 0
    if handle and _loaded:
        _loaded[0].parlance_close(handle)


_decoder = json.JSONDecoder()


def _parsed(text: bytes) -> typing.Any:
    """What json.loads returns, which first looks for the encoding and for other decoders."""
    return _decoder.decode(text.decode())


def _outcome(o: typing.Dict[str, typing.Any]) -> Outcome:
    o["fields"] = [_made(Field, f) for f in o.get("fields", ())]
    o["items"] = [Item(i["index"], _outcome(i["outcome"]), i.get("id", "")) for i in o.get("items", ())]
    o.setdefault("notes", [])
    o.setdefault("extra", {})
    return _made(Outcome, o)


def _decision(said: typing.Dict[str, typing.Any]) -> Decision:
    d = said["decision"]
    for name in ("backoff", "schedule"):
        if name in d:
            d[name] = tuple(d[name])
    if "delay" in said:
        d["delay"] = tuple(said["delay"])
    return _made(Decision, d)


def _made(kind: typing.Type[_T], members: typing.Dict[str, typing.Any]) -> _T:
    """A value of a frozen dataclass, in a third of the time of its __init__."""
    value = kind.__new__(kind)
    value.__dict__.update(members)
    return value


def _members(o: Outcome) -> typing.Dict[str, typing.Any]:
    said = {name: value for name, value in vars(o).items() if value not in ("", 0, None, [], {})}
    for name in ("retry_after", "retryable"):  # 0 and False say something
        if getattr(o, name) is not None:
            said[name] = getattr(o, name)
    if o.fields:
        said["fields"] = [{name: value for name, value in vars(f).items() if value} for f in o.fields]
    if o.items:
        said["items"] = [{"index": i.index, "outcome": _members(i.outcome), **({"id": i.id} if i.id else {})} for i in o.items]
    return said


_loaded: typing.List[ctypes.CDLL] = []
_lock = threading.Lock()


def _library() -> ctypes.CDLL:
    if _loaded:
        return _loaded[0]
    with _lock:
        if not _loaded:
            _loaded.append(_load())
    return _loaded[0]


def _load() -> ctypes.CDLL:
    beside = os.path.join(os.path.dirname(__file__), "libparlance.so")
    path = os.environ.get("PARLANCE_LIBRARY") or (beside if os.path.exists(beside) else "libparlance.so")
    try:
        library = ctypes.CDLL(path)
    except OSError as e:
        raise Error("libparlance cannot be loaded: %s; set PARLANCE_LIBRARY to its place" % e) from e
    library.parlance_version.restype = ctypes.c_char_p
    library.parlance_open.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.POINTER(_Exchange)]
    for name in ("needs_body", "decode", "decide", "encode", "translate"):
        getattr(library, "parlance_" + name).argtypes = [ctypes.c_int32, ctypes.POINTER(_Exchange)]
    return library
