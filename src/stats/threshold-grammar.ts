import { nearest } from '../nearest.ts';
import { isMetric, type MetricUnit, readMetric } from './metric.ts';
import {
  ALLOWED,
  type Amount,
  type Arm,
  addAmounts,
  commonUnits,
  metricAmount,
  readQuantity,
  type Sum,
  scaleAmount,
  sumIn,
  UNIT_NAMES,
  whatIs,
} from './threshold-amount.ts';
import { readTokens, refuseAt, type Token } from './threshold-tokens.ts';

export const OPERATORS = ['<=', '>=', '==', '<', '>'] as const;
export type Operator = (typeof OPERATORS)[number];

/** Two sums of one unit and how they are compared. */
export interface Comparison {
  readonly kind: 'comparison';
  readonly operator: Operator;
  readonly unit: MetricUnit;
  readonly left: Sum;
  readonly right: Sum;
}

/** What a threshold says. */
export type Condition =
  | Comparison
  | { readonly kind: 'and' | 'or'; readonly of: readonly Condition[] }
  | { readonly kind: 'not'; readonly of: Condition };

/** What may be named in a threshold. */
export interface Vocabulary {
  /** The scenario's own series, with what a value of each is. */
  readonly own: Readonly<Record<string, string>>;
  /** Whether there is a base beside the head. */
  readonly hasBase: boolean;
}

/** A condition as it was written. */
interface Written {
  readonly kind: 'condition';
  readonly condition: Condition;
  readonly text: string;
  readonly at: number;
}

/** Deep enough for anybody, and far from the end of the stack. */
const DEEPEST = 50;

/**
 * Reads a threshold.
 *
 *     threshold  = either
 *     either     = both { "or" both }
 *     both       = negation { "and" negation }
 *     negation   = "not" negation | comparison | "(" either ")"
 *     comparison = sum operator sum                          ; both sides in one unit, at least one metric
 *     operator   = "<" | "<=" | ">" | ">=" | "=="
 *     sum        = product { ( "+" | "-" ) product }         ; all in one unit
 *     product    = operand { "*" operand }                   ; all but one without a unit
 *     operand    = quantity | [ "base." ] metric | "(" sum ")"
 *     quantity   = number [ unit ]
 *     number     = digits [ "." digits ]
 *     unit       = "ns" | "us" | "ms" | "s" | "m" | "h"      ; durations
 *                | "B" | "kB" | "MB" | "KiB" | "MiB"         ; sizes
 *                | "/s" | "/m" | "/h"                        ; rates
 *                | "%"                                       ; shares; of a count, of what could have been counted
 *     metric     = series "." statistic | count | figure     ; see metric.ts
 *
 * `delivery.p99<50ms`, `lost==0 and late<0.1%`, `fanout_last.p99 < 3 * fanout_last.p50`,
 * `server_rss - base.server_rss < 50MiB`. Space may stand between any two pieces. Throws BAD_THRESHOLD.
 */
export function readCondition(expression: string, vocabulary: Vocabulary): Condition {
  return new Reader(expression, vocabulary).read();
}

const END: Token = { kind: 'end', text: '', at: 0 };

/** One method for each rule of the grammar; what a parenthesis holds is known only at its end. */
class Reader {
  readonly #expression: string;
  readonly #vocabulary: Vocabulary;
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;

  constructor(expression: string, vocabulary: Vocabulary) {
    this.#expression = expression;
    this.#vocabulary = vocabulary;
    this.#tokens = readTokens(expression);
  }

  read(): Condition {
    const whole = this.#either();
    if (this.#token.kind === 'end') return this.#condition(whole);
    const { text } = this.#token;
    return this.#refuse(this.#token, `"${text}" is not expected here`, this.#hintAfter(whole));
  }

  #either(): Amount | Written {
    return this.#joined('or', () => this.#joined('and', () => this.#negation()));
  }

  #joined(word: 'and' | 'or', operand: () => Amount | Written): Amount | Written {
    const from = this.#token;
    const first = operand();
    if (!this.#is(word)) return first;
    const of = [this.#condition(first)];
    while (this.#take(word)) of.push(this.#condition(operand()));
    return this.#written({ kind: word, of }, from);
  }

  #negation(): Amount | Written {
    const from = this.#token;
    if (!this.#take('not')) return this.#comparison();
    return this.#written({ kind: 'not', of: this.#condition(this.#nested(() => this.#negation())) }, from);
  }

  #comparison(): Amount | Written {
    const from = this.#token;
    const left = this.#sum();
    const operator = this.#takeOperator();
    if (operator === null) return left;
    const [a, b] = [this.#amount(left), this.#amount(this.#sum())];
    const [unit] = this.#unitsOf(a, b);
    if (unit === undefined || a.parts.length + b.parts.length === 0) {
      return this.#refuse(a, 'compares numbers only', 'Name a metric, like delivery.p99<50ms or lost==0.');
    }
    return this.#written(
      { kind: 'comparison', operator, unit, left: sumIn(unit, a), right: sumIn(unit, b) },
      from,
    );
  }

  #sum(): Amount | Written {
    const from = this.#token;
    let total = this.#product();
    while (this.#is('+') || this.#is('-')) {
      const sign = this.#take('+') ? 1 : -1;
      if (sign === -1) this.#take('-');
      const [a, b] = [this.#amount(total), this.#amount(this.#product())];
      total = addAmounts(a, sign, b, this.#unitsOf(a, b), this.#placeFrom(from));
    }
    return total;
  }

  #product(): Amount | Written {
    const from = this.#token;
    let product = this.#operand();
    while (this.#take('*')) {
      const [a, b] = [this.#amount(product), this.#amount(this.#operand())];
      if (!a.isPlain && !b.isPlain) {
        this.#refuse(
          b,
          `"${a.text}" can be multiplied by a plain number only`,
          'Write it like 3 * delivery.p50; 110% is 1.1.',
        );
      }
      const place = this.#placeFrom(from);
      product = a.isPlain ? scaleAmount(a.constant, b, place) : scaleAmount(b.constant, a, place);
    }
    return product;
  }

  #operand(): Amount | Written {
    const token = this.#token;
    if (this.#take('(')) return this.#parenthesis(token);
    this.#next += 1;
    switch (token.kind) {
      case 'number':
        return readQuantity(token) ?? this.#refuseUnit(token);
      case 'name':
        return this.#metric(token);
      default:
        return this.#refuse(
          token,
          token.kind === 'end'
            ? 'ends where a metric or a number should be'
            : `"${token.text}" stands where a metric or a number should be`,
          'Write it like delivery.p99<50ms or lost==0.',
        );
    }
  }

