// What strangers send, and what a caller should not do.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

const { open, ParlanceError } = await import(pathToFileURL(join(process.env.PARLANCE_PACKAGE, "node.js")));

test("half of a character turns no response around", async () => {
  const vbapi = await open("vbapi"), request = { method: "POST", headers: { "Content-Type": "application/json" }, body: "\ud800" };
  for (const [status, kind] of [[200, "noted"], [400, "invalid"]]) assert.equal(vbapi.decode({ ...request, status }).outcome.kind, kind);
});

test("a dialect file is refused as in Go, with its places and hints", async () => {
  const cases = readFileSync(process.env.PARLANCE_FILES, "utf8").split("\n").filter(Boolean).map((line) => JSON.parse(line));
  assert.ok(cases.length > 20);
  for (const { text, error, diagnostics } of cases) {
    const result = await open(text).catch((e) => e);
    if (!error) {
      assert.ok(!(result instanceof Error), `${text}: ${result}`);
      result.close();
      continue;
    }
    assert.ok(result instanceof ParlanceError, text);
    assert.equal(result.message, error, text);
    assert.deepEqual(result.diagnostics, diagnostics ?? [], text);
  }
  const most = Math.max(...cases.map(({ diagnostics }) => diagnostics?.length ?? 0));
  assert.ok(most >= 20, `${most} faults`);
});

const refused = (says) => (e) => e instanceof ParlanceError && e.message.includes(says);

test("mistakes of a caller are errors", async () => {
  const vms = await open("vms"), problem = await open("problem"), translator = vms.translator(problem);
  assert.throws(() => vms.decode({ status: 404, headers: { A: "b\r\nC: d" } }), refused("line end"));
  assert.throws(() => vms.decode({ status: 404, headers: { A: "b\0" } }), refused("line 1 is not"));
  assert.throws(() => vms.decode({ status: 404, headers: { "a b": "c" } }), refused("line 1 is not"));
  assert.throws(() => vms.decode({}), refused("the status is 0"));
  assert.throws(() => vms.decode({ status: 404, body: 7 }), refused("a body is"));
  assert.throws(() => vms.decode({ reason: "no" }), refused("no reason"));
  assert.throws(() => vms.encode({}, "no outcome"), refused("the outcome"));
  vms.close();
  vms.close();
  for (const f of [() => vms.decode({ status: 404 }), () => vms.classify({ status: 404 }), () => vms.translator(problem), () => vms.stream({ status: 200 })]) assert.throws(f, refused("closed"));
  assert.equal(translator.translate({ status: 404, headers: {}, body: '{"code":404}' }).status, 404); // it ends as if the dialect were open
  translator.close();
  assert.throws(() => translator.translate({ status: 404 }), refused("closed"));
});

test("a name leads to no other file", async () => {
  for (const name of ["no-such", "../package", "/etc/passwd", "a/b", "..", "", "x".repeat(1 << 16), "__proto__"]) await assert.rejects(open(name), refused("no such dialect"), name);
  await assert.rejects(open("dialect: a\nextends: ../../secret\ncodes: {400: invalid}\n"), ParlanceError);
});

test("dialects that extend each other in a circle are refused", async () => {
  await assert.rejects(open("dialect: dialect\nextends: dialect\ncodes: {400: invalid}\n"), ParlanceError);
});

test("a body of every kind is read alike", async () => {
  const vms = await open("vms"), text = '{"code":404,"message":"größer"}', bytes = new TextEncoder().encode(text);
  const read = (body) => vms.decode({ status: 404, headers: new Headers({ "content-type": "application/json" }), body }).outcome;
  for (const body of [bytes, bytes.buffer, new DataView(bytes.buffer), Buffer.from(text)]) assert.deepEqual(read(body), read(text));
});

test("much memory is given back, and nothing of a call is left to the next", async () => {
  const problem = await open("problem");
  const detail = "ü".repeat(3 << 20);
  const long = problem.encode({}, { kind: "not_found", status: 404, detail });
  const short = problem.encode({}, { kind: "not_found", status: 404, detail: "a" });
  assert.equal(JSON.parse(Buffer.from(long.body)).detail, detail);
  assert.equal(JSON.parse(Buffer.from(short.body)).detail, "a");
});
