import { markdownTable, wrapParagraph } from '../scripts/markdown.ts';
import { type Heading, headingText, NO_VALUE } from '../src/report/content/table.ts';
import { textTable } from '../src/report/render/text.ts';
import { plural } from '../src/text.ts';
import { formatDurationMs, formatFigure, formatPercent } from '../src/units.ts';
import type { Arms } from './arms.ts';
import { dashboardCosts } from './dashboard.ts';
import { type GoalOutcome, judgeGoals } from './goals.ts';
import type { BenchProtocol } from './protocols.ts';
import { armsOf, type Estimate, estimate, type Measurements } from './rounds.ts';
import type { BenchSection, Extent } from './sections.ts';

/** A finished benchmark. */
export interface Benchmark {
  readonly extent: Extent;
  readonly sections: readonly BenchSection[];
  readonly arms: Arms;
  readonly measurements: Measurements;
  /** Name and value of each fact on the machine and the time. */
  readonly environment: ReadonlyArray<readonly [string, string]>;
}

/** The median, with the range of several rounds: `4.31`, `4.31 (4.20-4.50)`. */
function estimateText(found: Estimate | null, form: 'median' | 'range'): string {
  if (found === null) return NO_VALUE;
  const { median, min, max } = found;
  const range = form === 'range' && min < max ? ` (${formatFigure(min)}-${formatFigure(max)})` : '';
  return `${formatFigure(median)}${range}`;
}

/** The arm that ratios refer to: the C floor, or the wire driver where there is none. */
export function baseOf({ arms }: Arms): string {
  return arms.some(({ name }) => name === 'floor') ? 'floor' : 'wire-kernel';
}

const benchHeading = (title: string, unit: string | null, numeric: boolean): Heading => ({
  ...{ title, unit, numeric, meaning: '', isProse: false },
});

function headingsOf({ figures }: BenchSection, base: string): Heading[] {
  return figures.map(({ title, unit }) =>
    benchHeading(base === 'floor' ? title : title.replace('floor', 'wire'), unit === '' ? null : unit, true),
  );
}

/** The rows of one protocol: an arm and its figures. An arm without any is left out. */
function rowsOf(section: BenchSection, protocol: BenchProtocol, of: Benchmark, form: 'median' | 'range') {
  const [load] = section.loads;
  const arms = load === undefined ? [] : armsOf(section, protocol, load, of.arms.arms);
  return arms
    .map(({ name, title }) => {
      const place = { section: section.name, protocol, arm: name, base: baseOf(of.arms) };
      return [
        title,
        ...section.figures.map(({ value }) =>
          estimateText(estimate(of.measurements.rounds, value, place), form),
        ),
      ];
    })
    .filter(([, ...cells]) => cells.some((cell) => cell !== NO_VALUE));
}

const goalName = ({ title, unit }: GoalOutcome['goal']) => `${title}${unit === '' ? '' : `, ${unit}`}`;
const verdictText = ({ verdict }: GoalOutcome) => verdict ?? 'not measured';
const SOCKETS_OF_ARM = { 'wire-kernel': 'kernel', 'wire-node': 'Node' } as const;

/** The goals of the sections that were measured. */
function outcomesOf({ sections, measurements }: Benchmark): GoalOutcome[] {
  const names = sections.map(({ name }) => name);
  return judgeGoals(measurements.rounds).filter(({ goal }) => names.includes(goal.section));
}

const COST_NOTE =
  'The difference is that of the medians; the noise of repeats is the standard deviation of the rounds without a dashboard, over their median. A difference below it passes.';
const COST_HEADINGS = ['figure', 'difference', 'noise of repeats', ''];

/** What a dashboard costs a run; no rows where too few rounds measured it. */
function costRows({ measurements }: Benchmark): string[][] {
  return dashboardCosts(measurements.rounds).map(({ title, difference, noise, verdict }) => [
    title,
    `${difference > 0 ? '+' : ''}${formatPercent(difference)}`,
    formatPercent(noise),
    verdict,
  ]);
}

/** What stands below the tables: arms that are left out, and what disturbed others. */
function remarks({ arms, measurements }: Benchmark): string[] {
  return [
    ...arms.leftOut.map(([title, reason]) => `${title}: left out, ${reason}`),
    ...[...measurements.notes].map(
      ([text, count]) => `${text}${count > 1 ? `, ${plural(count, 'time')}` : ''}`,
    ),
  ];
}

const TERMINAL_WIDTH = 80;

