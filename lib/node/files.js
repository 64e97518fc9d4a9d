#!/usr/bin/env node
// parlance-files [--try] DIR [NAME…] writes what a browser needs into a folder: the module in its
// plain form, which a server compresses, and the named dialects with those that they extend; all
// of them if none is named. The module has opened the named ones already. With --try, it writes
// parlance-try.js alone, for parlance page --try.
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliDecompressSync, gzipSync } from "node:zlib";
import { snapshot } from "./snapshot.js";

const here = fileURLToPath(new URL(".", import.meta.url));

const wasmOf = (dir) => (existsSync(join(dir, "parlance.wasm")) ? readFileSync(join(dir, "parlance.wasm")) : brotliDecompressSync(readFileSync(join(dir, "parlance.wasm.br"))));

/** tryScript is a script that needs no other file. It gives a page parlance.open. */
export function tryScript(dir) {
  const core = readFileSync(join(here, "core.js"), "utf8").replace(/^export /gm, "");
  const module = gzipSync(wasmOf(dir), { level: 9 }).toString("base64");
  return `// The core of Parlance with its module, for the pages of parlance page --try.
globalThis.parlance = (() => {
${core}
const bytes = async () => {
  const zipped = Uint8Array.from(atob("${module}"), (c) => c.charCodeAt(0));
  return new Response(new Blob([zipped]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
};
return {
  /** open opens the dialect of a text. texts has the dialects that it extends by their names. */
  open: (text, texts) => create({
    module: async () => WebAssembly.compile(await bytes()),
    dialect: async (name) => texts[name],
    random: (b) => crypto.getRandomValues(b),
  }).open(text),
};
})();
`;
}

async function write(dir, names) {
  mkdirSync(join(dir, "dialects"), { recursive: true });
  for (const name of ["core.js", "fetch.js", "index.js"]) copyFileSync(join(here, name), join(dir, name));
  const wanted = new Set(names.length > 0 ? names : readdirSync(join(here, "dialects")).map((file) => file.replace(/\.yaml$/, "")));
  const texts = { http: "" }; // the module has that of http
  for (const name of wanted) {
    if (name === "http") continue;
    texts[name] = readFileSync(join(here, "dialects", `${name}.yaml`), "utf8");
    writeFileSync(join(dir, "dialects", `${name}.yaml`), texts[name]);
    const parent = /^extends: *(\S+)/m.exec(texts[name])?.[1];
    if (parent) wanted.add(parent);
  }
  writeFileSync(join(dir, "parlance.wasm"), names.length > 0 ? await snapshot(wasmOf(here), texts) : wasmOf(here));
}

if (process.argv[1] && realpathSync(process.argv[1]) === realpathSync(fileURLToPath(import.meta.url))) {
  const given = process.argv.slice(2), [dir, ...names] = given.filter((word) => word !== "--try");
  const trial = names.length < given.length - 1;
  if (!dir || dir.startsWith("-") || (trial && names.length > 0)) {
    console.error("usage: parlance-files DIR [NAME…], or parlance-files --try DIR");
    process.exit(2);
  }
  if (trial) {
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, "parlance-try.js"), tryScript(here));
  } else await write(dir, names);
}
