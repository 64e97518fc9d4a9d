"""How long a decode takes: PARLANCE_LIBRARY=../../bin/libparlance.so python3 bench.py"""

import json
import timeit

import parlance

vms = parlance.open("vms")
header = {"Content-Type": "application/json", "X-Request-Id": "abc"}
body = json.dumps({"code": 422, "status": "x", "message": "Validation failed", "details": [{"field": "a", "message": "b"}]}).encode()
for name, function in (
    ("decode", lambda: vms.decode("POST", "/a/b", 422, header, body)),
    ("decide", lambda: vms.decide("POST", "/a/b", 422, header, body)),
    ("json.loads", lambda: json.loads(body)),
):
    print("%-10s %.1f µs" % (name, min(timeit.repeat(function, number=3000, repeat=40)) / 3000 * 1e6))
