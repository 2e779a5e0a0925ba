import { fail, SockbenchError } from '../errors.ts';
import {
  type Metric,
  type MetricUnit,
  metricName,
  metricUnit,
  type OwnSeries,
  parseMetric,
} from './metric.ts';
import { explainValue, parseValue, UNIT_TEXTS } from './value.ts';

const OPERATORS = ['<', '<=', '>', '>=', '=='] as const;
export type Operator = (typeof OPERATORS)[number];

/** A metric of the arm under test, or of the base that it is compared with. A run is a head. */
export interface ArmMetric {
  readonly arm: 'head' | 'base';
  readonly metric: Metric;
}

/** `METRIC OP LIMIT`, or `METRIC OP LIMIT * TIMES`. */
export interface Clause {
  readonly text: string;
  readonly left: ArmMetric;
  readonly operator: Operator;
  /** The unit of both sides. */
  readonly unit: MetricUnit;
  /** A value in the unit, or the factor of `times`. */
  readonly limit: number;
  readonly times: ArmMetric | null;
}

/** Clauses that all have to hold. */
export interface Condition {
  readonly expression: string;
  readonly clauses: readonly Clause[];
}

/** The flag that the condition is given to, and what it may name. */
interface ConditionContext {
  readonly flag: '--threshold' | '--objective';
  readonly own: OwnSeries;
  readonly hasBase: boolean;
}

/**
 * Reads a condition.
 *
 *     condition = clause { "and" clause }
 *     clause    = metric operator ( value | [ factor "*" ] metric )   ; both sides in one unit
 *     metric    = [ "base." ] name                                    ; metric.ts
 *     operator  = "<" | "<=" | ">" | ">=" | "=="
 *     factor    = digits [ "." digits ]
 *     value     = factor [ unit ]                                     ; value.ts
 *
 * Examples: `delivery.p99<50ms`, `lost==0 and late<0.1%`, `fanout_last.p99 < 3 * fanout_last.p50`,
 * `server_rss < 1.2 * base.server_rss`. Spaces are optional. Throws BAD_THRESHOLD or BAD_OBJECTIVE with the column, what
 * is wrong there and what to write.
 */
export function parseCondition(expression: string, context: ConditionContext): Condition {
  const tokens = new Tokens(expression, context.flag);
  const clauses = [readClause(tokens, context)];
  while (tokens.take((token) => token.text === 'and') !== null) clauses.push(readClause(tokens, context));
  if (tokens.next.kind !== 'end') tokens.unexpected('and', 'Join conditions with and.');
  return { expression, clauses };
}

const EXAMPLES = 'delivery.p99<50ms or lost==0';

function readClause(tokens: Tokens, context: ConditionContext): Clause {
  const { at } = tokens.next;
  const left = readMetric(tokens, context) ?? tokens.unexpected('a metric', `Write it like ${EXAMPLES}.`);
  const sign = tokens.take(({ kind }) => kind === 'operator')?.text;
  const operator = OPERATORS.find((each) => each === sign);
  if (operator === undefined) {
    return tokens.unexpected('an operator', `Compare with one of ${OPERATORS.join(', ')}, like ${EXAMPLES}.`);
  }
  const right = readRight(tokens, context, left);
  const { arm, metric } = left;
  // A count that is compared with a percentage is a share: `late<0.1%`.
  const isShare = right.unit === 'share' && metric.kind === 'count';
  const counted: ArmMetric = { arm, metric: isShare ? { kind: 'share', name: metric.name } : metric };
  return { text: tokens.textSince(at), left: counted, operator, ...right };
}

type Right = Pick<Clause, 'unit' | 'limit' | 'times'>;

function readRight(tokens: Tokens, context: ConditionContext, left: ArmMetric): Right {
  const number = tokens.take(({ kind }) => kind === 'value');
  const isFactor = number !== null && tokens.take(({ text }) => text === '*') !== null;
  if (number !== null && !isFactor) return readLimit(tokens, left, number);
  const limit = number === null ? 1 : Number(number.text);
  if (Number.isNaN(limit)) {
    const problem = `"${number?.text}" is not a factor: a factor has no unit`;
    return tokens.refuse(number ?? tokens.next, problem, 'Write it like 1.2 * base.delivery.p50.');
  }
  const of = tokens.next;
  const times = readMetric(tokens, context);
  if (times === null) return tokens.unexpected('a value or a metric', `Write it like ${EXAMPLES}.`);
  const [unit, other] = [metricUnit(left.metric), metricUnit(times.metric)];
  if (unit === other) return { unit, limit, times };
  const problem = `${of.text} is ${UNIT_TEXTS[other].name}, and ${armMetricName(left)} is ${UNIT_TEXTS[unit].name}`;
  return tokens.refuse(of, problem, 'Compare metrics of one unit.');
}

function readLimit(tokens: Tokens, { metric, arm }: ArmMetric, token: Token): Right {
  const unit = metric.kind === 'count' && token.text.endsWith('%') ? 'share' : metricUnit(metric);
  const limit = parseValue(unit, token.text);
  if (limit !== null) return { unit, limit, times: null };
  const { problem, hint } = explainValue(metricUnit(metric), token.text);
  return tokens.refuse(token, `${armMetricName({ arm, metric })}: ${problem}`, hint);
}

