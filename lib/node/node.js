// The package in Node: its files are read from the folder of the package.
import { readFile } from "node:fs/promises";
import { webcrypto } from "node:crypto";
import { promisify } from "node:util";
import { brotliDecompress } from "node:zlib";
import { create, isName } from "./core.js";

export { Dialect, ParlanceError, Stream, Translator } from "./core.js";
export { Budget, reportOf, wrap } from "./fetch.js";

const file = (name) => readFile(new URL(name, import.meta.url));

export const { open } = create({
  module: async () => new WebAssembly.Module(await file("parlance.wasm").catch(async () => promisify(brotliDecompress)(await file("parlance.wasm.br")))),
  dialect: async (name) => {
    if (!isName(name)) return undefined;
    try {
      return await file(`dialects/${name}.yaml`);
    } catch (error) {
      if (error.code === "ENOENT") return undefined;
      throw error;
    }
  },
  random: (bytes) => webcrypto.getRandomValues(bytes),
});
