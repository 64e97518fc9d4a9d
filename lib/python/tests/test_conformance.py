"""Holds the package to the suite: go run ./conformance > cases.jsonl, with -hostile, and with -files."""

import base64
import doctest
import json
import os
import threading
import unittest

import parlance


def cases(variable):
    with open(os.environ[variable], encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def body_of(said):
    return said.get("body", "").encode() + base64.b64decode(said.get("body_base64", ""))


def headers_of(text):
    return [tuple(line.split(": ", 1)) for line in text.split("\r\n") if line]


def lines_of(headers):
    return "".join(sorted("%s: %s\r\n" % pair for pair in headers))


class Conformance(unittest.TestCase):
    maxDiff = None

    def test_every_case(self):
        self.assertGreater(self.passes("PARLANCE_CASES"), 1000)

    def test_every_hostile_body(self):
        self.assertGreater(self.passes("PARLANCE_HOSTILE"), 80)

    def passes(self, variable):
        dialects, translators, count = {}, {}, 0

        def opened(name):
            if name not in dialects:
                dialects[name] = parlance.open(name)
            return dialects[name]

        for case in cases(variable):
            count += 1
            want, d = case["want"], opened(case["dialect"])
            request = {"key": case.get("key", ""), "request_headers": headers_of(case.get("request_header", "")), "cut": case.get("cut", False), "now": case["now"] / 1000}
            args = (case["method"], case["path"], case["status"], headers_of(case["header"]))
            with self.subTest(case["name"]):
                self.assertEqual(d.needs_body(*args), want["needs_body"])
                read = d.decode(*args, body_of(case), **request)
                self.assertEqual(parlance._members(read.outcome), want["outcome"])
                self.assertEqual(read.decision.act, want["decision"]["act"])
                self.assertEqual(read.decision.retry_safe, want["decision"]["retry_safe"])
                self.assertEqual(len(read.diagnostics), len(want["diagnostics"]))
                self.assertEqual(d.decide(*args, body_of(case), **request).act, want["act"])
                wrote = d.encode(case["method"], case["path"], read.outcome, request_headers=request["request_headers"], now=request["now"])
                self.assertEqual((wrote.status, lines_of(wrote.headers), wrote.body), (want["encoded"]["status"], want["encoded"].get("header", ""), body_of(want["encoded"])))
                for to, response in want["translated"].items():
                    pair = case["dialect"], to
                    if pair not in translators:
                        translators[pair] = d.translator(opened(to))
                    got = translators[pair].translate(*args, body_of(case), **request)
                    if response.get("passed"):
                        self.assertIsNone(got)
                        continue
                    body = None if response.get("kept") else body_of(response)
                    self.assertEqual((got.status, lines_of(got.headers), got.body), (response["status"], response.get("header", ""), body))
        return count

    def test_a_file_is_refused_as_in_go(self):
        most = 0
        for case in cases("PARLANCE_FILES"):
            with self.subTest(case["text"]):
                if "error" not in case:
                    parlance.open(case["text"])
                    continue
                with self.assertRaises(parlance.Error) as caught:
                    parlance.open(case["text"])
                wants = [parlance.Diagnostic(**d) for d in case.get("diagnostics", ())]
                self.assertEqual((str(caught.exception), caught.exception.diagnostics), (case["error"], wants))
                most = max(most, len(wants))
        self.assertGreaterEqual(most, 20)

    def test_a_long_body_gets_a_larger_buffer(self):
        detail = "x" * 100_000
        wrote = parlance.open("problem").encode("GET", "/", {"kind": "not_found", "status": 404, "detail": detail})
        self.assertIn(detail.encode(), wrote.body)

    def test_a_forked_process_is_told_so(self):
        vms = parlance.open("vms")
        read, write = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                vms.decode("GET", "/", 404)
            except parlance.Error as e:
                os.write(write, str(e).encode())
            os._exit(0)
        os.waitpid(pid, 0)
        self.assertIn(b"open the dialect after the fork", os.read(read, 1000))

    def test_a_field_with_a_line_end_is_refused(self):
        with self.assertRaises(parlance.Error):
            parlance.open("vms").decode("GET", "/", 404, {"A": "b\r\nContent-Type: text/html"})

    def test_threads_share_a_dialect(self):
        vms, kinds = parlance.open("vms"), []

        def read():
            for _ in range(200):
                kinds.append(vms.decode("GET", "/a", 404).outcome.kind)

        threads = [threading.Thread(target=read) for _ in range(8)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual(kinds, ["not_found"] * 1600)


def load_tests(loader, tests, pattern):
    tests.addTests(doctest.DocTestSuite(parlance))
    return tests


if __name__ == "__main__":
    unittest.main()
