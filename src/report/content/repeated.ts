import type { Repeated } from '../../result/repeated.ts';
import { viewResult } from '../../result/view.ts';
import { pastedCommand } from '../../text.ts';
import { type Block, type Report, tableBlock } from '../blocks.ts';
import { startCharts } from './repeated-charts.ts';
import { repeatedEnding, repeatedSubject } from './repeated-ending.ts';
import {
  agreementText,
  deliveriesText,
  firstStart,
  headlineFigureText,
  measuredStarts,
  repeatedCaveats,
  repeatedSeverity,
  repeatedThresholdText,
  repeatedVerdict,
  START_COLUMNS,
  startsIntervalText,
} from './repeated-figures.ts';
import { labelledRepeated, tableOfRepeated } from './repeated-several.ts';
import { factsInCommon, footerText, runBlocks, sharedBlocks } from './run.ts';
import { loadText } from './run-facts.ts';
import { versionsText } from './run-opening.ts';
import { targetLabel } from './run-verdict.ts';
import { tabulate } from './table.ts';

const orEmpty = (text: string | null) => (text === null ? [] : [text]);

/** The figures over the starts, with what the interval is. */
function figureBlocks(repeated: Repeated): Block[] {
  const { figures } = repeated;
  if (figures.length === 0) return [];
  return tableBlock(
    'Median of the starts',
    tabulate(START_COLUMNS, figures),
    orEmpty(startsIntervalText(repeated)),
  );
}

/** The load without the seed, since each start has a seed of its own. */
function loadOfStarts(repeated: Repeated): string {
  const { results } = measuredStarts(repeated);
  const [first] = results;
  if (first === undefined) return '';
  const seeds = [first, results.at(-1) ?? first].map(({ plan }) => String(plan.seed));
  return loadText(first).replace(/seed \d+$/, `seeds ${[...new Set(seeds)].join(' to ')}`);
}

function medianThresholdText(threshold: Repeated['thresholds'][number]): string {
  const outcome = threshold.passed === null ? 'not judged' : threshold.passed ? 'passed' : 'FAILED';
  return `${outcome}: ${repeatedThresholdText(threshold)}`;
}

function repeatedOpening(repeated: Repeated, appendix: readonly Block[]): Block {
  const { invalid, thresholds, commandLine } = repeated;
  const { results } = measuredStarts(repeated);
  const first = firstStart(repeated);
  const found = [headlineFigureText(repeated), agreementText(repeated)].filter((text) => text !== null);
  return {
    kind: 'opening',
    severity: repeatedSeverity(repeated),
    word: invalid.length === 0 ? 'VALID' : 'INVALID',
    conclusion: invalid.length === 0 && found.length > 0 ? found.join('; ') : repeatedVerdict(repeated),
    caveats: repeatedCaveats(repeated),
    thresholds: thresholds.map((each) => ({ passed: each.passed, text: medianThresholdText(each) })),
    notes: orEmpty(startsIntervalText(repeated)),
    tested: [
      ['scenario', first?.plan.scenario ?? '-'],
      ['target', first === null ? '-' : targetLabel(first)],
      ['load', loadOfStarts(repeated)],
      ['deliveries', deliveriesText(repeated) ?? '-'],
      ['versions', versionsText(results)],
    ],
    command: pastedCommand(commandLine),
    blocks: [],
    appendix,
  };
}

/** The rows of the tables of runs are named by their target. Here they are starts of one. */
function withStartColumn(block: Block): Block {
  if (block.kind !== 'table') return block;
  const headings = block.table.headings.map((heading) =>
    heading.title === 'target'
      ? { ...heading, title: 'start', meaning: 'in the order of execution' }
      : heading,
  );
  return { ...block, table: { ...block.table, headings } };
}

/** Every start of one repeated run: tables, charts and details. */
function startBlocks(repeated: Repeated, shared: ReturnType<typeof factsInCommon>): Block[] {
  const { results, labels } = measuredStarts(repeated);
  const views = results.map(viewResult);
  const section = { scenario: 'Every start', views, labels, colours: views.map((_, index) => index) };
  return runBlocks(section, shared, results.length).map(withStartColumn);
}

/** The figures of one repeated run, as a table and as charts. */
function figureBlocksOf(repeated: Repeated): Block[] {
  return [
    { kind: 'heading', text: repeatedSubject(repeated) },
    { kind: 'text', text: loadOfStarts(repeated) },
    ...figureBlocks(repeated),
    { kind: 'charts', title: 'Starts', group: { form: 'dots', charts: startCharts(repeated) }, text: [] },
  ];
}

/** The report of one repeated run: the figures over its starts, then every start. */
function oneRepeatedReport(repeated: Repeated): Report {
  const shared = factsInCommon(measuredStarts(repeated).results);
  const notes = [
    ...orEmpty(agreementText(repeated)),
    ...repeated.thresholds.map(medianThresholdText),
    ...repeatedCaveats(repeated),
  ];
  return {
    title: `${repeatedSubject(repeated)} - sockbench`,
    blocks: [
      { kind: 'verdict', severity: repeatedSeverity(repeated), text: repeatedVerdict(repeated), notes },
      repeatedOpening(repeated, sharedBlocks(shared)),
      ...figureBlocksOf(repeated),
      { kind: 'heading', text: 'Every start' },
      ...startBlocks(repeated, shared),
    ],
    footer: footerText([repeated]),
  };
}

/** The report of several repeated runs: one table, then the figures and charts of each. Each has a report of its own, too. */
function severalRepeatedReport(documents: readonly Repeated[]): Report {
  const ending = repeatedEnding(documents);
  const rows = labelledRepeated(documents);
  const caveats = [...ending.reasons, ...ending.caveats];
  const results = documents.flatMap((each) => measuredStarts(each).results);
  const table = tableBlock('Medians of the starts', tableOfRepeated(rows), ending.notes);
  const [verdict = '', ...found] = ending.conclusion.toReversed();
  const { severity } = ending;
  return {
    title: `${ending.subject} - sockbench`,
    blocks: [
      { kind: 'verdict', severity, text: verdict, notes: [...found.toReversed(), ...caveats] },
      {
        kind: 'opening',
        severity,
        word: verdict.startsWith('VALID') ? 'VALID' : verdict.replace(/ of .*/, ''),
        conclusion: found.toReversed().join('; ') || verdict,
        caveats,
        thresholds: [],
        notes: ending.advice.map((advice) => `next: ${advice}`),
        tested: [
          ['scenarios', [...new Set(rows.map(({ scenario }) => scenario))].join(', ')],
          ['targets', [...new Set(rows.map(({ label }) => label))].join(', ')],
          ['versions', versionsText(results)],
        ],
        command: null,
        blocks: [],
        appendix: [],
      },
      { kind: 'heading', text: 'Repeated runs' },
      ...table,
      ...rows.flatMap(({ repeated }) => figureBlocksOf(repeated)),
    ],
    footer: footerText(documents),
  };
}

/** The report of one repeated run or several. */
export function repeatedReport(documents: readonly Repeated[]): Report {
  const [only] = documents;
  return only !== undefined && documents.length === 1
    ? oneRepeatedReport(only)
    : severalRepeatedReport(documents);
}
