import { nearest } from '../text.ts';
import { isMetric, type MetricUnit, readMetric } from './metric.ts';
import {
  type Amount,
  addAmounts,
  commonUnits,
  explainMismatch,
  metricAmount,
  readQuantity,
  type Sum,
  scaleAmount,
  sumIn,
  UNIT_NAMES,
} from './threshold-amount.ts';
import { type NumberToken, type Place, type Token, TokenReader, WORDS } from './threshold-tokens.ts';

const OPERATORS = ['<=', '>=', '==', '<', '>'] as const;
const JOINING = [...OPERATORS, '+', '-', '*', 'and', 'or'];
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
interface Written extends Place {
  readonly kind: 'condition';
  readonly condition: Condition;
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
  return new Parser(expression, vocabulary).parse();
}

const EXAMPLES = 'delivery.p99<50ms or lost==0';

/** One method for each rule; whether a parenthesis holds a condition or an amount is known only at its end. */
class Parser {
  readonly #tokens: TokenReader;
  readonly #vocabulary: Vocabulary;
  #depth = 0;

  constructor(expression: string, vocabulary: Vocabulary) {
    this.#tokens = new TokenReader(expression);
    this.#vocabulary = vocabulary;
  }

  parse(): Condition {
    const whole = this.#either();
    const { token } = this.#tokens;
    if (token.kind === 'end') return this.#condition(whole);
    return this.#tokens.refuse(token, `"${token.text}" is not expected here`, hintAfter(whole));
  }