/** The tables for a terminal of 80 columns, one PASS or FAIL for each goal, and remarks. */
export function benchText(benchmark: Benchmark): string {
  const base = baseOf(benchmark.arms);
  const tables = benchmark.sections.map((section) => {
    const headings = [benchHeading('', null, false), ...headingsOf(section, base)];
    const rows = section.protocols.flatMap((protocol) => [
      [protocol],
      ...rowsOf(section, protocol, benchmark, 'median').map(([title = '', ...cells]) => [
        `  ${title}`,
        ...cells,
      ]),
    ]);
    return [section.title, section.plan, ...textTable({ headings, rows }, TERMINAL_WIDTH)].join('\n');
  });
  const goals = textTable({
    headings: ['goal', 'sockets', 'protocol', 'limit', 'reached', ''].map((title, index) =>
      benchHeading(title, null, index === 3 || index === 4),
    ),
    rows: outcomesOf(benchmark).map((outcome) => [
      goalName(outcome.goal),
      SOCKETS_OF_ARM[outcome.goal.arm],
      outcome.goal.protocol,
      formatFigure(outcome.goal.limit),
      estimateText(outcome.reached, 'median'),
      outcome.verdict ?? '-',
    ]),
  });
  const rows = costRows(benchmark);
  const headings = COST_HEADINGS.map((title, index) => benchHeading(title, null, index === 1 || index === 2));
  const costs = rows.length === 0 ? [] : textTable({ headings, rows }, TERMINAL_WIDTH);
  return [...tables, costs.join('\n'), goals.join('\n'), remarks(benchmark).join('\n')]
    .filter((part) => part !== '')
    .join('\n\n')
    .concat('\n');
}

function sectionPage(section: BenchSection, benchmark: Benchmark): string {
  const headings = headingsOf(section, baseOf(benchmark.arms)).map(headingText);
  const rows = section.protocols.flatMap((protocol) =>
    rowsOf(section, protocol, benchmark, 'range').map(([title = '', ...cells]) => [
      protocol,
      title,
      ...cells,
    ]),
  );
  const rounds = plural(section.rounds, 'round');
  const costs = section.name === 'dashboard' ? costRows(benchmark) : [];
  return [
    `## ${section.title}`,
    wrapParagraph(`${section.plan}; median of ${rounds}${section.rounds > 1 ? ', with the range' : ''}.`),
    markdownTable(['protocol', 'client', ...headings], rows),
    ...(section.note === '' ? [] : [wrapParagraph(section.note)]),
    ...(costs.length === 0 ? [] : [markdownTable(COST_HEADINGS, costs), wrapParagraph(COST_NOTE)]),
  ].join('\n\n');
}

function goalsPage(benchmark: Benchmark): string {
  const rows = outcomesOf(benchmark).map((outcome) => [
    goalName(outcome.goal),
    `${SOCKETS_OF_ARM[outcome.goal.arm]}`,
    outcome.goal.protocol,
    formatFigure(outcome.goal.limit),
    estimateText(outcome.reached, 'range'),
    verdictText(outcome),
  ]);
  return markdownTable(['goal', 'sockets', 'protocol', 'at most', 'reached', ''], rows);
}

const INTRODUCTION = `What the load generator itself costs: CPU, memory and lag of its processes, side by side with a client \
in C that does as little as Linux allows (epoll and recv, nothing is recorded), and with the bare client packages. \
\`npm run bench:self\` measures all of it and writes this page.`;

const METHOD = [
  'Every round has each client once, one after the other, each with a fresh reference server in a process of its own on another CPU.',
  'Ratios are computed within a round. They carry over to other machines better than microseconds, which are those of this one.',
  'Clients named wire and official are the generator process of `sockbench run`, with pacing and recording; the figures are those of its result. The coordinator is not part of them. The other clients count messages only, and are published to by another process.',
  'CPU time is user and system time of the whole process.',
];

/** The page docs/performance.md. */
export function performancePage(benchmark: Benchmark): string {
  const { extent, sections, arms, environment } = benchmark;
  const times = `${formatDurationMs(extent.warmupMs)} of warm-up and ${formatDurationMs(extent.measureMs)} of measuring`;
  const found = remarks(benchmark);
  return [
    '# Performance',
    wrapParagraph(INTRODUCTION),
    environment.map(([name, value]) => `- ${name}: ${value}`).join('\n'),
    '## Goals',
    'A goal is judged by the median of all rounds.',
    goalsPage(benchmark),
    ...sections.map((section) => sectionPage(section, benchmark)),
    '## Method',
    [...METHOD, `Each measurement has ${times}.`]
      .map((text) => `- ${text}`)
      .map(wrapItem)
      .join('\n'),
    markdownTable(
      ['client', 'what it is'],
      arms.arms.map(({ title, remark }) => [title, remark]),
    ),
    ...(found.length === 0 ? [] : [found.map((text) => wrapItem(`- ${text}`)).join('\n')]),
  ]
    .join('\n\n')
    .concat('\n');
}

/** Breaks an item of a list; its later lines are indented. */
function wrapItem(text: string): string {
  return wrapParagraph(text).replaceAll('\n', '\n  ');
}
