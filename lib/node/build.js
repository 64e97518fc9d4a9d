// node lib/node/build.js DIR [--pack] writes the package into a folder. It needs Go. --pack
// also compresses the module, as the package that is published has it, and writes
// parlance-try.js, which a documentation page loads.
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants } from "node:zlib";
import { tryScript } from "./files.js";
import { snapshot } from "./snapshot.js";

const here = fileURLToPath(new URL(".", import.meta.url)), root = join(here, "..", "..");
const dir = resolve(process.argv[2]);

// Code that no response runs through is not inlined: that is a fifth less to download. These
// packages read responses.
const module = "github.com/parlance-api/parlance";
const inlined = ["", "/lib/abi", "/dialect", "/dialect/internal/read/...", "/dialect/internal/tree", "/dialect/internal/meaning", "/dialect/internal/wire", "/internal/..."]
  .map((name) => module + name)
  .concat("strings", "bytes", "slices", "strconv", "unicode/utf8", "math/bits", "internal/bytealg", "internal/strconv", "internal/runtime/...", "sync", "sync/atomic", "runtime", "encoding/binary");
const flags = ["-gcflags=all=-l", ...inlined.map((name) => `-gcflags=${name}=`)];

mkdirSync(join(dir, "dialects"), { recursive: true });
execFileSync("go", ["build", "-trimpath", "-buildmode=c-shared", "-ldflags=-s -w", ...flags, "-o", join(dir, "parlance.wasm"), "./lib/node/wasm"],
  { cwd: root, stdio: "inherit", env: { ...process.env, GOOS: "wasip1", GOARCH: "wasm", CGO_ENABLED: "0" } });
writeFileSync(join(dir, "parlance.wasm"), await snapshot(readFileSync(join(dir, "parlance.wasm")), { http: "" }));
for (const name of ["core.js", "fetch.js", "files.js", "index.js", "index.d.ts", "node.js", "package.json", "snapshot.js", "README.md"]) copyFileSync(join(here, name), join(dir, name));
copyFileSync(join(root, "LICENSE"), join(dir, "LICENSE"));

// The samples at the end of a file test it, and say nothing about a response.
for (const name of readdirSync(join(root, "catalog")).filter((name) => name.endsWith(".yaml"))) {
  const text = readFileSync(join(root, "catalog", name), "utf8");
  writeFileSync(join(dir, "dialects", name), text.replace(/^samples:[^]*/m, ""));
}

if (process.argv.includes("--pack")) {
  const wasm = readFileSync(join(dir, "parlance.wasm"));
  writeFileSync(join(dir, "parlance.wasm.br"), brotliCompressSync(wasm, { params: { [constants.BROTLI_PARAM_LGWIN]: 24, [constants.BROTLI_PARAM_SIZE_HINT]: wasm.length } }));
  writeFileSync(join(dir, "parlance-try.js"), tryScript(dir));
}
