// Compiled with index.d.ts, and never run: make lib has the compiler.
import { Budget, open, ParlanceError, reportOf, wrap } from "../index.js";
import type { Dialect, Exchange, Reading, Written } from "../index.js";

const stripe: Dialect = await open("stripe");
const exchange: Exchange = { method: "POST", path: "/v1/charges", status: 402, headers: new Headers({ a: "b" }), body: new Uint8Array(2), now: new Date(0) };
const read: Reading = stripe.decode({ ...exchange, headers: [["a", "b"]], requestHeaders: { a: ["b", "c"] }, body: null });
const wait: [number, number] | undefined = read.delay;
const path: string | undefined = read.outcome.fields?.[0]?.path;
const safe: boolean = stripe.classify(exchange).retrySafe;
const written: Written | null = stripe.translator(await open("problem")).translate(exchange);
const cut = stripe.stream(exchange)?.end("broke").stream?.cut;

const response = await wrap(stripe, { budget: new Budget(10), maxWait: 1000 })("https://api.stripe.com/v1/charges", { method: "POST" });
const first: number | undefined = reportOf(response)?.attempts[0]?.status;
const late: Reading | undefined = await reportOf(response)?.done;
try {
  await open("no such dialect");
} catch (error) {
  if (error instanceof ParlanceError) console.log(error.diagnostics[0]?.hint);
}
console.log(wait, path, safe, written?.body?.length, cut, first, late);

// @ts-expect-error: a status is a number
stripe.decode({ status: "402" });
// @ts-expect-error: a body is no number
stripe.decode({ body: 7 });
// @ts-expect-error: an end is whole, left or broke
stripe.stream(exchange)?.end("over");
// @ts-expect-error: a translation may be null
stripe.translator(stripe).translate(exchange).status;
