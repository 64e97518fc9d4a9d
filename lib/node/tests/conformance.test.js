// Holds the package to the suite: go run ./conformance > cases.jsonl, and with -hostile. PARLANCE_PACKAGE is the
// folder that build.js wrote, and PARLANCE_DIFFERENCES the list of known differences.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

const { open } = await import(pathToFileURL(join(process.env.PARLANCE_PACKAGE, "node.js")));

const bytesOf = (said) => Buffer.from(said.body_base64 ?? said.body ?? "", said.body_base64 ? "base64" : "utf8");
const headersOf = (text = "") => text.split("\r\n").filter(Boolean).map((line) => [line.slice(0, line.indexOf(": ")), line.slice(line.indexOf(": ") + 2)]);
const linesOf = (headers) => headers.map(([name, value]) => `${name}: ${value}\r\n`).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))).join("");

const opened = new Map();
async function dialect(name) {
  if (!opened.has(name)) opened.set(name, await open(name));
  return opened.get(name);
}

const written = ({ status, headers, body }) => ({ status, header: linesOf(headers), body: body && Buffer.from(body).toString("base64") });
const wanted = (r) => ({ status: r.status, header: r.header ?? "", body: r.kept ? null : bytesOf(r).toString("base64") });

const known = new Set(JSON.parse(readFileSync(process.env.PARLANCE_DIFFERENCES, "utf8")).filter((d) => d.language === "node").map((d) => d.case));

const translators = new Map();
async function holds(c) {
  const d = await dialect(c.dialect), want = c.want;
  const request = { method: c.method, path: c.path, key: c.key, requestHeaders: headersOf(c.request_header), now: c.now };
  const x = { ...request, status: c.status, headers: headersOf(c.header), body: bytesOf(c), cut: c.cut };
  assert.equal(d.needsBody(x), want.needs_body, c.name);
  assert.deepEqual(d.classify(x), { kind: want.kind, act: want.act, retrySafe: want.retry_safe }, c.name);
  const { outcome, decision, diagnostics } = d.decode(x);
  assert.deepEqual({ outcome, decision, diagnostics }, { outcome: want.outcome, decision: want.decision, diagnostics: want.diagnostics }, c.name);
  assert.equal(d.decide(x).decision.act, want.act, c.name);
  assert.deepEqual(written(d.encode({ ...request, key: undefined }, outcome)), wanted(want.encoded), c.name);
  for (const [to, response] of Object.entries(want.translated)) {
    const pair = `${c.dialect} ${to}`;
    if (!translators.has(pair)) translators.set(pair, d.translator(await dialect(to)));
    const got = translators.get(pair).translate(x);
    assert.deepEqual(got && written(got), response.passed ? null : wanted(response), `${c.name} into ${to}`);
  }
}

async function passes(file, least) {
  const lines = readFileSync(file, "utf8").split("\n").filter(Boolean);
  assert.ok(lines.length > least);
  const same = new Set(), different = new Set();
  for (const c of lines.map((line) => JSON.parse(line))) {
    try {
      await holds(c);
      same.add(c.name);
    } catch (e) {
      if (!(e instanceof assert.AssertionError) || !known.has(c.name)) throw e;
      different.add(c.name);
    }
  }
  const gone = [...same].filter((name) => known.has(name) && !different.has(name));
  assert.deepEqual(gone, [], "differences.json lists these, and they are no differences");
}

test("every case of the suite", () => passes(process.env.PARLANCE_CASES, 1000));
test("every hostile body", () => passes(process.env.PARLANCE_HOSTILE, 80));