  #parenthesis(open: Token): Amount | Written {
    const inner = this.#nested(() => this.#either());
    if (!this.#take(')')) {
      this.#refuse(
        this.#token,
        `the parenthesis of column ${open.at + 1} is not closed`,
        this.#hintAfter(inner),
      );
    }
    return { ...inner, ...this.#placeFrom(open) };
  }

  #metric(token: Token): Amount {
    const { text } = token;
    const arm: Arm = /^base(\.|$)/.test(text) ? 'base' : 'head';
    if (arm === 'base' && !this.#vocabulary.hasBase) {
      this.#refuse(
        token,
        `"${text}" is of a base, and only gate and compare have a base`,
        'Compare with a value instead, or use sockbench gate.',
      );
    }
    if (/^base\.?$/.test(text))
      this.#refuse(token, `"${text}" is no metric`, 'Write it like base.delivery.p50.');
    const metric = readMetric(text.replace(/^base\.?/, ''), this.#vocabulary.own);
    if (!isMetric(metric)) return this.#refuse(token, metric.problem, metric.hint);
    return metricAmount(metric, arm, token);
  }

  #refuseUnit({ text, digits, unit, at }: Extract<Token, { kind: 'number' }>): never {
    const near = nearest(unit, UNIT_NAMES);
    const place = { ...this.#token, at: at + text.length - unit.length };
    const hint =
      near === null
        ? 'Put a space, or an operator, between a number and a name.'
        : `Did you mean ${digits}${near}?`;
    return this.#refuse(place, `"${unit}" is not one of the units ${UNIT_NAMES.join(', ')}`, hint);
  }

  /** Units of two that are compared or added. */
  #unitsOf(a: Amount, b: Amount): MetricUnit[] {
    const units = commonUnits(a, b);
    if (units.length > 0) return units;
    const [asked, other] = a.parts.length > 0 ? [a, b] : [b, a];
    const takes = [...new Set(asked.units.map((unit) => ALLOWED[unit].takes))].join(' or ');
    return this.#refuse(
      other,
      `"${other.text}" ${whatIs(other, asked)}; ${asked.text} takes ${takes}`,
      `Write it like ${ALLOWED[asked.units[0] ?? 'count'].example}.`,
    );
  }

  get #token(): Token {
    return this.#tokens[this.#next] ?? END;
  }

  #is(sign: string): boolean {
    const { kind, text } = this.#token;
    return kind === 'sign' && text === sign;
  }

  /** Goes past the next token if it is this sign. */
  #take(sign: string): boolean {
    const isNext = this.#is(sign);
    if (isNext) this.#next += 1;
    return isNext;
  }

  #takeOperator(): Operator | null {
    return OPERATORS.find((operator) => this.#take(operator)) ?? null;
  }

  #nested<T>(read: () => T): T {
    this.#depth += 1;
    if (this.#depth > DEEPEST) {
      this.#refuse(this.#token, `is nested more than ${DEEPEST} deep`, 'Write several thresholds.');
    }
    const inner = read();
    this.#depth -= 1;
    return inner;
  }

  /** What was read since `from`. */
  #placeFrom({ at }: Token): { text: string; at: number } {
    const last = this.#tokens[this.#next - 1] ?? END;
    return { text: this.#expression.slice(at, last.at + last.text.length), at };
  }

  #written(condition: Condition, from: Token): Written {
    return { kind: 'condition', condition, ...this.#placeFrom(from) };
  }

  #condition(read: Amount | Written): Condition {
    if (read.kind === 'condition') return read.condition;
    return this.#refuse(read, `"${read.text}" is compared with nothing`, this.#hintAfter(read));
  }

  #amount(read: Amount | Written): Amount {
    if (read.kind === 'amount') return read;
    return this.#refuse(read, `"${read.text}" is true or false, no number`, this.#hintAfter(read));
  }

  #hintAfter({ kind }: Amount | Written): string {
    return kind === 'condition'
      ? 'Join conditions with and or or: lost==0 and delivery.p99<50ms.'
      : 'Compare it with <, <=, >, >= or ==, like delivery.p99<50ms or lost==0.';
  }

  #refuse({ at }: { readonly at: number }, problem: string, hint: string): never {
    return refuseAt(this.#expression, at, problem, hint);
  }
}
