// The package as npm publishes it. It needs npm, so make lib runs it, and make test does not.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";

const from = process.env.PARLANCE_PACKAGE, dir = mkdtempSync(join(tmpdir(), "parlance-package-"));
after(() => rmSync(dir, { recursive: true }));
const [packed] = JSON.parse(execFileSync("npm", ["pack", "--json", "--pack-destination", dir], { cwd: from, stdio: ["ignore", "pipe", "ignore"] }));
execFileSync("tar", ["-xzf", join(dir, packed.filename), "-C", dir]);
const unpacked = join(dir, "package");

test("it has at most 1.8 MB", () => assert.ok(packed.size <= 1.8e6, `${packed.size} bytes`));

test("it has each file that package.json names, and no other module", () => {
  const { files } = JSON.parse(readFileSync(join(unpacked, "package.json"), "utf8"));
  for (const name of files) assert.ok(existsSync(join(unpacked, name)), name);
  assert.deepEqual(readdirSync(unpacked).sort(), [...files, "package.json"].sort());
});

test("it reads a response, with what is in it alone", async () => {
  const { open } = await import(pathToFileURL(join(unpacked, "node.js")));
  assert.equal((await open("vms")).decode({ status: 404 }).outcome.kind, "not_found");
});

test("it exports what its types say", async () => {
  const types = readFileSync(join(unpacked, "index.d.ts"), "utf8");
  const said = [...types.matchAll(/^export (?:function|class) (\w+)/gm)].map(([, name]) => name);
  assert.deepEqual(Object.keys(await import(pathToFileURL(join(unpacked, "node.js")))).sort(), said.sort());
});
