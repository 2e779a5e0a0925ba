import { remediesOf } from '../../result/remedies.ts';
import type { Repeated } from '../../result/repeated.ts';
import { viewResult } from '../../result/view.ts';
import { list, plural } from '../../text.ts';
import { EMPTY_ENDING, type Ending } from '../ending.ts';
import {
  agreementText,
  deliveriesText,
  firstStart,
  measuredStarts,
  repeatedCaveats,
  repeatedSeverity,
  repeatedThresholdText,
  repeatedVerdict,
  START_COLUMNS,
  startsIntervalText,
  startsText,
} from './repeated-figures.ts';
import {
  labelledRepeated,
  rankingText,
  severalRepeatedVerdict,
  tableOfRepeated,
  tooLittleText,
} from './repeated-several.ts';
import { thresholdsClause } from './run-ending.ts';
import { targetLabel } from './run-verdict.ts';
import { ENDING_COLUMNS, endingLoadText } from './several-ending.ts';
import { type Table, tabulate } from './table.ts';

/** What was measured: `broadcast-latency on ws, 100 clients, 50/s for 10s, 5 starts` */
export function repeatedSubject(repeated: Repeated): string {
  const first = firstStart(repeated);
  if (first === null) return startsText(repeated);
  return `${first.plan.scenario} on ${targetLabel(first)}, ${endingLoadText(first)}, ${startsText(repeated)}`;
}

/** What every start measured, where none is valid. */
function tableOfStarts(repeated: Repeated): Table | null {
  const { results, labels } = measuredStarts(repeated);
  if (results.length === 0) return null;
  const { headings, rows } = tabulate(ENDING_COLUMNS, results.map(viewResult));
  return {
    headings: headings.map((heading, at) => (at === 0 ? { ...heading, title: 'start' } : heading)),
    rows: rows.map(([, ...cells], index) => [labels[index] ?? '', ...cells]),
  };
}

/** The end of one repeated run: the figures over its starts, and whether one start would have been enough. */
function oneRepeatedEnding(repeated: Repeated): Ending {
  const { figures, thresholds, invalid, excluded, starts } = repeated;
  const deliveries = deliveriesText(repeated);
  const agreement = agreementText(repeated);
  const findings = starts.flatMap(({ result }) => result?.findings ?? []);
  return {
    ...EMPTY_ENDING,
    subject: repeatedSubject(repeated),
    table: figures.length === 0 ? tableOfStarts(repeated) : tabulate(START_COLUMNS, figures),
    notes: [startsIntervalText(repeated)].filter((text) => text !== null),
    facts: deliveries === null ? [] : [['deliveries', `${deliveries}, in all starts together`]],
    caveats: repeatedCaveats(repeated),
    reasons: invalid.length > 1 ? invalid.map(({ message }) => message) : [],
    thresholds: thresholds.map((each) => ({ passed: each.passed, text: repeatedThresholdText(each) })),
    advice: remediesOf([...excluded.flatMap(({ reasons }) => reasons), ...findings]),
    severity: thresholds.some(({ passed }) => passed === false) ? 'bad' : repeatedSeverity(repeated),
    conclusion: [
      ...(agreement === null ? [] : [agreement]),
      `${invalid.length > 1 ? `INVALID for ${invalid.length} reasons` : repeatedVerdict(repeated)}${thresholdsClause(thresholds)}`,
    ],
  };
}

/** The end of several repeated runs: a row for each, and which of them would have needed more than one start. */
function severalRepeatedEnding(documents: readonly Repeated[]): Ending {
  const rows = labelledRepeated(documents);
  const scenarios = [...new Set(rows.map(({ scenario }) => scenario))];
  const [first] = documents;
  const severities = documents.map(repeatedSeverity);
  const named = ({ scenario, label }: (typeof rows)[number], text: string) =>
    `${label}, ${scenario}: ${text}`;
  return {
    ...EMPTY_ENDING,
    subject: `${list(scenarios)}, ${plural(documents.length, 'repeated run')}`,
    table: tableOfRepeated(rows),
    notes: [first === undefined ? null : startsIntervalText(first)].filter((text) => text !== null),
    caveats: rows
      .filter(({ repeated }) => repeated.invalid.length === 0)
      .flatMap((row) => repeatedCaveats(row.repeated).map((text) => named(row, text))),
    reasons: rows.flatMap((row) => row.repeated.invalid.map(({ message }) => named(row, message))),
    advice: remediesOf(documents.flatMap(({ excluded }) => excluded.flatMap(({ reasons }) => reasons))),
    severity: (['bad', 'warning'] as const).find((each) => severities.includes(each)) ?? 'good',
    conclusion: [
      ...[rankingText(rows)].filter((text) => text !== null),
      [severalRepeatedVerdict(documents), tooLittleText(rows)].filter((text) => text !== null).join('; '),
    ],
  };
}

/** The end of a command that measured or rendered repeated runs. */
export function repeatedEnding(documents: readonly Repeated[]): Ending {
  const [only] = documents;
  return only !== undefined && documents.length === 1
    ? oneRepeatedEnding(only)
    : severalRepeatedEnding(documents);
}