  #either(): Amount | Written {
    return this.#joined('or', () => this.#joined('and', () => this.#negation()));
  }

  #joined(word: 'and' | 'or', operand: () => Amount | Written): Amount | Written {
    const from = this.#tokens.token;
    const first = operand();
    if (!this.#tokens.take(word)) return first;
    const of = [this.#condition(first)];
    do of.push(this.#condition(operand()));
    while (this.#tokens.take(word));
    return this.#written({ kind: word, of }, from);
  }

  #negation(): Amount | Written {
    const from = this.#tokens.token;
    if (!this.#tokens.take('not')) return this.#comparison();
    const of = this.#condition(this.#nested(() => this.#negation()));
    return this.#written({ kind: 'not', of }, from);
  }

  #comparison(): Amount | Written {
    const from = this.#tokens.token;
    const first = this.#sum();
    const operator = this.#tokens.takeOneOf(OPERATORS);
    if (operator === null) return first;
    const [a, b] = [this.#amount(first), this.#amount(this.#sum())];
    const [unit] = this.#commonUnits(a, b);
    if (unit === undefined || a.parts.length + b.parts.length === 0) {
      return this.#tokens.refuse(a, 'only numbers are compared', `Name a metric, like ${EXAMPLES}.`);
    }
    const [left, right] = [sumIn(unit, a), sumIn(unit, b)];
    return this.#written({ kind: 'comparison', operator, unit, left, right }, from);
  }

  #sum(): Amount | Written {
    const from = this.#tokens.token;
    let total = this.#product();
    for (;;) {
      const sign = this.#tokens.takeOneOf(['+', '-']);
      if (sign === null) return total;
      const [a, b] = [this.#amount(total), this.#amount(this.#product())];
      const units = this.#commonUnits(a, b);
      total = addAmounts(a, sign === '+' ? 1 : -1, b, units, this.#tokens.placeFrom(from));
    }
  }

  #product(): Amount | Written {
    const from = this.#tokens.token;
    let product = this.#operand();
    while (this.#tokens.take('*')) {
      const [a, b] = [this.#amount(product), this.#amount(this.#operand())];
      if (!a.isPlain && !b.isPlain) {
        const problem = `"${a.text}" times "${b.text}": one of them has to be a plain number`;
        this.#tokens.refuse(a, problem, 'Write it like 3 * delivery.p50; 110% is 1.1.');
      }
      const place = this.#tokens.placeFrom(from);
      product = a.isPlain ? scaleAmount(a.constant, b, place) : scaleAmount(b.constant, a, place);
    }
    return product;
  }

  #operand(): Amount | Written {
    const { token } = this.#tokens;
    const read = this.#tokens.take('(') ? this.#parenthesis(token) : this.#atom(token);
    const after = this.#tokens.token;
    if (after.kind === 'name' || after.kind === 'number') {
      const problem = `"${after.text}" cannot follow "${read.text}"`;
      this.#tokens.refuse(after, problem, `Put one of ${JOINING.join(', ')} between them.`);
    }
    return read;
  }

  #atom(token: Token): Amount {
    this.#tokens.skip();
    if (token.kind === 'number') return readQuantity(token) ?? this.#refuseUnit(token);
    if (token.kind === 'name') return this.#metric(token);
    const problem =
      token.kind === 'end'
        ? 'a metric or a number is missing at the end'
        : `"${token.text}" stands where a metric or a number should be`;
    return this.#tokens.refuse(token, problem, `Write it like ${EXAMPLES}.`);
  }

  #parenthesis(open: Token): Amount | Written {
    const inner = this.#nested(() => this.#either());
    if (!this.#tokens.take(')')) {
      const { token } = this.#tokens;
      const problem =
        token.kind === 'end'
          ? `the parenthesis of column ${open.at + 1} is not closed`
          : `"${token.text}" is not expected here`;
      this.#tokens.refuse(token, problem, hintAfter(inner));
    }
    return { ...inner, ...this.#tokens.placeFrom(open) };
  }

  #metric(token: Place): Amount {
    const { text } = token;
    const isOfBase = /^base(\.|$)/.test(text);
    if (isOfBase && !this.#vocabulary.hasBase) {
      const problem = `"${text}" is of a base, and only gate and compare have a base`;
      this.#tokens.refuse(token, problem, 'Compare with a value instead, or use sockbench gate.');
    }
    const name = text.replace(/^base\.?/, '');
    if (name === '') this.#tokens.refuse(token, `"${text}" is no metric`, 'Write it like base.delivery.p50.');
    const metric = readMetric(name, this.#vocabulary.own);
    if (!isMetric(metric)) return this.#tokens.refuse(token, metric.problem, metric.hint);
    return metricAmount(metric, isOfBase ? 'base' : 'head', token);
  }

  #refuseUnit({ text, digits, unit, at }: NumberToken): never {
    const near = nearest(unit, [...UNIT_NAMES, ...WORDS]);
    const meant = near !== null && WORDS.includes(near) ? near : `${digits}${near}`;
    const hint = near === null ? 'Use one of them.' : `Did you mean ${meant}?`;
    const problem = `"${unit}" is not one of the units ${UNIT_NAMES.join(', ')}`;
    return this.#tokens.refuse({ at: at + text.length - unit.length }, problem, hint);
  }

  #commonUnits(a: Amount, b: Amount): MetricUnit[] {
    const units = commonUnits(a, b);
    if (units.length > 0) return units;
    const { wrong, problem, hint } = explainMismatch(a, b);
    return this.#tokens.refuse(wrong, problem, hint);
  }

  #nested<T>(read: () => T): T {
    this.#depth += 1;
    if (this.#depth > DEEPEST) {
      const problem = `nested more than ${DEEPEST} deep`;
      this.#tokens.refuse(this.#tokens.token, problem, 'Write several thresholds instead.');
    }
    const inner = read();
    this.#depth -= 1;
    return inner;
  }

  #written(condition: Condition, from: Place): Written {
    return { kind: 'condition', condition, ...this.#tokens.placeFrom(from) };
  }

  #condition(read: Amount | Written): Condition {
    if (read.kind === 'condition') return read.condition;
    return this.#tokens.refuse(read, `"${read.text}" is compared with nothing`, hintAfter(read));
  }

  #amount(read: Amount | Written): Amount {
    if (read.kind === 'amount') return read;
    return this.#tokens.refuse(read, `"${read.text}" is true or false, no number`, hintAfter(read));
  }
}

function hintAfter({ kind }: Amount | Written): string {
  return kind === 'condition'
    ? 'Join conditions with and or or: lost==0 and delivery.p99<50ms.'
    : `Compare it with one of ${OPERATORS.join(', ')}, like ${EXAMPLES}.`;
}
