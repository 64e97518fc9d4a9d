// What strangers send, and what a caller should not do.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

const { open, ParlanceError } = await import(pathToFileURL(join(process.env.PARLANCE_PACKAGE, "node.js")));

const ten = 10 << 20, repeat = (text, length = ten) => text.repeat(Math.floor(length / text.length));
const bomb = '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]>';
const latin = (text) => Buffer.from(text, "latin1"), utf16 = (text) => Buffer.from(`\ufeff${text}`, "utf16le");

// Those of dialect/hostile_test.go, with the kind of a 200.
const bodies = {
  vbapi: {
    "10 MB of [": [repeat("["), "noted"],
    "10 MB of [0,": [repeat("[0,"), "noted"],
    "10 MB of {": [repeat('{"a":'), "noted"],
    "10 MB of 0,": [`[${repeat("0,")}`, "noted"],
    "10 MB of brackets beside each other": [`[${repeat("[],")}`, "noted"],
    "a text of 10 MB that does not end": [`{"a":"${repeat("x")}`, "noted"],
    "a text of 10 MB of backslashes": [`"${repeat("\\\\")}"`, "noted"],
    "a number of 10 MB": [repeat("9"), "noted"],
    "a body cut off in the middle": ['{"data":{"id":1},"error":{"ti', "noted"],
    "a body that goes on behind its end": ['{"data":1,"error":null,"debug":{}} {}', "noted"],
    "an empty body of white space": [" \n", "noted"],
    "null bytes": [repeat("\0", 1000), "noted"],
    "JSON in UTF-16": [utf16('{"data":null,"error":{"title":"a"},"debug":{}}'), "failed"],
    "HTML that is called JSON": ["<html><title>Log in</title></html>", "noted"],
    "XML that is called JSON": ["<error/>", "noted"],
    "text that is called JSON": ["upstream timed out", "noted"],
    "half of a character": ["\ud800", "noted"],
  },
  vision: {
    "an entity bomb": [`${bomb}<RES><Code>200</Code><Message>&c;</Message></RES>`, "noted"],
    "a DTD that includes a file": ['<!DOCTYPE RES SYSTEM "file:///etc/passwd"><RES><Code>200</Code></RES>', "noted"],
    "an unknown entity": ["<RES><Code>200</Code><Message>&nbsp;</Message></RES>", "noted"],
    "XML in Latin-1, as it says": [latin("<?xml version='1.0' encoding='ISO-8859-1'?><RES><Code>200</Code><Message>caf\xe9</Message></RES>"), "success"],
    "XML in Latin-1 that says UTF-8": [latin("<RES><Code>200</Code><Message>caf\xe9</Message></RES>"), "noted"],
    "XML in UTF-16": [utf16("<RES><Code>200</Code></RES>"), "success"],
    "XML cut off in the middle": ["<RES><Code>200</Code><Mess", "noted"],
    "10 MB of elements in each other": [repeat("<RES>"), "noted"],
    "10 MB of elements beside each other": [`<RES>${repeat("<a/>")}`, "noted"],
    "10 MB of attributes": [`<RES${repeat(' aaaaaaaa="1"')}`, "noted"],
    "10 MB of blank text in pieces": [`<RES>${repeat(" ", 1 << 19)}${repeat("<a/> ")}`, "noted"],
    "a comment of 10 MB that does not end": [`<RES><!--${repeat(" -")}`, "noted"],
    "JSON that is called XML": ['{"Code":"110"}', "noted"],
    "HTML that is called XML": ["<html><body>Log in</body></html>", "noted"],
  },
};

for (const [name, all] of Object.entries(bodies)) {
  const d = await open(name), media = { "Content-Type": name === "vision" ? "application/xml" : "application/json" };
  for (const [title, [body, good]] of Object.entries(all)) {
    test(`${title} turns no response around`, () => {
      for (const status of [200, 400, 503]) {
        const { outcome } = d.decode({ method: "POST", status, headers: media, body });
        const want = status === 200 ? good : d.decode({ method: "POST", status }).outcome.kind;
        assert.equal(outcome.kind, want, `${status}: ${JSON.stringify(outcome).slice(0, 500)}`);
      }
    });
  }
}

test("a dialect file is refused as in Go, with its places and hints", async () => {
  const cases = readFileSync(process.env.PARLANCE_TEXTS, "utf8").split("\n").filter(Boolean).map((line) => JSON.parse(line));
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
