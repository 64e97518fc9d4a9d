// The time until the package for Node is ready, and the CPU time of its calls: the fastest of some
// rounds. make lib-bench runs it with the folder of the package.
import { execFileSync } from "node:child_process";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const from = pathToFileURL(resolve(process.argv[2], "node.js")).href;
const print = (name, figure, unit) => console.log(`Node, ${name.padEnd(28)} ${figure.toFixed(1).padStart(6)} ${unit}`);

// A process of its own imports the package and opens stripe, each time.
const ready = `const start = performance.now(); const { open } = await import(${JSON.stringify(from)}); await open("stripe"); console.log(performance.now() - start);`;
const starts = Array.from({ length: 15 }, () => Number(execFileSync(process.execPath, ["--input-type=module", "-e", ready]))).sort((a, b) => a - b);
print("ready, the fastest of 15", starts[0], "ms");
print("ready, the median of 15", starts[7], "ms");

const { open } = await import(from);
const vms = await open("vms"), translator = vms.translator(await open("problem"));
// The error of 250 bytes of the other benchmarks, as vms sends it.
const body = '{"message":"Submitted data was invalid","errors":{"url":["The URL value is in invalid format",'
  + '"The URL can be no longer than 10 characters"],"date":["The date field doesn\'t match the format: Y-m-d H:i:s."],'
  + '"name":["The name field is required."]}}';
const x = {
  method: "POST", path: "/v1/cameras", status: 422, body,
  headers: { "Content-Type": "application/json", Date: "Mon, 21 Sep 2026 10:00:00 GMT", "X-Request-Id": "abc" },
};
for (const [name, call] of [
  ["classify", () => vms.classify(x)],
  ["decide", () => vms.decide(x)],
  ["decode", () => vms.decode(x)],
  ["translate an error", () => translator.translate(x)],
  ["JSON.parse of the body", () => JSON.parse(body)],
]) {
  let best = Infinity;
  for (let round = 0; round < 60; round++) {
    const before = process.cpuUsage();
    for (let n = 0; n < 2000; n++) call();
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, (user + system) / 2000);
  }
  print(name, best, "µs");
}
