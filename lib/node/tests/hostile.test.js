// What strangers send, and what a caller should not do.
import assert from "node:assert/strict";
import { webcrypto } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";

const { Dialect, Instance } = await import(pathToFileURL(join(process.env.PARLANCE_PACKAGE, "core.js")));
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

test("a worker that is terminated within its calls takes nothing with it", async () => {
  const vms = await open("vms");
  const program = `
    const { open } = await import(${JSON.stringify(pathToFileURL(join(process.env.PARLANCE_PACKAGE, "node.js")))});
    const { parentPort } = await import("node:worker_threads");
    const vms = await open("vms");
    for (let n = 0; ; n++) {
      if (vms.decode({ status: 404 }).outcome.kind !== "not_found") throw new Error("another outcome");
      if (n === 10) parentPort.postMessage("begun");
    }`;
  for (let round = 0; round < 5; round++) {
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(program)}`));
    await new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject));
    assert.equal(await worker.terminate(), 1);
    assert.equal(vms.decode({ status: 404 }).outcome.kind, "not_found");
  }
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

// opener opens dialects of the package in an Instance.
const file = (name) => readFileSync(join(process.env.PARLANCE_PACKAGE, name));
const opener = (instance) => (word) => {
  for (;;) {
    const result = instance.open(word);
    if (result instanceof Dialect) return result;
    instance.source(result, file(`dialects/${result}.yaml`));
  }
};
const random = (b) => webcrypto.getRandomValues(b);

test("a hostile body takes bounded memory", async () => {
  const module = new WebAssembly.Module(file("parlance.wasm"));
  const cases = new Map(readFileSync(process.env.PARLANCE_HOSTILE, "utf8").split("\n").filter(Boolean).map((line) => JSON.parse(line)).map((c) => [c.name, c]));
  assert.ok(cases.size > 40);
  for (const { name, dialect, method, path, status, header, ...said } of cases.values()) {
    const instance = await Instance.start(module, random), opened = opener(instance); // its memory grows, and never shrinks
    const d = opened(dialect), translator = d.translator(opened("problem")), before = instance.memory.buffer.byteLength;
    const headers = header.split("\r\n").filter(Boolean).map((line) => line.split(/: (.*)/s).slice(0, 2));
    const body = Buffer.from(said.body_base64 ?? said.body ?? "", said.body_base64 ? "base64" : "utf8");
    for (let n = 0; n < 3; n++) {
      d.decode({ method, path, status, headers, body });
      translator.translate({ method, path, status, headers, body });
    }
    // Some copies of the body, and at most 64 bytes for each byte of it that is read. As much again may wait for the collector.
    const more = instance.memory.buffer.byteLength - before, limit = (4 << 20) + 4 * body.length + 128 * Math.min(body.length, 1 << 20);
    assert.ok(more <= limit, `${name}: ${more} bytes for ${body.length}, more than ${limit}`);
  }
});

test("memory is collected though collecting took long", async () => {
  let now = 0; // each look at the clock takes a tenth of a second, so the runtime thinks that the collector has had its share
  const instance = await Instance.start(new WebAssembly.Module(file("parlance.wasm")), random, () => (now += 100));
  const stripe = opener(instance)("stripe"), response = { status: 402, headers: { "Content-Type": "application/json" } };
  const body = JSON.stringify({ error: { code: "x", more: Array.from({ length: 60000 }, (_, a) => ({ a })) } });
  for (let n = 0; n < 30; n++) stripe.decode({ ...response, body });
  const size = instance.memory.buffer.byteLength;
  assert.ok(size < 128 << 20, `${size} bytes`);
});
