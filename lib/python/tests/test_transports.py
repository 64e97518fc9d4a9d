"""The transports and the rules, over real sockets."""

import asyncio
import contextlib
import gzip
import http.server
import io
import os
import socket
import threading
import unittest
import unittest.mock

import parlance

try:
    import httpx
    import requests
    import tenacity
except ImportError as e:
    if os.environ.get("CI"):
        raise
    raise unittest.SkipTest("%s: apt install python3-httpx python3-requests python3-tenacity" % e)

import parlance.httpx
import parlance.requests
import parlance.tenacity

JSON = ("Content-Type", "application/json")
LONG = b'{"error": {"code": "card_declined", "message": "No."}}' + b" " * (2 << 20)


class Vendor(http.server.BaseHTTPRequestHandler):
    """Answers by the path, and counts."""

    protocol_version = "HTTP/1.1"
    seen = []

    def do_GET(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.seen.append(self.path)
        what = self.path.strip("/").split("/")[0]
        getattr(self, what)()

    do_POST = do_PUT = do_GET

    def answer(self, status, body, *headers):
        self.send_response(status)
        for name, value in (*headers, ("Content-Length", str(len(body)))):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def declined(self):
        self.answer(402, b'{"error": {"code": "card_declined", "message": "No."}}', JSON)

    def zipped(self):
        self.answer(402, gzip.compress(b'{"error": {"code": "card_declined", "message": "No."}}'), JSON, ("Content-Encoding", "gzip"))

    def bomb(self):
        self.answer(402, gzip.compress(b'{"error": {"code": "card_declined", "message": "No."}}' + b" " * (8 << 20)), JSON, ("Content-Encoding", "gzip"))

    def long(self):
        self.answer(402, LONG, JSON)

    def busy(self):
        if self.seen.count(self.path) <= int(self.path.split("/")[2]):
            self.answer(429, b'{"error": {"type": "rate_limit_error"}}', JSON, ("Retry-After", "7"))
        else:
            self.answer(200, b'{"id": "ch_1"}', JSON)

    def patient(self):
        self.answer(429, b"{}", JSON, ("Retry-After", "3600"))

    def ok(self):
        self.answer(200, b'{"id": "ch_1"}', JSON)

    def leave(self):
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def cut(self):
        self.send_response(402)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "100")
        self.end_headers()
        self.wfile.write(b'{"error": {"code": "card_declined", "message": "No."')
        self.leave()

    def nothing(self):
        self.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
        self.leave()

    def log_message(self, *args):
        pass


