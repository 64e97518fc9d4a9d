// The core: what a response means. It needs no Node and no browser, and runs the same in both.
// create() is given how the module and the texts of dialects are read.

/** The error of a call that cannot be answered. The faults of a dialect file are its diagnostics. */
export class ParlanceError extends Error {
  constructor(message, diagnostics = []) {
    super(message);
    this.name = "ParlanceError";
    this.diagnostics = diagnostics;
  }
}

const PASS = 0, FAILED = -2, CLOSED = -3, LACKING = -6;
const NUMBERS = 12, TEXTS = 56; // of an exchange in memory: numbers, the time, the texts
const encoder = new TextEncoder(), decoder = new TextDecoder();

/**
 * create returns { open }. module() is a promise of a WebAssembly.Module, dialect(name) one of
 * the text of a dialect, or of undefined if there is none, and random fills an array of bytes.
 */
export function create({ module, dialect, random }) {
  let running; // the promise of an Instance

  async function open(nameOrText) {
    running ??= module().then((m) => Instance.start(m, random));
    let instance;
    try {
      instance = await running;
    } catch (error) {
      running = undefined;
      throw error;
    }
    if (instance.dead) {
      running = undefined;
      return open(nameOrText);
    }
    for (;;) {
      const lacks = instance.open(String(nameOrText));
      if (lacks instanceof Dialect) return lacks;
      instance.source(lacks, await dialect(lacks));
    }
  }
  return { open };
}

/** isName says that a text can be the name of a dialect of the catalog, and so of a file. */
export const isName = (name) => /^[a-z0-9-]{1,64}$/.test(name);

/** started is the section of a module that was started when the package was built. */
export const started = "parlance.started";

/** Instance is a module that runs. Its calls take no time that others could use. */
export class Instance {
  static async start(module, random, clock) {
    const i = new Instance();
    i.random = random;
    if (clock) i.clock = clock;
    const { exports } = await WebAssembly.instantiate(module, { wasi_snapshot_preview1: i.system(module) });
    i.exports = exports;
    i.memory = exports.memory;
    if (WebAssembly.Module.customSections(module, started).length === 0) exports._initialize();
    else exports.parlance_scatter(random(new Uint16Array(1))[0]); // no two processes have the same seeds
    i.result = exports.parlance_result();
    i.call("parlance_names");
    Object.assign(i, JSON.parse(i.text())); // kinds, acts, version
    return i;
  }

  // system is what the module may ask of its host (WASI preview 1): the time, random numbers,
  // and a place for the last words of a crash. It has no files, no network and no arguments.
  system(module) {
    const NO = 8; // EBADF
    const none = (count, size) => (this.view().setUint32(count, 0, true), this.view().setUint32(size, 0, true), 0);
    const all = {
      args_sizes_get: none,
      environ_sizes_get: none,
      args_get: () => 0,
      environ_get: () => 0,
      sched_yield: () => 0,
      clock_time_get: (clock, precision, at) => {
        this.view().setBigUint64(at, BigInt(Math.round(this.clock(clock) * 1e6)), true);
        return 0;
      },
      random_get: (at, length) => {
        for (let n = 0; n < length; n += 65536) this.random(new Uint8Array(this.buffer(), at + n, Math.min(65536, length - n)));
        return 0;
      },
      poll_oneoff: (asked, events, count, at) => { // a sleep, which ends at once
        const v = this.view();
        v.setBigUint64(events, v.getBigUint64(asked, true), true);
        v.setUint16(events + 8, 0, true);
        v.setUint8(events + 10, v.getUint8(asked + 8));
        v.setUint32(at, 1, true);
        return 0;
      },
      fd_write: (fd, vectors, count, at) => {
        let length = 0;
        for (let n = 0; n < count; n++) {
          const from = this.view().getUint32(vectors + 8 * n, true), size = this.view().getUint32(vectors + 8 * n + 4, true);
          this.said = (this.said + decoder.decode(new Uint8Array(this.buffer(), from, size))).slice(0, 2000);
          length += size;
        }
        this.view().setUint32(at, length, true);
        return 0;
      },
      proc_exit: (code) => {
        throw new Error(`exit ${code}: ${this.said}`);
      },
    };
    return Object.fromEntries(WebAssembly.Module.imports(module).map(({ name }) => [name, all[name] ?? (() => NO)]));
  }

