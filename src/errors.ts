/**
 * Exit codes of the command line: 0 passed, 1 crash (a bug), 2 bad usage, plan or target,
 * 3 run invalid, 4 inconclusive, 99 a threshold or a gate failed.
 */
export const EXIT = { passed: 0, crash: 1, usage: 2, invalid: 3, inconclusive: 4, failed: 99 } as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Parts of an error that a user can act on. */
export interface ErrorParts {
  /** Stable, in SCREAMING_SNAKE_CASE; scripts may match it. */
  readonly code: string;
  /** What was given, what was expected, what is allowed. */
  readonly message: string;
  /** What to do next, as an imperative sentence; empty when the message says it all. */
  readonly hint?: string;
  readonly exitCode?: ExitCode;
  readonly cause?: unknown;
}

/** The only error that sockbench throws intentionally. Anything else that escapes is a bug and exits 1. */
export class SockbenchError extends Error {
  readonly code: string;
  readonly hint: string;
  readonly exitCode: ExitCode;

  constructor(parts: ErrorParts) {
    super(parts.message, parts.cause === undefined ? undefined : { cause: parts.cause });
    this.name = 'SockbenchError';
    this.code = parts.code;
    this.hint = parts.hint ?? '';
    this.exitCode = parts.exitCode ?? EXIT.usage;
  }
}

/**
 * Throws a SockbenchError. `message` says what was given and what is allowed; `hint` says what to do next, and is empty
 * when the message already says it.
 */
export function fail(code: string, message: string, hint = '', exitCode: ExitCode = EXIT.usage): never {
  throw new SockbenchError({ code, message, hint, exitCode });
}

/** Puts `prefix: ` before the message of a SockbenchError that `work` throws. Other errors pass unchanged. */
export function withContext<Value>(prefix: string, work: () => Value): Value {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof SockbenchError)) throw error;
    throw new SockbenchError({ ...error, message: `${prefix}: ${error.message}`, cause: error });
  }
}

/** What an error says in one line: what happened, then what to do. */
export function sentencesOf({ message, hint }: SockbenchError): string {
  return hint === '' ? message : `${message}. ${hint}`;
}

/** The message of anything that was thrown: an Error's own or its name, or the text of any other value. */
export function messageOf(thrown: unknown): string {
  try {
    if (thrown instanceof Error) return String(thrown.message) || thrown.name;
    const isPlain = typeof thrown === 'object' && thrown?.toString === Object.prototype.toString;
    return isPlain ? JSON.stringify(thrown) : String(thrown);
  } catch {
    // A proxy, an object without toString, or one that refers to itself.
    return `(${typeof thrown} without a text)`;
  }
}
