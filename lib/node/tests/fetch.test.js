// The fetch that reads each response and sends again what is safe.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

const { Budget, open, reportOf, wrap } = await import(pathToFileURL(join(process.env.PARLANCE_PACKAGE, "node.js")));
const stripe = await open("stripe"), vms = await open("vms"), openai = await open("openai");

// serve runs a server for a test. respond gets each request with its number.
async function serve(t, respond) {
  const seen = [];
  const server = createServer(async (req, res) => {
    let body = "";
    for await (const part of req) body += part;
    seen.push({ method: req.method, headers: req.headers, body });
    respond(res, seen.length, req);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections?.();
    server.close();
  });
  return { url: `http://127.0.0.1:${server.address().port}`, seen };
}

const json = (res, status, value, headers = {}) => res.writeHead(status, { "Content-Type": "application/json", ...headers }).end(JSON.stringify(value));

// noWait counts the waits, and makes none.
function noWait() {
  const waits = [];
  return { waits, sleep: (ms, signal) => (signal?.aborted ? Promise.reject(signal.reason) : ms === 250 || ms === 10000 ? new Promise((_, reject) => signal.addEventListener("abort", reject)) : (waits.push(ms), Promise.resolve())) };
}

test("a POST is sent again under its key, after the time that the response asks for", async (t) => {
  const { url, seen } = await serve(t, (res, n) => (n === 1 ? json(res, 429, { error: { type: "rate_limit_error" } }, { "Retry-After": "7" }) : json(res, 200, { id: "ch_1" })));
  const clock = noWait();
  const response = await wrap(stripe, clock)(`${url}/v1/charges`, { method: "POST", body: "amount=1" });
  assert.deepEqual(await response.json(), { id: "ch_1" });
  assert.deepEqual(clock.waits, [7000]);
  assert.equal(seen.length, 2);
  assert.equal(seen[1].body, "amount=1");
  assert.match(seen[0].headers["idempotency-key"], /^[0-9a-f]{32}$/);
  assert.equal(seen[0].headers["idempotency-key"], seen[1].headers["idempotency-key"]);
  const report = reportOf(response);
  assert.equal(report.outcome.kind, "success");
  assert.deepEqual(report.attempts.map(({ outcome }) => outcome.kind), ["rate_limited", "success"]);
});

test("what may be done twice is not sent again, unless the caller says so", async (t) => {
  const { url, seen } = await serve(t, (res) => json(res, 503, {}));
  const response = await wrap(vms, noWait())(url, { method: "POST", body: "a" });
  assert.equal(response.status, 503);
  assert.equal(seen.length, 1);
  assert.equal(reportOf(response).decision.retry_safe, false);
  await wrap(vms, { ...noWait(), retryUnsafe: true, maxWait: Infinity })(url, { method: "POST", body: "a" });
  assert.equal(seen.length, 5);
});

test("the body of a failure is the caller's, and the response has its URL", async (t) => {
  const { url } = await serve(t, (res) => json(res, 402, { error: { code: "card_declined", message: "No." } }));
  const response = await wrap(stripe)(`${url}/v1/charges`, { method: "POST", body: "a" });
  assert.equal(response.url, `${url}/v1/charges`);
  assert.equal((await response.json()).error.message, "No.");
  assert.equal(reportOf(response).outcome.code, "card_declined");
  assert.equal(reportOf({}), undefined);
});

test("attempts, waits and the budget have an end", async (t) => {
  const { url, seen } = await serve(t, (res) => json(res, 429, {}, { "Retry-After": "60" }));
  await wrap(stripe, noWait())(url);
  assert.equal(seen.length, 1, "60 s are more than maxWait");
  await wrap(stripe, { ...noWait(), maxWait: 60000, maxAttempts: 3 })(url);
  assert.equal(seen.length, 4);
  const budget = new Budget(1, 0);
  await wrap(stripe, { ...noWait(), maxWait: 60000, budget })(url);
  assert.equal(seen.length, 6);
  assert.equal(budget.spend(new URL(url).host), false);
  assert.equal(budget.spend("other"), true);
});

test("a caller who cancels while it waits gets its own reason", async (t) => {
  const stop = new AbortController(), reason = new Error("enough");
  const { url, seen } = await serve(t, (res) => json(res, 429, {}, { "Retry-After": "20" }));
  const waiting = wrap(stripe, { budget: { spend: () => (setImmediate(() => stop.abort(reason)), true), succeed() {} } })(url, { signal: stop.signal });
  await assert.rejects(waiting, (e) => e === reason);
  assert.equal(seen.length, 1);
});