/** Null where no name stands. */
function readMetric(tokens: Tokens, { own, hasBase }: ConditionContext): ArmMetric | null {
  const token = tokens.take(({ kind }) => kind === 'name');
  if (token === null) return null;
  const { text } = token;
  const isOfBase = /^base(\.|$)/.test(text);
  if (isOfBase && !hasBase) {
    const hint = 'Compare with a value, or use sockbench gate or compare.';
    return tokens.refuse(token, `"${text}" needs a base, which only gate and compare have`, hint);
  }
  if (text === 'base') tokens.refuse(token, '"base" is not a metric', 'Write it like base.delivery.p50.');
  try {
    return { arm: isOfBase ? 'base' : 'head', metric: parseMetric(text.replace(/^base\.?/, ''), own) };
  } catch (error) {
    if (!(error instanceof SockbenchError)) throw error;
    return tokens.refuse(token, error.message, error.hint);
  }
}

/** The name as in a condition: `base.delivery.p50`. */
export function armMetricName({ arm, metric }: ArmMetric): string {
  return `${arm === 'base' ? 'base.' : ''}${metricName(metric)}`;
}

interface Token {
  readonly kind: 'name' | 'value' | 'operator' | 'other' | 'end';
  readonly text: string;
  /** Offset of its first character. */
  readonly at: number;
}

const TOKEN =
  /(?<name>(?!(?:and|or|not)\b)[A-Za-z_][\w.]*(?:\{[\w-]*\}[\w.]*)?)|(?<value>\d+(?:\.\d+)?(?:\s*(?:%|\/\s*[A-Za-z]+|(?!(?:and|or|not)\b)[A-Za-z]+(?![\w.])))?)|(?<operator>[<>]=?|==)|(?<other>and|or|not|!=|\S)/giu;

const ONE_FLAG_EACH = 'give the flag once for each condition; all of them must hold';

/** Signs that other languages have, and what to write instead. */
const UNSUPPORTED: Readonly<Record<string, string>> = {
  or: `There are no alternatives: ${ONE_FLAG_EACH}.`,
  '|': `There are no alternatives: ${ONE_FLAG_EACH}.`,
  '(': `There are no parentheses: ${ONE_FLAG_EACH}.`,
  ')': `There are no parentheses: ${ONE_FLAG_EACH}.`,
  not: 'Use the opposite operator, such as >= instead of <.',
  '!': 'Use the opposite operator, such as >= instead of <.',
  '!=': 'Use < or >.',
  '+': 'There are no sums: compare with a value or with FACTOR * METRIC, like server_rss < 1.2 * base.server_rss.',
  '-': 'There are no sums: compare with a value or with FACTOR * METRIC, like server_rss < 1.2 * base.server_rss.',
  '/': 'Multiply the other side instead: delivery.p99 < 3 * delivery.p50.',
  '&': 'Write and.',
  '=': 'Write ==.',
};

/** The pieces of a condition, taken one by one. */
class Tokens {
  readonly #expression: string;
  readonly #flag: ConditionContext['flag'];
  readonly #tokens: readonly Token[];
  readonly #end: Token;
  #index = 0;

  constructor(expression: string, flag: ConditionContext['flag']) {
    this.#expression = expression;
    this.#flag = flag;
    this.#tokens = [...expression.matchAll(TOKEN)].map(({ 0: text, index, groups = {} }) => {
      const kind = (['name', 'value', 'operator'] as const).find((each) => groups[each] !== undefined);
      return { kind: kind ?? 'other', text, at: index };
    });
    this.#end = { kind: 'end', text: '', at: expression.length };
  }

  get next(): Token {
    return this.#tokens[this.#index] ?? this.#end;
  }

  /** Takes the next token if it is a wanted one. */
  take(isWanted: (token: Token) => boolean): Token | null {
    const { next } = this;
    if (next.kind === 'end' || !isWanted(next)) return null;
    this.#index += 1;
    return next;
  }

  /** What was taken since an offset. */
  textSince(at: number): string {
    const last = this.#tokens[this.#index - 1] ?? this.#end;
    return this.#expression.slice(at, last.at + last.text.length);
  }

  unexpected(wanted: string, hint: string): never {
    const { next } = this;
    const sign = next.text.toLowerCase();
    if (Object.hasOwn(UNSUPPORTED, sign)) {
      return this.refuse(next, `"${next.text}" is not supported`, UNSUPPORTED[sign] ?? hint);
    }
    const where = next.kind === 'end' ? 'at the end' : `before "${next.text}"`;
    return this.refuse(next, `${wanted} is missing ${where}`, hint);
  }

  refuse({ at }: Token, problem: string, hint: string): never {
    const code = this.#flag === '--threshold' ? 'BAD_THRESHOLD' : 'BAD_OBJECTIVE';
    return fail(code, `${this.#flag} "${this.#expression}", column ${at + 1}: ${problem}`, hint);
  }
}
