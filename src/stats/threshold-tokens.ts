import { SockbenchError } from '../errors.ts';

/** A piece of a threshold; `at` is where it begins, from 0. */
export type Token =
  | { readonly kind: 'name'; readonly text: string; readonly at: number }
  | {
      readonly kind: 'number';
      readonly text: string;
      readonly digits: string;
      readonly unit: string;
      readonly at: number;
    }
  /** An operator, a parenthesis, or one of the words `and`, `or`, `not`. */
  | { readonly kind: 'sign'; readonly text: string; readonly at: number }
  | { readonly kind: 'end'; readonly text: ''; readonly at: number };

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
export function refuseAt(expression: string, at: number, problem: string, hint: string): never {
  throw new SockbenchError({
    code: 'BAD_THRESHOLD',
    message: `--threshold "${expression}", column ${at + 1}: ${problem}`,
    hint,
  });
}

/** Cuts a threshold into its pieces, the last of which is its end. Throws BAD_THRESHOLD. */
export function readTokens(expression: string): Token[] {
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
