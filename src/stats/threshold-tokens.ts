import { SockbenchError } from '../errors.ts';

/** Something as it was written, and where it begins, from 0. */
export interface Place {
  readonly text: string;
  readonly at: number;
}

/** A piece of a threshold. */
export type Token =
  | NumberToken
  | ({ readonly kind: 'name' } & Place)
  /** An operator, a parenthesis, or one of the words `and`, `or`, `not`. */
  | ({ readonly kind: 'sign' } & Place)
  | ({ readonly kind: 'end' } & Place);

export interface NumberToken extends Place {
  readonly kind: 'number';
  readonly digits: string;
  /** Empty for none. */
  readonly unit: string;
}

/** Words that are no names. */
export const WORDS: readonly string[] = ['and', 'or', 'not'];

const NAME = /[A-Za-z_][\w.]*/y;
// A word after a number is its unit, but for those that join.
const NUMBER = /(\d+(?:\.\d+)?)(?:\s*(%|\/\s*[A-Za-z]+|(?!(?:and|or|not)\b)[A-Za-z]+(?![\w.])))?/y;
const SIGN = /<=|>=|==|[<>+\-*()]/y;

/** What is written elsewhere, and here in another way. */
const ELSEWHERE: ReadonlyArray<readonly [sign: string, hint: string]> = [
  ['!=', 'Write not (a==b).'],
  ['&', 'Write and.'],
  ['|', 'Write or.'],
  ['!', 'Write not.'],
  ['=', 'Write ==.'],
  ['/', 'Multiply the other side instead: a < 3 * b.'],
];

/** Throws BAD_THRESHOLD for what is wrong at `at`, from 0. */
function refuseAt(expression: string, at: number, problem: string, hint: string): never {
  throw new SockbenchError({
    code: 'BAD_THRESHOLD',
    message: `--threshold "${expression}", column ${at + 1}: ${problem}`,
    hint,
  });
}

/** Cuts a threshold into its pieces, the last of which is its end. Throws BAD_THRESHOLD. */
function readTokens(expression: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const match = (pattern: RegExp) => {
    pattern.lastIndex = at;
    return pattern.exec(expression);
  };
  for (;;) {
    at += match(/\s*/y)?.[0].length ?? 0;
    if (at === expression.length) return [...tokens, { kind: 'end', text: '', at }];
    const token = tokenAt(at, match) ?? refuseSign(expression, at);
    tokens.push(token);
    at += token.text.length;
  }
}

function tokenAt(at: number, match: (pattern: RegExp) => RegExpExecArray | null): Token | null {
  const name = match(NAME)?.[0];
  if (name !== undefined) return { kind: WORDS.includes(name) ? 'sign' : 'name', text: name, at };
  const number = match(NUMBER);
  if (number !== null) {
    const [text, digits = '', unit = ''] = number;
    return { kind: 'number', text, digits, unit: unit.replace(/\s/g, ''), at };
  }
  const sign = match(SIGN)?.[0];
  return sign === undefined ? null : { kind: 'sign', text: sign, at };
}

function refuseSign(expression: string, at: number): never {
  const [sign, hint] = ELSEWHERE.find(([text]) => expression.startsWith(text, at)) ?? [
    String.fromCodePoint(expression.codePointAt(at) ?? 0),
    'Write it like delivery.p99<50ms or lost==0.',
  ];
  refuseAt(expression, at, `"${sign}" means nothing here`, hint);
}

/** Goes through the pieces of a threshold, and says where something is wrong. */
export class TokenReader {
  readonly #expression: string;
  readonly #tokens: readonly Token[];
  #next = 0;

  /** Throws BAD_THRESHOLD. */
  constructor(expression: string) {
    this.#expression = expression;
    this.#tokens = readTokens(expression);
  }

  /** The token that comes next; at the end, the end again and again. */
  get token(): Token {
    return this.#tokens[this.#next] ?? { kind: 'end', text: '', at: this.#expression.length };
  }

  skip(): void {
    this.#next += 1;
  }

  /** Goes past the next token if it is this sign. */
  take(sign: string): boolean {
    const { kind, text } = this.token;
    if (kind !== 'sign' || text !== sign) return false;
    this.skip();
    return true;
  }

  /** Goes past the next token if it is one of these signs; null when it is none. */
  takeOneOf<T extends string>(signs: readonly T[]): T | null {
    return signs.find((sign) => this.take(sign)) ?? null;
  }

  /** What was read since `from`. */
  placeFrom({ at }: Place): Place {
    const last = this.#tokens[this.#next - 1];
    const end = last === undefined ? at : last.at + last.text.length;
    return { text: this.#expression.slice(at, end), at };
  }

  /** Throws BAD_THRESHOLD. */
  refuse({ at }: Pick<Place, 'at'>, problem: string, hint: string): never {
    refuseAt(this.#expression, at, problem, hint);
  }
}
