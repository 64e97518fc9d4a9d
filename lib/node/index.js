// The package in a browser: its files are fetched from the folder of this one.
import { create, isName } from "./core.js";

export { Dialect, ParlanceError, Stream, Translator } from "./core.js";
export { Budget, reportOf, wrap } from "./fetch.js";

async function file(name) {
  const response = await fetch(new URL(name, import.meta.url));
  if (response.status === 404) return undefined;
  if (!response.ok) throw new Error(`${response.url}: ${response.status}`);
  return response;
}

export const { open } = create({
  module: async () => {
    const response = await file("parlance.wasm");
    if (!response) throw new Error("parlance.wasm is not beside index.js; parlance-files writes both");
    return WebAssembly.compile(await response.arrayBuffer());
  },
  dialect: async (name) => (isName(name) ? (await file(`dialects/${name}.yaml`))?.text() : undefined),
  random: (bytes) => crypto.getRandomValues(bytes),
});
