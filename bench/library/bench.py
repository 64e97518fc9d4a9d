"""The CPU time of calls of the package for Python, the fastest of some rounds. make lib-bench runs it."""

import json
import time
import timeit

import parlance

vms, problem = parlance.open("vms"), parlance.open("problem")
translator = vms.translator(problem)
header = {"Content-Type": "application/json", "Date": "Mon, 21 Sep 2026 10:00:00 GMT", "X-Request-Id": "abc"}
# The error of 250 bytes of the other benchmarks, as vms sends it.
body = (
    b'{"message":"Submitted data was invalid","errors":{"url":["The URL value is in invalid format",'
    b'"The URL can be no longer than 10 characters"],"date":["The date field doesn\'t match the format: Y-m-d H:i:s."],'
    b'"name":["The name field is required."]}}'
)
for name, function in (
    ("decode", lambda: vms.decode("POST", "/v1/cameras", 422, header, body)),
    ("decide", lambda: vms.decide("POST", "/v1/cameras", 422, header, body)),
    ("translate an error", lambda: translator.translate("POST", "/v1/cameras", 422, header, body)),
    ("json.loads of the body", lambda: json.loads(body)),
):
    rounds = timeit.repeat(function, timer=time.thread_time, number=1000, repeat=60)
    print("Python, %-24s %5.1f µs" % (name, min(rounds) / 1000 * 1e6))
