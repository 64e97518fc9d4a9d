/** The fields of a header: a Headers, an object, or pairs. */
export type HeaderFields = Iterable<readonly [string, string]> | Record<string, string | readonly string[]>;

/** A request, and the response to it. Everything has a default: a GET without a response. */
export interface Exchange {
  method?: string;
  path?: string;
  /** The idempotency key of the request. */
  key?: string;
  requestHeaders?: HeaderFields;
  status?: number;
  headers?: HeaderFields;
  /** Without its transfer coding and content coding. */
  body?: string | ArrayBuffer | ArrayBufferView | null;
  /** body is the beginning of a longer one. */
  cut?: boolean;
  /** Why no response came, such as "refused" or "deadline"; then there is no status. */
  reason?: string;
  /** How often the request was sent so far. */
  attempts?: number;
  /** The caller allows a retry that may do the request twice. */
  retryUnsafe?: boolean;
  /** When the response came; a number is in milliseconds since 1970. */
  now?: Date | number;
  /** The success payload that encode writes, and its type. */
  data?: string | ArrayBuffer | ArrayBufferView;
  dataType?: string;
}

/** One bad input. */
export interface Field {
  path?: string;
  code?: string;
  message?: string;
}

/** The meaning of a response, as parlance decode --json writes it. */
export interface Outcome {
  kind: string;
  reason?: string;
  status?: number;
  code?: string;
  family?: string;
  title?: string;
  detail?: string;
  type?: string;
  instance?: string;
  request_id?: string;
  fields?: Field[];
  items?: { index: number; id?: string; outcome: Outcome }[];
  notes?: string[];
  retry_after?: number;
  retryable?: boolean;
  help?: string;
  extra?: Record<string, string>;
}

/** What to do about an outcome. Waits are in seconds. */
export interface Decision {
  act: string;
  scope?: string;
  after?: number;
  backoff?: [number, number];
  schedule?: number[];
  /** A retry cannot do anything twice. */
  retry_safe: boolean;
  then?: string;
  why: string;
  line: string;
}

/** Something that was noticed: in a response, or in a dialect file. */
export interface Diagnostic {
  rule: string;
  severity: string;
  message: string;
  file?: string;
  line?: number;
  column?: number;
  at?: string;
  hint?: string;
  why?: string;
}

/** A decision, and the least and the most seconds to wait before the next attempt, if there is one. */
export interface Decided {
  decision: Decision;
  delay?: [number, number];
}

export interface Reading extends Decided {
  outcome: Outcome;
  diagnostics: Diagnostic[];
  /** What a stream came to. */
  stream?: { elements: number; content: number; failures?: number; ended?: boolean; cut?: boolean };
}

/** A response that was written. body is null if the body that came is to be sent. */
export interface Written {
  status: number;
  headers: [string, string][];
  body: Uint8Array | null;
}

/** The error of a call that cannot be answered. The faults of a dialect file are its diagnostics. */
export class ParlanceError extends Error {
  readonly diagnostics: Diagnostic[];
}

/** Opens a dialect by its name in the catalog, or by the text of a dialect file. A text has a line end. */
export function open(nameOrText: string): Promise<Dialect>;

/** The responses of one API. */
export class Dialect {
  private constructor();
  readonly name: string;
  readonly title: string;
  /** The Accept field that gets the form which tells the most; "" for none. */
  readonly accept: string;
  /** The header field of an idempotency key; "" for none. */
  readonly idempotencyHeader: string;
  /** Whether path has to have the query. */
  readonly asksQuery: boolean;
  /** Whether the body is needed for the meaning. A stream or a download is not read. */
  needsBody(exchange: Exchange): boolean;
  /** The meaning without its texts. */
  classify(exchange: Exchange): { kind: string; act: string; retrySafe: boolean };
  /** The meaning of a response, what to do about it, and what could not be read. */
  decode(exchange: Exchange): Reading;
  /** What to do about a response. It is quicker than decode. */
  decide(exchange: Exchange): Decided;
  /** The response that tells an outcome. exchange is the request. */
  encode(exchange: Exchange, outcome: Outcome): Written;
  /** The translation of the responses of this dialect into those of another. */
  translator(to: Dialect): Translator;
  /** The reader of a stream; undefined for any other response. */
  stream(exchange: Exchange): Stream | undefined;
  /** A new idempotency key. */
  newKey(): string;
  /** Frees the dialect. Each later call is an error. */
  close(): void;
}

/** Turns the responses of one dialect into those of another. */
export class Translator {
  private constructor();
  needsBody(exchange: Exchange): boolean;
  /** The response for the callers. null says that it is to be sent as it came. */
  translate(exchange: Exchange): Written | null;
  close(): void;
}

/** Reads a stream that arrives in pieces. It holds at most 64 KiB. */
export class Stream {
  private constructor();
  feed(bytes: Uint8Array): void;
  /** Content, a failure or the end has come. */
  readonly decided: boolean;
  /** A failure has come before any content. */
  readonly failed: boolean;
  /** The meaning: "whole" if nothing follows, "left" if more may, "broke" if the connection broke. */
  end(how?: "whole" | "left" | "broke"): Reading;
  close(): void;
}

export interface Options {
  /** What sends; the default is the fetch of the platform. */
  fetch?: typeof fetch;
  /** How often a request may be sent; 4. */
  maxAttempts?: number;
  /** The longest single wait before a retry, in milliseconds; 30,000. A longer one returns the response. */
  maxWait?: number;
  /** How many bytes of a body are read to learn its meaning; 1 MiB. */
  maxBody?: number;
  /** How many milliseconds a good response is held until its meaning is known; 250. */
  maxHold?: number;
  /** How many milliseconds a stream is held until its first content; 10,000. */
  maxFirstElement?: number;
  /** null allows every retry. The default is a budget of its own. */
  budget?: Budget | null;
  /** Also retry what may be done twice. */
  retryUnsafe?: boolean;
  /** For tests. */
  sleep?: (ms: number, signal?: AbortSignal) => Promise<void>;
  random?: () => number;
}

/** What a fetch that wrap made says of a response. */
export interface Report extends Partial<Reading> {
  /** The meaning was not known when the response was handed on. */
  undecided?: boolean;
  /** With undecided: the meaning, as soon as it is known. It is undefined if the body broke. */
  done?: Promise<Reading | undefined>;
  /** All attempts, oldest first. */
  attempts: { status?: number; outcome?: Outcome; decision?: Decision }[];
  /** The idempotency key of all attempts. */
  key?: string;
}

/** Makes a fetch for one API. It retries what is safe to retry, and never throws for a status. */
export function wrap(dialect: Dialect, options?: Options): typeof fetch;

/** The report on a response, or on the error, of a fetch that wrap made. */
export function reportOf(result: Response | unknown): Report | undefined;

/** Limits retries for each host: a retry takes one, and a success adds a part of one. */
export class Budget {
  constructor(capacity?: number, deposit?: number);
  readonly capacity: number;
  readonly deposit: number;
}
