"""Holds the package to the suite: go run ./conformance > cases.jsonl, with -hostile, and with -files."""

import base64
import dataclasses
import doctest
import json
import os
import subprocess
import sys
import threading
import unittest

import parlance


def cases(variable):
    with open(os.environ[variable], encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def known_differences():
    """The names of the cases that this package is known to fail."""
    with open(os.environ["PARLANCE_DIFFERENCES"], encoding="utf-8") as file:
        return {d["case"] for d in json.load(file) if d["language"] == "python"}


def body_of(said):
    return said.get("body", "").encode() + base64.b64decode(said.get("body_base64", ""))


def headers_of(text):
    return [tuple(line.split(": ", 1)) for line in text.split("\r\n") if line]


def lines_of(headers):
    return "".join(sorted("%s: %s\r\n" % pair for pair in headers))


def decision_of(said):
    return parlance.Decision(**{name: tuple(value) if isinstance(value, list) else value for name, value in said.items()})


# Reads a hostile body in a process of its own, and prints by how many bytes its memory has grown at most.
READ = """
import json, sys
import parlance
sys.path.insert(0, sys.argv[1])
from test_conformance import body_of, headers_of

def most():
    with open("/proc/self/status", encoding="ascii") as lines:
        return next(1024 * int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))

case = json.load(sys.stdin)
args = case["method"], case["path"], case["status"], headers_of(case["header"]), body_of(case)
d = parlance.open(case["dialect"])
translator = d.translator(parlance.open("problem"))
before = most()
d.decode(*args)
translator.translate(*args)
print(most() - before)
"""


class Conformance(unittest.TestCase):
    maxDiff = None

    def test_every_case(self):
        self.assertGreater(self.passes("PARLANCE_CASES"), 1000)

    def test_every_hostile_body(self):
        self.assertGreater(self.passes("PARLANCE_HOSTILE"), 80)

    @unittest.skipUnless(os.path.exists("/proc/self/status"), "no file says how much memory a process had")
    def test_a_hostile_body_takes_bounded_memory(self):
        for name, case in {case["name"]: case for case in cases("PARLANCE_HOSTILE")}.items():
            with self.subTest(name):
                child = subprocess.run([sys.executable, "-B", "-c", READ, os.path.dirname(__file__)], input=json.dumps(case), capture_output=True, text=True, check=True)
                # Some copies of the body, and at most 64 bytes for each byte of it that is read. As
                # much again may wait for the collector.
                length = len(body_of(case))
                self.assertLess(int(child.stdout), (4 << 20) + 4 * length + 128 * min(length, 1 << 20))

    def passes(self, variable):
        dialects, translators, count = {}, {}, 0
        known, seen, different = known_differences(), set(), set()

        def opened(name):
            if name not in dialects:
                dialects[name] = parlance.open(name)
            return dialects[name]

        def translator(speaks, answers):
            pair = speaks, answers
            if pair not in translators:
                translators[pair] = opened(speaks).translator(opened(answers))
            return translators[pair]

        for case in cases(variable):
            count += 1
            seen.add(case["name"])
            with self.subTest(case["name"]):
                try:
                    self.holds(case, opened, translator)
                except AssertionError:
                    different.add(case["name"])
                    if case["name"] not in known:
                        raise
        self.assertEqual(known & seen - different, set(), "differences.json lists these, and they are no differences")
        return count

    def holds(self, case, opened, translator):
        want, d = case["want"], opened(case["dialect"])
        request = {"key": case.get("key", ""), "request_headers": headers_of(case.get("request_header", "")), "cut": case.get("cut", False), "now": case["now"] / 1000}
        args = (case["method"], case["path"], case["status"], headers_of(case["header"]))
        self.assertEqual(d.needs_body(*args), want["needs_body"])
        read = d.decode(*args, body_of(case), **request)
        self.assertEqual(parlance._members(read.outcome), want["outcome"])
        self.assertEqual(dataclasses.replace(read.decision, delay=None), decision_of(want["decision"]))
        self.assertEqual(read.diagnostics, [parlance.Diagnostic(**d) for d in want["diagnostics"]])
        self.assertEqual(d.decide(*args, body_of(case), **request).act, want["act"])
        wrote = d.encode(case["method"], case["path"], read.outcome, request_headers=request["request_headers"], now=request["now"])
        self.assertEqual((wrote.status, lines_of(wrote.headers), wrote.body), (want["encoded"]["status"], want["encoded"].get("header", ""), body_of(want["encoded"])))
        for to, response in want["translated"].items():
            got = translator(case["dialect"], to).translate(*args, body_of(case), **request)
            if response.get("passed"):
                self.assertIsNone(got)
                continue
            body = None if response.get("kept") else body_of(response)
            self.assertEqual((got.status, lines_of(got.headers), got.body), (response["status"], response.get("header", ""), body))

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

    def test_a_text_with_nul_is_read_to_its_end(self):
        vms = parlance.open("vms")
        for header in ({"A": "b\0"}, {"A": "b\0c"}, {"A\0": "b"}):
            with self.assertRaisesRegex(parlance.Error, 'line 1 is not "Name: value"'):
                vms.decode("GET", "/", 404, header)
        with self.assertRaisesRegex(parlance.Error, r'no such dialect: "vms\\x00"'):
            parlance.open("vms\0")
        read = vms.decode("GET", "/a\0", 404, {"Content-Type": "application/json"}, b'{"message":"a\\u0000b"}\n\0')
        self.assertEqual(read.outcome.kind, "not_found")

    def test_a_translator_outlives_its_dialects(self):
        translator = parlance.open("vms").translator(parlance.open("problem"))
        self.assertEqual(translator.translate("GET", "/", 404, {"Content-Type": "application/json"}, b'{"message":"no"}').status, 404)

    def test_a_closed_dialect_says_so(self):
        vms, problem = parlance.open("vms"), parlance.open("problem")
        vms.__del__()
        for call in (lambda: vms.decode("GET", "/", 404), lambda: vms.needs_body("GET", "/", 404), lambda: vms.encode("GET", "/", {"kind": "not_found"}), lambda: vms.translator(problem), lambda: problem.translator(vms)):
            with self.assertRaisesRegex(parlance.Error, "the dialect is closed"):
                call()

    def test_threads_that_the_end_of_the_process_kills(self):
        program = """
import threading, parlance
vms, begun = parlance.open("vms"), threading.Barrier(5)
def read():
    begun.wait()
    while True:
        vms.decode("GET", "/a", 404, {"Content-Type": "application/json"}, b'{"message":"no"}')
for _ in range(4):
    threading.Thread(target=read, daemon=True).start()
begun.wait()
print(vms.decode("GET", "/a", 404).outcome.kind)
"""
        ended = subprocess.run([sys.executable, "-B", "-c", program], capture_output=True, text=True)
        self.assertEqual((ended.returncode, ended.stdout, ended.stderr), (0, "not_found\n", ""))

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