  said = "";
  clock(which) { return which === 0 ? Date.now() : performance.now(); } // in milliseconds
  buffer() { return this.memory.buffer; }

  // view is the memory, which is another buffer after it has grown.
  view() {
    if (this.data?.buffer !== this.memory.buffer) {
      this.data = new DataView(this.memory.buffer);
      this.bytes = new Uint8Array(this.memory.buffer);
    }
    return this.data;
  }

  // call calls a function. An error of the core is thrown; what ended the module ends this Instance.
  call(name, ...args) {
    if (this.dead) throw new ParlanceError(`parlance.wasm has ended (${this.dead.message}); open the dialect again`);
    let code;
    try {
      code = this.exports[name](...args);
    } catch (error) {
      this.dead = error;
      throw new ParlanceError(`parlance.wasm has ended: ${error.message}`);
    }
    if (code === FAILED) {
      const { error, diagnostics } = JSON.parse(this.text());
      throw new ParlanceError(error, diagnostics);
    }
    if (code === CLOSED) throw new ParlanceError("it is closed");
    return code;
  }

  number(n) { return this.view().getInt32(this.result + 4 * n, true); }

  // out is the result of a call. It is valid until the next call.
  out(from = 0) {
    const at = this.view().getUint32(this.result, true);
    return this.bytes.subarray(at + from, at + this.number(1));
  }

  text() { return decoder.decode(this.out()); }

  // write writes texts, one after the other, and returns their lengths.
  write(...texts) {
    const length = texts.reduce((sum, t) => sum + (typeof t === "string" ? 3 * t.length : t.length), 0);
    let at = this.room(length);
    return texts.map((t) => {
      const size = this.put(t, at);
      at += size;
      return size;
    });
  }

  room(length) {
    const at = this.call("parlance_room", length) >>> 0;
    this.view();
    return at;
  }

  put(text, at) {
    if (typeof text === "string") return encoder.encodeInto(text, this.bytes.subarray(at)).written;
    this.bytes.set(text, at);
    return text.length;
  }

  source(name, text) {
    const [n, length] = this.write(name, text ?? "");
    this.call("parlance_source", n, text === undefined ? -1 : length);
  }

  // open returns a Dialect, or the name of a dialect whose text it needs.
  open(nameOrText) {
    const [length] = this.write(nameOrText);
    const handle = this.call("parlance_open", length, nameOrText.includes("\n") ? 1 : 0);
    return handle === LACKING ? this.text() : new Dialect(this, handle, JSON.parse(this.text()));
  }

  // exchange writes a request and its response.
  exchange(x, body = x.body) {
    const texts = [x.method ?? "", x.path ?? "", x.key ?? "", x.reason ?? "", lines(x.requestHeaders), lines(x.headers),
      bytesOf(body), bytesOf(x.data), x.dataType ?? ""];
    let length = TEXTS;
    for (const t of texts) length += typeof t === "string" ? 3 * t.length : t.length;
    const start = this.room(length), v = this.data;
    v.setInt32(start, x.status ?? 0, true);
    v.setInt32(start + 4, (x.cut ? 1 : 0) | (x.retryUnsafe ? 2 : 0), true);
    v.setInt32(start + 8, x.attempts ?? 0, true);
    v.setFloat64(start + 4 * NUMBERS, Number(x.now ?? 0), true);
    let at = start + TEXTS;
    for (let i = 0; i < texts.length; i++) {
      const size = texts[i].length === 0 ? 0 : this.put(texts[i], at);
      v.setInt32(start + 12 + 4 * i, size, true);
      at += size;
    }
  }

  told(name, handle, x) {
    this.exchange(x);
    this.call(name, handle);
    return JSON.parse(this.text());
  }

  response() {
    const length = this.number(3), headers = [];
    for (const line of decoder.decode(this.out().subarray(0, length)).split("\r\n")) {
      const colon = line.indexOf(": ");
      if (colon > 0) headers.push([line.slice(0, colon), line.slice(colon + 2)]);
    }
    return { status: this.number(2), headers, body: this.number(4) ? null : this.out(length).slice() };
  }
}

function bytesOf(body) {
  if (body === undefined || body === null) return "";
  if (typeof body === "string" || body instanceof Uint8Array) return body;
  if (ArrayBuffer.isView(body)) return new Uint8Array(body.buffer, body.byteOffset, body.byteLength);
  if (body instanceof ArrayBuffer) return new Uint8Array(body);
  throw new ParlanceError("a body is a string, an ArrayBuffer or a view of one");
}