class Transports(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Vendor)
        threading.Thread(target=cls.server.serve_forever, daemon=True).start()
        cls.base = "http://127.0.0.1:%d" % cls.server.server_port
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            cls.nobody = "http://127.0.0.1:%d" % s.getsockname()[1]

    @classmethod
    def tearDownClass(cls):
        cls.server.shutdown()
        cls.server.server_close()

    def setUp(self):
        Vendor.seen.clear()
        self.session = requests.Session()
        self.session.mount("http://", parlance.requests.Adapter("stripe"))
        self.session.trust_env = False
        self.client = httpx.Client(transport=parlance.httpx.Transport("stripe"), base_url=self.base)
        self.addCleanup(self.client.close)
        self.addCleanup(self.session.close)

    def senders(self):
        """Each client as a function of method, URL and header that returns the response."""

        async def sent(method, url, **more):
            async with httpx.AsyncClient(transport=parlance.httpx.AsyncTransport("stripe")) as client:
                return await client.request(method, url, **more)

        return {
            "requests": self.session.request,
            "httpx": self.client.request,
            "httpx async": lambda method, url, **more: asyncio.run(sent(method, url, **more)),
        }

    def test_a_response_has_its_meaning_and_its_body(self):
        for name, send in self.senders().items():
            for path in ("declined", "zipped", "long", "bomb"):
                with self.subTest(name, path=path):
                    response = send("POST", self.base + "/" + path)
                    read = parlance.reading(response)
                    self.assertEqual((read.outcome.kind, read.outcome.code, read.outcome.detail), ("failed", "card_declined", "No."))
                    self.assertEqual(response.json()["error"]["message"], "No.")
                    self.assertEqual(len(response.content), {"long": len(LONG), "bomb": 54 + (8 << 20)}.get(path, 54))

    def test_a_body_that_is_streamed_is_whole(self):
        with self.client.stream("GET", "/long") as response:
            self.assertEqual(parlance.reading(response).outcome.code, "card_declined")
            self.assertEqual(b"".join(response.iter_bytes()), LONG)
        response = self.session.get(self.base + "/long", stream=True)
        self.assertEqual(parlance.reading(response).outcome.code, "card_declined")
        self.assertEqual(b"".join(response.iter_content(1000)), LONG)

    def test_raise_for_outcome(self):
        for name, send in self.senders().items():
            with self.subTest(name):
                response = send("GET", self.base + "/ok")
                self.assertIs(parlance.raise_for_outcome(response), response)
                with self.assertRaisesRegex(parlance.Failure, r"402 failed card_declined: No. \(stop\)") as caught:
                    parlance.raise_for_outcome(send("POST", self.base + "/declined"))
                self.assertEqual(caught.exception.response.status_code, 402)
                self.assertEqual(parlance.reading(caught.exception).outcome.code, "card_declined")
        with self.assertRaises(parlance.Error):
            parlance.raise_for_outcome(requests.Response())

    def test_an_error_says_why_no_response_came(self):
        for name, send in self.senders().items():
            for url, reason, safe in (
                (self.nobody + "/", "refused", True),
                (self.base + "/leave", "reset", False),
                (self.base + "/nothing", "malformed_response" if name != "requests" else "reset", False),
            ):
                with self.subTest(name, reason=reason):
                    with self.assertRaises((httpx.TransportError, requests.RequestException)) as caught:
                        send("POST", url)
                    read = parlance.reading(caught.exception)
                    self.assertEqual((read.outcome.status, read.outcome.reason, read.decision.retry_safe), (0, reason, safe))

    def test_a_name_that_nobody_knows(self):
        with unittest.mock.patch("socket.getaddrinfo", side_effect=socket.gaierror(-2, "Name or service not known")):
            for name, send in self.senders().items():
                with self.subTest(name):
                    with self.assertRaises((httpx.TransportError, requests.RequestException)) as caught:
                        send("POST", "http://nobody.invalid/")
                    self.assertEqual(parlance.reading(caught.exception).outcome.reason, "dns")

    def test_a_body_that_breaks_off_keeps_the_status(self):
        for name, send in self.senders().items():
            with self.subTest(name):
                try:  # requests with urllib3 1 takes a body for whole
                    read = parlance.reading(send("POST", self.base + "/cut"))
                except (httpx.TransportError, requests.RequestException) as e:
                    read = parlance.reading(e)
                self.assertEqual((read.outcome.status, read.outcome.code), (402, "card_declined"))
                self.assertIn("only the first 52 bytes", read.diagnostics[0].message)

    def rules(self, **more):
        self.slept = []
        return tenacity.Retrying(sleep=self.slept.append, **parlance.tenacity.rules(**more))

    def test_a_retry_waits_as_long_as_the_response_asks(self):
        for name, send in self.senders().items():
            with self.subTest(name):
                Vendor.seen.clear()
                self.assertEqual(self.rules()(send, "POST", self.base + "/busy/2", headers={"Idempotency-Key": "k"}).status_code, 200)
                self.assertEqual(self.slept, [7, 7])

    def test_what_is_not_safe_is_not_sent_twice(self):
        for name, send in self.senders().items():
            for path, headers in (("/leave", {}), ("/declined", {"Idempotency-Key": "k"})):
                with self.subTest(name, path=path):
                    Vendor.seen.clear()
                    with self.assertRaises((httpx.TransportError, requests.RequestException, parlance.Failure)):
                        self.rules()(lambda: parlance.raise_for_outcome(send("POST", self.base + path, headers=headers)))
                    self.assertEqual((Vendor.seen, self.slept), ([path], []))

    def test_the_last_response_is_returned_and_a_long_wait_is_handed_back(self):
        for name, send in self.senders().items():
            with self.subTest(name):
                self.assertEqual(self.rules(attempts=2)(send, "GET", self.base + "/busy/9").status_code, 429)
                self.assertEqual(self.slept, [7])
                self.assertEqual(self.rules()(send, "GET", self.base + "/patient").status_code, 429)
                self.assertEqual(self.slept, [])

    def test_a_credential_is_refreshed_once(self):
        refreshed = []
        vms = "dialect: a\ncodes:\n  401: unauthenticated/expired\n"
        client = httpx.Client(transport=parlance.httpx.Transport(vms, httpx.MockTransport(lambda request: httpx.Response(401))))
        self.assertEqual(self.rules(refresh=lambda: refreshed.append(1))(client.get, "http://a/").status_code, 401)
        self.assertEqual(len(refreshed), 1)
        self.assertEqual(self.rules()(client.get, "http://a/").status_code, 401)
        self.assertEqual(self.slept, [])

    def test_waits_are_those_of_the_library(self):
        for dialect, status, headers in (("stripe", 500, ()), ("vision", 500, ()), ("http", 503, {"Retry-After": "9"}), ("http", 503, ())):
            d = parlance.open(dialect)
            for attempts in range(1, 8):
                decision = d.decide("GET", "/", status, headers, attempts=attempts)
                self.assertEqual((decision.wait(attempts, lambda: 0), decision.wait(attempts, lambda: 1)), decision.delay, (dialect, attempts))

    def test_the_example_of_the_guide(self):
        with open(os.path.join(os.path.dirname(__file__), "../../../docs/languages.md"), encoding="utf-8") as guide:
            example = next(block for block in guide.read().split("```py\n")[1:] if "tenacity" in block).split("```")[0]
        Vendor.seen.clear()
        for path, printed in (("busy/1", "{'id': 'ch_1'}"), ("declined", "402 failed card_declined: No. (stop) card_declined")):
            said = io.StringIO()
            with contextlib.redirect_stdout(said), unittest.mock.patch("time.sleep"):
                exec(example.replace("https://api.stripe.com", self.base).replace("/v1/charges", "/" + path), {})
            self.assertEqual(said.getvalue().strip(), printed)


if __name__ == "__main__":
    unittest.main()
