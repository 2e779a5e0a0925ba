/**
 * Replies by which a server says no, and ready checks for `reply` of a target: `reply: requireOk`. A check returns a
 * {@link Rejected} for a reply that it does not accept, and null otherwise.
 */

/** Why a server rejected a message. Returned or thrown by `reply` of a target. */
export class Rejected extends Error {
  readonly reason: string;

  constructor(reason: string) {
    super(reason);
    this.name = 'Rejected';
    this.reason = reason;
  }
}

type ReplyFields = Readonly<Record<string, unknown>>;

function replyFieldsOf(value: unknown): ReplyFields {
  return typeof value === 'object' && value !== null ? (value as ReplyFields) : {};
}

/** The fields that hold why, in the order in which they are tried. */
const REASON_FIELDS = ['reason', 'message', 'error', 'errors', 'code', 'status'] as const;

/**
 * The reason in what a server sent: a text, or the first of `reason`, `message`, `error`, `errors`, `code` and `status`
 * of an object or of the first value of a list. Null without one.
 */
export function reasonIn(value: unknown, depth = 0): string | null {
  if (typeof value === 'string') return value === '' ? null : value;
  if (typeof value === 'number') return String(value);
  if (depth > 3) return null;
  if (Array.isArray(value)) return reasonIn(value[0], depth + 1);
  const fields = replyFieldsOf(value);
  for (const name of REASON_FIELDS) {
    const reason = reasonIn(fields[name], depth + 1);
    if (reason !== null) return reason;
  }
  return null;
}

/**
 * Why a reply is a rejection by the usual fields: a truthy `error` or `errors`, `ok: false` or `success: false`. Of several
 * arguments, each counts. Null for any other reply.
 */
export function rejectionIn(reply: unknown): string | null {
  const values: readonly unknown[] = Array.isArray(reply) ? reply : [reply];
  for (const value of values) {
    if (value instanceof Uint8Array) continue;
    const { error, errors, ok, success, ...others } = replyFieldsOf(value);
    const hasErrors = Array.isArray(errors) ? errors.length > 0 : Boolean(errors);
    const given = error ? error : hasErrors ? errors : null;
    if (given !== null) return reasonIn(given) ?? reasonIn(others) ?? 'error';
    if (ok === false) return reasonIn(others) ?? 'ok: false';
    if (success === false) return reasonIn(others) ?? 'success: false';
  }
  return null;
}

/** Accepts an object with `ok: true`. */
export function requireOk(reply: unknown): Rejected | null {
  const { ok } = replyFieldsOf(reply);
  return ok === true ? null : new Rejected(rejectionIn(reply) ?? 'the reply has no ok: true');
}

/** Accepts every reply without a truthy `error` or `errors`. */
export function requireNoError(reply: unknown): Rejected | null {
  const { error, errors } = replyFieldsOf(reply);
  const reason = rejectionIn({ error, errors });
  return reason === null ? null : new Rejected(reason);
}

/** Accepts a response of JSON-RPC 2.0 with a `result` (section 5 of its specification). */
export function requireJsonRpcResult(reply: unknown): Rejected | null {
  const response = replyFieldsOf(reply);
  const { error } = response;
  if (error !== undefined && error !== null) {
    const { code, message } = replyFieldsOf(error);
    return new Rejected([code, message ?? reasonIn(error)].filter((part) => part !== undefined).join(' '));
  }
  return 'result' in response ? null : new Rejected('the reply has no result of JSON-RPC');
}