test("a server that is not there is an outcome too", async (t) => {
  const { url } = await serve(t, () => {});
  const gone = new URL(url);
  gone.port = "1";
  const clock = noWait();
  const error = await wrap(stripe, clock)(gone).then(() => assert.fail(), (e) => e);
  const report = reportOf(error);
  assert.equal(report.outcome.kind, "unavailable");
  assert.ok(report.attempts.length >= 1);
});

test("a broken connection is retried if that is safe", async (t) => {
  const { url, seen } = await serve(t, (res, n) => (n === 1 ? res.socket.destroy() : json(res, 200, {})));
  const response = await wrap(vms, noWait())(url);
  assert.equal(response.status, 200);
  assert.equal(seen.length, 2);
  assert.deepEqual(reportOf(response).attempts[0].outcome, { kind: "unavailable", reason: "reset" });
});

test("a stream of the caller's is sent once", async (t) => {
  const { url, seen } = await serve(t, (res) => json(res, 429, {}, { "Retry-After": "1" }));
  const body = new ReadableStream({ start: (c) => (c.enqueue(new TextEncoder().encode("a")), c.close()) });
  const response = await wrap(stripe, noWait())(url, { method: "POST", body, duplex: "half" });
  assert.equal(response.status, 429);
  assert.deepEqual(seen.map((s) => s.body), ["a"]);
});

const chunk = (text) => `data: ${JSON.stringify({ id: "c", choices: [{ index: 0, delta: { content: text } }] })}\n\n`;
const failure = `data: ${JSON.stringify({ error: { message: "The server is overloaded", type: "service_unavailable_error", param: null, code: "server_is_overloaded" } })}\n\n`;
const events = (res) => res.writeHead(200, { "Content-Type": "text/event-stream" });

test("a stream that begins with a failure is retried", async (t) => {
  const { url, seen } = await serve(t, (res, n) => events(res).end(n === 1 ? failure : `${chunk("Hello")}data: [DONE]\n\n`));
  const response = await wrap(openai, noWait())(`${url}/v1/chat/completions`, { method: "POST", body: "{}", headers: { "Content-Type": "application/json" } });
  assert.equal(await response.text(), `${chunk("Hello")}data: [DONE]\n\n`);
  assert.equal(seen.length, 2);
  assert.equal(response.url, `${url}/v1/chat/completions`);
  const read = await reportOf(response).done;
  assert.deepEqual([read.outcome.kind, read.stream], ["success", { elements: 2, content: 1, ended: true }]);
});

test("a stream is watched beside its reader, and nothing waits for its end", async (t) => {
  let go;
  const { url, seen } = await serve(t, (res) => {
    events(res).write(chunk("Hello"));
    go = () => res.end(failure);
  });
  const response = await wrap(openai, noWait())(`${url}/v1/chat/completions`, { method: "POST", body: "{}" });
  const report = reportOf(response), reader = response.body.getReader();
  assert.equal(report.undecided, true);
  assert.equal(Buffer.from((await reader.read()).value).toString(), chunk("Hello"));
  go();
  while (!(await reader.read()).done);
  const { outcome, decision } = await report.done;
  assert.deepEqual([outcome.kind, outcome.code, decision.retry_safe], ["unavailable", "server_is_overloaded", true]); // it only computes
  assert.equal(seen.length, 1);
});

test("a caller who leaves a stream, and a stream that breaks, are noticed", async (t) => {
  const { url } = await serve(t, (res, n) => {
    events(res).write(chunk("Hello"), () => n > 1 && res.socket.destroy());
  });
  const call = () => wrap(openai, { ...noWait(), maxAttempts: 1 })(`${url}/v1/chat/completions`, { method: "POST", body: "{}" });
  const left = await call();
  await left.body.cancel();
  assert.equal((await reportOf(left).done).outcome.kind, "noted");
  const broke = await call().catch((e) => e);
  if (broke instanceof Response) { // else the connection broke before the header came
    await assert.rejects(broke.text());
    assert.equal((await reportOf(broke).done).outcome.reason, "cut_off");
  }
});

test("a success that does not end is handed on before its meaning is known", async (t) => {
  const vbapi = await open("vbapi");
  const { url } = await serve(t, (res) => res.writeHead(200, { "Content-Type": "application/json" }).write('{"data":'));
  const response = await wrap(vbapi, { sleep: () => Promise.resolve() })(url);
  assert.equal(reportOf(response).undecided, true);
  const reader = response.body.getReader();
  assert.equal(Buffer.from((await reader.read()).value).toString(), '{"data":');
  reader.cancel().catch(() => {});
});