// lines are the fields of a header: a Headers, an object, or pairs.
function lines(headers) {
  if (!headers) return "";
  let text = "";
  const add = (name, value) => {
    if (/[\r\n]/.test(name + value)) throw new ParlanceError(`a header field has a line end: ${JSON.stringify(name)}`);
    text += `${name}: ${value}\r\n`;
  };
  if (typeof headers[Symbol.iterator] === "function") for (const [name, value] of headers) add(name, value);
  else for (const name in headers) for (const value of [headers[name]].flat()) add(name, value);
  return text;
}

// forgotten closes what its owner has dropped without closing it.
const forgotten = new FinalizationRegistry((free) => free());

const release = (instance, handle) => () => instance.dead || instance.call("parlance_close", handle);

// Closable is what a handle of the module stands for.
class Closable {
  #instance;
  #handle;
  constructor(instance, handle) {
    this.#instance = instance;
    this.#handle = handle;
    forgotten.register(this, release(instance, handle), this);
  }
  // use calls f with the instance and the handle.
  use(f) {
    if (!this.#handle) throw new ParlanceError("it is closed");
    return f(this.#instance, this.#handle);
  }
  close() {
    if (this.#handle) release(this.#instance, this.#handle)();
    this.#handle = 0;
    forgotten.unregister(this);
  }
}

/** Dialect is the responses of one API. */
export class Dialect extends Closable {
  constructor(instance, handle, about) {
    super(instance, handle);
    Object.assign(this, about);
  }

  needsBody(x) {
    return this.use((i, handle) => {
      i.exchange(x, "");
      return i.call("parlance_needs_body", handle) !== PASS;
    });
  }

  classify(x) {
    return this.use((i, handle) => {
      i.exchange(x);
      i.call("parlance_classify", handle);
      return { kind: i.kinds[i.number(5)], act: i.acts[i.number(6)], retrySafe: i.number(7) === 1 };
    });
  }

  decode(x) { return this.use((i, handle) => i.told("parlance_decode", handle, x)); }

  decide(x) { return this.use((i, handle) => i.told("parlance_decide", handle, x)); }

  encode(x, outcome) {
    return this.use((i, handle) => {
      i.exchange(x, JSON.stringify(outcome));
      i.call("parlance_encode", handle);
      return i.response();
    });
  }

  translator(to) {
    return this.use((i, from) => to.use((other, handle) => {
      if (i !== other) throw new ParlanceError("the two dialects are of different modules; open both again");
      return new Translator(i, i.call("parlance_translation", from, handle));
    }));
  }

  /** stream is the reader of a stream, undefined for any other response. */
  stream(x) {
    return this.use((i, handle) => {
      i.exchange(x, "");
      const stream = i.call("parlance_stream", handle);
      return stream === PASS ? undefined : new Stream(i, stream);
    });
  }

  /** newKey is a new idempotency key: 128 random bits. */
  newKey() {
    return this.use((i) => Array.from(i.random(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join(""));
  }
}

/** Translator turns the responses of one dialect into those of another. */
export class Translator extends Closable {
  needsBody(x) { return Dialect.prototype.needsBody.call(this, x); }

  translate(x) {
    return this.use((i, handle) => {
      i.exchange(x);
      return i.call("parlance_translate", handle) === PASS ? null : i.response();
    });
  }
}

/** Stream reads a stream that arrives in pieces. */
export class Stream extends Closable {
  #began = 0;

  /** feed takes bytes. decided and failed say how the stream began. */
  feed(bytes) {
    return this.use((i, handle) => {
      for (let at = 0; at < bytes.length; at += 65536) {
        const [length] = i.write(bytes.subarray(at, at + 65536));
        this.#began = i.call("parlance_feed", handle, length);
      }
    });
  }
  get decided() { return this.#began > 0; }
  get failed() { return this.#began === 2; }

  /** end is the meaning of the stream: "whole" if nothing follows, "left" if more may, "broke" if the connection broke. */
  end(how = "whole") {
    return this.use((i, handle) => {
      i.call("parlance_end", handle, ["whole", "left", "broke"].indexOf(how));
      const read = JSON.parse(i.text());
      super.close();
      return read;
    });
  }
}
