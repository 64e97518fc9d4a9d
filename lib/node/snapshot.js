// snapshot starts a module once, when the package is built, and writes its memory and its
// globals into the module. What opens it then has nothing to start.

import { Instance, started } from "./core.js";

const GLOBAL = 6, MEMORY = 5, EXPORT = 7, DATA = 11, CUSTOM = 0;
const PAGE = 65536;

/**
 * snapshot is a module that was started, and has opened the dialects of texts by their names.
 * The same bytes and texts make the same module.
 */
export async function snapshot(bytes, texts = {}) {
  const sections = sectionsOf(bytes), types = globalsOf(sections.find(({ id }) => id === GLOBAL).content);
  const names = types.map((_, n) => `snapshot of ${n}`);
  const seen = sections.map((s) => (s.id === EXPORT ? { ...s, content: exported(s.content, names) } : s));
  const instance = await Instance.start(new WebAssembly.Module(join(seen)), (b) => b.fill(1), () => 1);
  for (const [name, text] of Object.entries(texts)) if (text) instance.source(name, text);
  for (const name of Object.keys(texts)) instance.open(name).close();
  const { exports } = instance;
  const memory = new Uint8Array(exports.memory.buffer).slice();
  const values = names.map((name) => exports[name].value);
  const mark = { id: CUSTOM, content: Buffer.from([started.length, ...Buffer.from(started)]) };
  return join(sections.filter(({ id }) => id !== CUSTOM).concat(mark).map((s) => {
    switch (s.id) {
      case MEMORY: return { ...s, content: vector([[0, ...leb(memory.length / PAGE)]]) };
      case GLOBAL: return { ...s, content: vector(types.map((type, n) => [...type, type[0] === 0x7f ? 0x41 : 0x42, ...signed(values[n]), 0x0b])) };
      case DATA: return { ...s, content: vector(segments(memory)) };
    }
    return s;
  }));
}

function sectionsOf(bytes) {
  const all = [], from = reader(bytes, 8);
  while (from.at < bytes.length) {
    const id = bytes[from.at++], length = from.number();
    all.push({ id, content: bytes.subarray(from.at, from.at + length) });
    from.at += length;
  }
  return all;
}

function reader(bytes, at = 0) {
  return {
    at,
    number() {
      let value = 0, shift = 0, byte;
      do {
        byte = bytes[this.at++];
        value += (byte & 127) * 2 ** shift;
        shift += 7;
      } while (byte & 128);
      return value;
    },
  };
}

// globalsOf are the types of the globals, which begin at a constant.
function globalsOf(content) {
  const from = reader(content), types = [];
  for (let n = from.number(); n > 0; n--) {
    types.push([...content.subarray(from.at, from.at + 2)]);
    from.at += 3;
    from.number();
    from.at++;
  }
  return types;
}

// exported is an export section with the globals too.
function exported(content, names) {
  const from = reader(content), count = from.number();
  const more = names.flatMap((name, n) => [...leb(name.length), ...Buffer.from(name), 3, ...leb(n)]);
  return Buffer.concat([Buffer.from(leb(count + names.length)), content.subarray(from.at), Buffer.from(more)]);
}

// segments are the parts of a memory that are not zero. A short gap costs less than a segment.
function segments(memory) {
  const all = [], words = new BigUint64Array(memory.buffer, 0, memory.length / 8), gap = 2;
  for (let at = 0; at < words.length; at++) {
    if (words[at] === 0n) continue;
    let end = at + 1;
    for (let n = end; n < words.length && n <= end + gap; n++) if (words[n] !== 0n) end = n + 1;
    const text = memory.subarray(8 * at, 8 * end);
    all.push(Buffer.concat([Buffer.from([0, 0x41, ...signed(8 * at), 0x0b, ...leb(text.length)]), text]));
    at = end;
  }
  return all;
}

function leb(n) {
  const all = [];
  for (; n > 127; n = Math.floor(n / 128)) all.push((n % 128) + 128);
  return [...all, n];
}

function signed(value) {
  const all = [];
  for (let n = BigInt(value); ; n >>= 7n) {
    const low = Number(n & 127n), rest = n >> 7n;
    if ((rest === 0n && low < 64) || (rest === -1n && low >= 64)) return [...all, low];
    all.push(low + 128);
  }
}

const vector = (all) => Buffer.concat([Buffer.from(leb(all.length)), ...all.map((one) => Buffer.from(one))]);

const join = (sections) => Buffer.concat([Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]),
  ...sections.flatMap(({ id, content }) => [Buffer.from([id, ...leb(content.length)]), content])]);
