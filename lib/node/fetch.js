// A fetch that reads each response as its API means it, and sends again what is safe to send
// again.
import { ParlanceError } from "./core.js";

const reports = new WeakMap();

/** reportOf is the report on a response or an error of a fetch that wrap made; undefined for any other. */
export const reportOf = (result) => reports.get(result);

/**
 * Budget limits retries, so that they cannot keep a stalled server down: a retry takes one, and
 * a success adds a part of one. Each host has an account of its own.
 */
export class Budget {
  #left = new Map(); // of the hosts whose account is not full
  constructor(capacity = 100, deposit = 0.1) {
    this.capacity = capacity;
    this.deposit = deposit;
  }
  spend(host) {
    const left = this.#left.get(host) ?? this.capacity;
    if (left < 1) return false;
    if (this.#left.size >= 10000) this.#left.delete(this.#left.keys().next().value);
    this.#left.set(host, left - 1);
    return true;
  }
  succeed(host) {
    const left = this.#left.get(host);
    if (left === undefined) return;
    if (left + this.deposit < this.capacity) this.#left.set(host, left + this.deposit);
    else this.#left.delete(host);
  }
}

/** wrap makes a fetch for one API. */
export function wrap(dialect, options = {}) {
  const o = {
    fetch: (...args) => globalThis.fetch(...args), maxAttempts: 4, maxWait: 30000, maxBody: 1 << 20, maxHold: 250, maxFirstElement: 10000,
    budget: new Budget(), retryUnsafe: false, sleep, random: Math.random, ...options,
  };
  return async (input, init) => new Call(dialect, o, new Request(input, init), init).run();
}

const GOOD = new Set(["success", "noted", "partial", "accepted", "empty", "redirected"]);

// Call is one request of the caller's, with all its attempts.
class Call {
  attempts = [];

  constructor(dialect, options, request, init) {
    Object.assign(this, { dialect, options, request, signal: request.signal });
    const url = new URL(request.url), name = dialect.idempotencyHeader;
    this.host = url.host;
    this.headers = new Headers(request.headers);
    if (dialect.accept && !asked(init, request, "accept")) this.headers.set("accept", dialect.accept);
    this.key = name ? (this.headers.get(name) ?? "") : "";
    if (name && !this.key && (request.method === "POST" || request.method === "PATCH")) {
      this.key = dialect.newKey();
      this.headers.set(name, this.key);
    }
    // A stream of the caller's is sent once. Every other body is read here, to be sent again.
    this.once = init?.body instanceof ReadableStream;
    this.asked = {
      method: request.method, path: url.pathname + (dialect.asksQuery ? url.search : ""), key: this.key,
      requestHeaders: this.headers, retryUnsafe: options.retryUnsafe,
    };
  }

  async run() {
    const { options, request } = this;
    const init = { headers: this.headers, signal: this.signal };
    if (request.body && !this.once) init.body = await request.arrayBuffer();
    for (;;) {
      let response, error, report;
      const { fetch } = options; // that of a browser is no method
      try {
        response = await fetch(init.body ? new Request(request.url, { ...settings(request), ...init }) : new Request(request, init));
        report = await this.read(response);
      } catch (e) {
        if (this.signal.aborted || e instanceof ParlanceError) throw e;
        error = e;
        report = this.dialect.decode({ ...this.asked, reason: reasonOf(e), attempts: this.attempts.length + 1 });
      }
      this.attempts.push({ status: response?.status, outcome: report.outcome, decision: report.decision });
      Object.assign(report, { attempts: this.attempts, key: this.key || undefined });
      if (report.outcome && GOOD.has(report.outcome.kind)) options.budget?.succeed(this.host);
      const wait = this.wait(report);
      if (wait === undefined) {
        if (error) {
          reports.set(error, report);
          throw error;
        }
        const given = report.response ?? response;
        delete report.response;
        reports.set(given, report);
        return given;
      }
      await (report.response ?? response)?.body?.cancel().catch(() => {});
      await options.sleep(wait, this.signal);
    }
  }

  // wait is how many milliseconds pass before the next attempt; undefined if there is none.
  wait({ decision, delay, given }) {
    const { options } = this;
    const retries = decision?.act === "retry" && decision.retry_safe && !given && !this.once && this.attempts.length < options.maxAttempts;
    if (!retries || !delay) return undefined;
    const wait = 1000 * (delay[0] + options.random() * (delay[1] - delay[0]));
    return wait <= options.maxWait && (!options.budget || options.budget.spend(this.host)) ? wait : undefined;
  }

