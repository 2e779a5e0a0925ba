import type { RunResult } from '../../result/run-result.ts';
import { type ResultView, viewResult } from '../../result/view.ts';
import { type Block, detailsBlock, type Fact, type Report, tableBlock } from '../blocks.ts';
import { HEADLINE_GROUPS, SUMMARY_COLUMNS } from './columns.ts';
import { effectiveBlocks } from './correlation.ts';
import { floorText } from './floor.ts';
import { growthBlocks } from './growth.ts';
import { populationBlocks } from './populations.ts';
import { runProfileBlocks } from './profiles.ts';
import type { RankedScenario } from './ranking.ts';
import { recoveryBlocks } from './recovery.ts';
import { runChartGroup } from './run-chart-group.ts';
import { environmentFacts, loadText, planFacts, resultFacts, sharedFacts } from './run-facts.ts';
import { runOpening } from './run-opening.ts';
import { anomalyBlocks, processBlocks, seriesBlocks } from './run-tables.ts';
import { numbered, overallVerdict, runSeverity, targetLabel, verdictNotes } from './run-verdict.ts';
import { shardBlocks } from './shard-table.ts';
import { slowestBlocks } from './slowest-broadcasts.ts';
import { type Column, shortageNotes, type Table, tabulate } from './table.ts';

/** Results of one scenario, which share tables and charts. Labels are targets, numbered where two are alike. */
type Section = RankedScenario;

/** Groups results by scenario. A target has the same colour in every section. */
function makeSections(results: readonly RunResult[]): Section[] {
  const groups = Map.groupBy(results.map(viewResult), ({ result }) => result.plan.scenario);
  const palette = new Map<string, number>();
  return [...groups].map(([scenario, views]) => {
    const labels = numbered(views.map(({ result }) => targetLabel(result)));
    for (const label of labels) palette.set(label, palette.get(label) ?? palette.size);
    return { scenario, views, labels, colours: labels.map((label) => palette.get(label) ?? 0) };
  });
}

/** A table of results whose rows have the labels of the section in place of the target. */
function labelledTable(
  columns: ReadonlyArray<Column<ResultView>>,
  { views, labels }: Pick<Section, 'views' | 'labels'>,
): Table {
  const { headings, rows } = tabulate(columns, views);
  return { headings, rows: rows.map(([, ...cells], run) => [labels[run] ?? '', ...cells]) };
}

/** The floor of each run that has one, with the label of the run where there are several. */
function floorNotes({ views, labels }: Section): string[] {
  return views.flatMap(({ result }, run) => {
    const text = floorText(result);
    if (text === null) return [];
    return [views.length === 1 ? text : `${labels[run] ?? ''}: ${text}`];
  });
}

/** Latency, Delivery and Cost. A table with nothing but names in it is left out. */
function headlineBlocks(section: Section): Block[] {
  return HEADLINE_GROUPS.map(({ title, columns }): Block & { kind: 'table' } => ({
    kind: 'table',
    title,
    table: labelledTable(columns, section),
    notes: [...(title === 'Latency' ? floorNotes(section) : []), ...shortageNotes(columns, section.views)],
    colours: section.colours,
    invalid: section.views.map(({ result }) => result.invalid.length > 0),
  })).filter(({ table }) => table.headings.length > 1);
}

/** What several results of a page have in common, to be shown once. */
interface SharedFacts {
  readonly plan: readonly Fact[];
  readonly environment: readonly Fact[];
}

const NOTHING_SHARED: SharedFacts = { plan: [], environment: [] };

/** How many of the worst broadcasts and receivers are shown of a result that is alone, and of each of several. */
const WORST_OF_ONE = 20;
const WORST_OF_SEVERAL = 10;

/** Plan and environment; what all runs of the page share is left out, which may be all of it. */
function factBlocks(plan: readonly Fact[], environment: readonly Fact[]): Block[] {
  return [
    { kind: 'facts' as const, title: 'Plan', facts: plan },
    { kind: 'facts' as const, title: 'Environment', facts: environment },
  ].filter(({ facts }) => facts.length > 0);
}

/** Everything about one result that the main tables leave out, and that is not shared. */
function resultBlocks(view: ResultView, shared: SharedFacts, worst: number): Block[] {
  const { result } = view;
  const own = (facts: readonly Fact[], common: readonly Fact[]) =>
    facts.filter(([name]) => !common.some((fact) => fact[0] === name));
  const plan = own(planFacts(result), shared.plan);
  const environment = own(environmentFacts(result), shared.environment);
  return [
    { kind: 'facts', title: 'Run', facts: resultFacts(result) },
    ...populationBlocks(view),
    ...detailsBlock('Every series', 'text', seriesBlocks(view)),
    ...detailsBlock('Effective samples', 'text', effectiveBlocks(result)),
    ...detailsBlock('Slowest broadcasts', 'html', slowestBlocks(result, worst)),
    ...detailsBlock('Receivers with anomalies', 'markdown', anomalyBlocks(result, worst)),
    ...shardBlocks(result),
    ...detailsBlock('Processes', 'text', processBlocks(result)),
    ...runProfileBlocks(result),
    ...detailsBlock('Plan and environment', 'markdown', factBlocks(plan, environment)),
  ];
}

