import { remediesOf } from '../../result/remedies.ts';
import type { RunResult } from '../../result/run-result.ts';
import { isHeld, viewResult } from '../../result/view.ts';
import { list, plural } from '../../text.ts';
import { formatDurationMs } from '../../units.ts';
import { EMPTY_ENDING, type Ending } from '../ending.ts';
import { SUMMARY_COLUMNS } from './columns.ts';
import { overallFinding, type RankedScenario, rankRuns } from './ranking.ts';
import { BACK_COLUMNS } from './recovery-columns.ts';
import { profileText } from './run-facts.ts';
import { numbered, overallVerdict, runSeverity, targetLabel, verdictNotes } from './run-verdict.ts';
import { type Table, tabulate } from './table.ts';

/** How many clients had which load. */
export function endingLoadText(result: RunResult): string {
  const { plan, samples, shards } = result;
  const where = shards === null ? '' : `, ${plural(shards.length, 'shard')}`;
  const isListening = samples.unit === 'push' || isHeld(result);
  const isPaced = plan.profile.some(({ toHz }) => toHz > 0);
  const load = isListening ? ` for ${formatDurationMs(plan.durationMs)}` : `, ${profileText(plan.profile)}`;
  return `${plural(plan.clients, 'client')}${isListening || isPaced ? load : ''}${where}`;
}

/** The columns of the summary that the end of several runs shows, in the order of importance. */
const SHOWN_COLUMNS = [
  'target',
  'validity',
  ...BACK_COLUMNS.map(({ id }) => id),
  'p50',
  'p99',
  'last_receiver_p50',
  'last_receiver_p99',
  'lost',
  'server_cpu_per_delivery',
];

export const ENDING_COLUMNS = SHOWN_COLUMNS.flatMap((id) =>
  [...SUMMARY_COLUMNS, ...BACK_COLUMNS].filter((each) => each.id === id),
);

/** Results of each scenario, as the ranking of the page has them. */
function scenariosOf(results: readonly RunResult[]): RankedScenario[] {
  const groups = Map.groupBy(results.map(viewResult), ({ result }) => result.plan.scenario);
  return [...groups].map(([scenario, views]) => {
    const labels = numbered(views.map(({ result }) => targetLabel(result)));
    return { scenario, views, labels, colours: views.map(() => 0) };
  });
}

/** One row for each result, the lowest median first, below the name of its scenario where there are several. */
function tableOfSeveral(scenarios: readonly RankedScenario[]): Table {
  const ranked = scenarios.map((scenario) => rankRuns(scenario));
  const runs = ranked.flat();
  const { headings, rows } = tabulate(
    ENDING_COLUMNS,
    runs.map(({ view }) => view),
  );
  const named = rows.map(([, ...cells], run) => [runs[run]?.label ?? '', ...cells]);
  const grouped = ranked.flatMap((each, index) => {
    const title = scenarios.length === 1 ? [] : [[scenarios[index]?.scenario ?? '']];
    const before = ranked.slice(0, index).flat().length;
    return [...title, ...named.slice(before, before + each.length)];
  });
  return { headings, rows: grouped };
}

/** The end of several runs: a row for each, and which was the fastest. */
export function severalEnding(results: readonly RunResult[]): Ending {
  const scenarios = scenariosOf(results);
  const loads = [...new Set(results.map(endingLoadText))];
  const findings = results.flatMap((result) => [...result.invalid, ...result.findings]);
  const remarks = verdictNotes(results);
  const isBad = (note: string) => /: (PARTIAL, )?INVALID|: FAILED/.test(note);
  const hasRivals = scenarios.some(({ views }) => views.length > 1);
  const what = list(scenarios.map(({ scenario }) => scenario));
  return {
    ...EMPTY_ENDING,
    subject: `${what}${loads.length === 1 ? `, ${loads.join('')}` : ''}, ${plural(results.length, 'run')}`,
    table: tableOfSeveral(scenarios),
    notes: hasRivals ? ['each ran once; sockbench compare tests a difference'] : [],
    caveats: remarks.filter((note) => !isBad(note)),
    reasons: remarks.filter(isBad),
    advice: remediesOf(findings),
    severity: runSeverity(results),
    conclusion: [...(hasRivals ? [overallFinding(scenarios)] : []), overallVerdict(results)],
  };
}