  // read learns what a response means, from its body if that can say more.
  async read(response) {
    if (response.status === 0) return { undecided: true, given: true }; // a browser hides it
    const headers = new Headers(response.headers);
    headers.delete("content-encoding"); // fetch has undone it
    const x = { ...this.asked, status: response.status, headers, attempts: this.attempts.length + 1 };
    const stream = response.status < 300 && response.body ? this.dialect.stream(x) : undefined;
    if (stream) return this.watch(response, stream);
    if (!response.body || (response.status < 400 && !this.dialect.needsBody(x))) {
      return this.dialect.decode({ ...x, cut: response.body !== null });
    }
    const copy = response.clone();
    const known = bodyOf(copy, this.options.maxBody).then(({ body, cut }) => this.dialect.decode({ ...x, body, cut }));
    if (response.status >= 300) return known;
    const late = { undecided: true, given: true, done: known.catch(() => undefined) };
    return this.within(known, this.options.maxHold, late);
  }

  // within is what a promise gives, or another value if that takes too long.
  async within(promise, time, other) {
    const timer = new AbortController();
    const late = this.options.sleep(time, timer.signal).then(() => other, () => promise);
    try {
      return await Promise.race([promise, late]);
    } finally {
      timer.abort();
    }
  }

  // watch reads a stream until its beginning is known, and then beside the caller. It holds
  // nothing after that: the caller's reading is what reads it.
  async watch(response, stream) {
    const reader = response.body.getReader(), chunks = [];
    let done, finished = false, handed = false, broken;
    const end = (how) => {
      if (finished) return;
      finished = true;
      done(stream.end(how));
    };
    const next = async () => {
      try {
        const { value, done: over } = await reader.read();
        if (over) return end("whole"), undefined;
        if (!finished) stream.feed(value);
        return value;
      } catch (error) {
        broken = error;
        end("broke");
        throw error;
      }
    };
    const report = { undecided: true, given: true, done: new Promise((resolve) => (done = resolve)) };
    const begun = (async () => {
      while (!finished && !handed && !stream.decided) {
        const value = await next();
        if (value) chunks.push(value);
      }
    })().catch(() => {});
    await this.within(begun, this.options.maxFirstElement);
    handed = true;
    if (!finished && stream.failed) end("left");
    const body = new ReadableStream({
      async pull(to) {
        if (chunks.length === 0) await begun; // one reads at a time
        if (chunks.length > 0) return to.enqueue(chunks.shift());
        if (broken) throw broken;
        const value = await next();
        if (value) to.enqueue(value);
        else to.close();
      },
      cancel(reason) {
        end("left");
        return reader.cancel(reason);
      },
    }, { highWaterMark: 0 });
    const known = finished ? { ...(await report.done), given: false } : report;
    return Object.assign(known, { response: like(response, body) });
  }
}

const asked = (init, request, name) => new Headers(init?.headers).has(name) || (request.headers.has(name) && request.headers.get(name) !== "*/*");

const settings = ({ method, mode, credentials, cache, redirect, referrerPolicy, integrity, keepalive }) =>
  ({ method, mode, credentials, cache, redirect, referrerPolicy, integrity, keepalive });

// like is a response with another body.
function like(response, body) {
  const made = new Response(body, response);
  for (const name of ["url", "redirected", "type"]) Object.defineProperty(made, name, { value: response[name] });
  return made;
}

// bodyOf reads at most limit bytes of a body.
async function bodyOf(response, limit) {
  const reader = response.body.getReader(), chunks = [];
  let length = 0;
  for (;;) {
    const { value, done } = await reader.read();
    if (done) break;
    chunks.push(value);
    if ((length += value.length) > limit) {
      reader.cancel().catch(() => {});
      break;
    }
  }
  const body = new Uint8Array(length);
  let at = 0;
  for (const c of chunks) {
    body.set(c, at);
    at += c.length;
  }
  return { body: body.subarray(0, limit), cut: length > limit };
}

// reasons are why no response came, by the code that Node gives. A browser gives none.
const reasons = {
  ECONNREFUSED: "refused", ENOTFOUND: "dns", EAI_AGAIN: "dns", EHOSTUNREACH: "unroutable", ENETUNREACH: "unroutable",
  UND_ERR_CONNECT_TIMEOUT: "deadline", UND_ERR_HEADERS_TIMEOUT: "deadline", UND_ERR_BODY_TIMEOUT: "deadline", ETIMEDOUT: "deadline",
};

function reasonOf(error) {
  const code = String(error?.cause?.code ?? error?.code ?? "");
  return reasons[code] ?? (/CERT|TLS|SSL|SELF_SIGNED/.test(code) ? "tls" : code.startsWith("HPE_") ? "malformed_response" : "reset");
}

/** sleep waits, and is rejected if the signal says so. */
function sleep(ms, signal) {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    if (signal?.aborted) stop();
    else signal?.addEventListener("abort", stop, { once: true });
  });
}