/** One result in full; of several, each in a fold of its own on the page. */
function detailBlocks({ views, labels }: Section, shared: SharedFacts | null): Block[] {
  return views.flatMap((view, run) => {
    if (shared === null) return resultBlocks(view, NOTHING_SHARED, WORST_OF_ONE);
    const blocks = resultBlocks(view, shared, WORST_OF_SEVERAL);
    const unfolded = blocks.flatMap((block) => (block.kind === 'details' ? block.blocks : [block]));
    return detailsBlock(`${labels[run] ?? ''}: all values`, 'html', unfolded);
  });
}

/** The load of all runs, once when it is the same. */
function loadBlocks({ views, labels }: Section): Block[] {
  const loads = views.map(({ result }) => loadText(result));
  const texts =
    new Set(loads).size === 1 ? loads.slice(0, 1) : loads.map((load, run) => `${labels[run] ?? ''}: ${load}`);
  return texts.map((text) => ({ kind: 'text', text }));
}

/**
 * `shared`: what all results of the page have in common; null on the page of a single one. The page has `pageRuns`
 * results.
 */
function sectionBlocks(section: Section, shared: SharedFacts | null, pageRuns: number): Block[] {
  const { scenario, views, labels } = section;
  const text = views.length === 1 ? `${scenario} on ${labels[0] ?? ''}` : scenario;
  return [{ kind: 'heading', text }, ...loadBlocks(section), ...runBlocks(section, shared, pageRuns)];
}

/** Tables, charts and details of the results of a section, without its heading and load. */
export function runBlocks(section: Section, shared: SharedFacts | null, pageRuns: number): Block[] {
  const { views, labels, colours } = section;
  const runs = labels.map((label, run) => ({ label, colour: colours[run] ?? 0 }));
  const group = runChartGroup(views, runs, pageRuns);
  return [
    ...recoveryBlocks(
      views.map(({ result }) => result),
      labels,
    ),
    ...views.flatMap(({ result }) => growthBlocks(result)),
    ...headlineBlocks(section),
    { kind: 'charts', title: '', group, text: [] },
    ...detailBlocks(section, shared),
  ];
}

function runTitle(results: readonly RunResult[]): string {
  const scenarios = new Set(results.map(({ plan }) => plan.scenario));
  const targets = new Set(results.map(targetLabel));
  return `${[...scenarios].join(', ')} on ${[...targets].join(', ')} - sockbench`;
}

/** The last line of the pages of runs and searches. */
export function footerText(documents: ReadonlyArray<Pick<RunResult, 'startedAt' | 'tool'>>): string {
  const tools = new Set(documents.map(({ tool }) => `${tool.name} ${tool.version}`));
  const days = [...new Set(documents.map(({ startedAt }) => startedAt.slice(0, 10)))].sort();
  const when = days.length < 2 ? days.join('') : `${days[0] ?? ''} to ${days.at(-1) ?? ''}`;
  return `Measured ${when} with ${[...tools].join(', ')}. Latency is measured from the intended send time.`;
}

function makeReport(results: readonly RunResult[], blocks: readonly Block[]): Report {
  const [text, severity] = [overallVerdict(results), runSeverity(results)];
  const verdict = { kind: 'verdict', severity, text, notes: verdictNotes(results) } as const;
  return { title: runTitle(results), blocks: [verdict, ...blocks], footer: footerText(results) };
}

/** What results have in common; null for a single one. */
export function factsInCommon(results: readonly RunResult[]): SharedFacts | null {
  if (results.length === 1) return null;
  return {
    plan: sharedFacts(results.map(planFacts)),
    environment: sharedFacts(results.map(environmentFacts)),
  };
}

/** The end of the page of several results. */
export function sharedBlocks(shared: SharedFacts | null): Block[] {
  if (shared === null) return [];
  return [
    { kind: 'heading', text: 'The same in all runs' },
    { kind: 'facts', title: 'Plan', facts: shared.plan },
    { kind: 'facts', title: 'Environment', facts: shared.environment },
  ];
}

/** The report of one result or several: the verdict, then for each scenario its tables, charts and details. */
export function runReport(results: readonly RunResult[]): Report {
  const sections = makeSections(results);
  const shared = factsInCommon(results);
  return makeReport(results, [
    ...runOpening(results, sections, sharedBlocks(shared)),
    ...sections.flatMap((section) => sectionBlocks(section, shared, results.length)),
  ]);
}

/** The report of `npm run bench`: one table with a row for each result, grouped by scenario. */
export function summaryReport(results: readonly RunResult[]): Report {
  const sections = makeSections(results);
  const views = sections.flatMap((section) => section.views);
  const labels = sections.flatMap((section) => section.labels);
  const { headings, rows } = labelledTable(SUMMARY_COLUMNS, { views, labels });
  const byScenario = Map.groupBy(rows, (_, index) => views[index]?.result.plan.scenario ?? '');
  const grouped = [...byScenario].flatMap(([scenario, each]) => [[scenario], ...each]);
  const table = { headings, rows: grouped };
  return makeReport(results, tableBlock('Summary', table, shortageNotes(SUMMARY_COLUMNS, views)));
}
