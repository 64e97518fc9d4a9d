"""Held to mypy --strict with the package, and never run."""

import typing

import httpx
import requests
import tenacity

import parlance
import parlance.httpx
import parlance.requests
import parlance.tenacity

stripe: parlance.Dialect = parlance.open("stripe")
read: parlance.Reading = stripe.decode("POST", "/v1/charges", 402, {"Content-Type": "application/json"}, b"{}", request_headers=[("A", "b")], now=0.5)
wait: typing.Optional[typing.Tuple[float, float]] = read.decision.delay
path: str = read.outcome.fields[0].path
hint: str = read.diagnostics[0].hint
written: typing.Optional[parlance.Response] = stripe.translator(parlance.open("problem")).translate("GET", "/", 404)
body: typing.Optional[bytes] = stripe.encode("GET", "/", {"kind": "not_found"}).body

client = httpx.Client(transport=parlance.httpx.Transport(stripe, httpx.HTTPTransport()))
other = httpx.AsyncClient(transport=parlance.httpx.AsyncTransport("stripe"))
session = requests.Session()
session.mount("https://api.stripe.com/", parlance.requests.Adapter("stripe"))


@tenacity.retry(**parlance.tenacity.rules(attempts=4, longest=30))
def charge() -> object:
    return parlance.raise_for_outcome(client.get("/v1/charges")).json()


meaning: typing.Optional[parlance.Reading] = parlance.reading(client.get("/"))

stripe.decode("GET", "/", "404")  # type: ignore[arg-type]
stripe.decode("GET", "/", 404, {}, "text")  # type: ignore[arg-type]
stripe.translator("problem")  # type: ignore[arg-type]
stripe.translator(stripe).translate("GET", "/", 404).status  # type: ignore[union-attr]
