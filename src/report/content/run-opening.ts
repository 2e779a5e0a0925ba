import type { RunResult } from '../../result/run-result.ts';
import { list, pastedCommand, plural } from '../../text.ts';
import { formatMinute } from '../../units.ts';
import type { Block, Fact, Opening } from '../blocks.ts';
import { participants } from './participants.ts';
import { overallFinding, type RankedScenario, rankingBlocks } from './ranking.ts';
import { runCaveats, runConclusion } from './run-conclusion.ts';
import { loadText } from './run-facts.ts';
import {
  MAX_NAMED_RUNS,
  numbered,
  overallVerdict,
  remedyTexts,
  runSeverity,
  targetLabel,
  thresholdText,
  verdictNotes,
} from './run-verdict.ts';
import { rangeText } from './table.ts';

/** The versions of what took part: Node.js, runtimes and packages of the servers, drivers, and sockbench. */
export function versionsText(results: readonly RunResult[]): string {
  const versions = results.flatMap((result) => {
    const { environment, tool } = result;
    const packages = participants(result).map(([name, version]) => `${name} ${version}`);
    return [
      ...packages,
      `Node.js ${environment.nodeVersion.replace(/^v/, '')}`,
      `${tool.name} ${tool.version}`,
    ];
  });
  return [...new Set(versions)].join(', ');
}

/** One text for all where they agree; otherwise how many there are. */
function agreedText(texts: readonly string[], otherwise: string): string {
  const different = [...new Set(texts)];
  return different.length === 1 ? (different[0] ?? '') : otherwise;
}

/** What was tested, in three to five lines. */
function testedFacts(results: readonly RunResult[]): Fact[] {
  const scenarios = [...new Set(results.map(({ plan }) => plan.scenario))];
  const targets = [...new Set(results.map(targetLabel))];
  const urls = [...new Set(results.flatMap(({ plan: { target } }) => target.url ?? target.exec ?? []))];
  return [
    [scenarios.length === 1 ? 'scenario' : 'scenarios', scenarios.join(', ')],
    [targets.length === 1 ? 'target' : 'targets', targets.join(', ')],
    ...(urls.length === 1 ? [['server', urls.join('')] as const] : []),
    ['load', agreedText(results.map(loadText), 'differs by scenario: see each section')],
    ['versions', versionsText(results)],
    [
      'measured',
      rangeText(
        results.map(({ startedAt }) => Date.parse(startedAt)),
        dateText,
      ),
    ],
  ];
}

const dateText = (ms: number) => `${formatMinute(new Date(ms).toISOString())} UTC`;

const SINGLE_RUNS =
  'Each target ran once, so the differences have no confidence interval: use sockbench compare to test them';

type OpeningOf = Pick<Opening, 'word' | 'conclusion' | 'caveats' | 'thresholds' | 'notes'>;

function ofOne(result: RunResult): OpeningOf {
  const isValid = result.invalid.length === 0;
  return {
    word: isValid ? 'VALID' : 'INVALID',
    conclusion: runConclusion(result),
    caveats: runCaveats(result),
    thresholds: result.thresholds.map((threshold) => {
      return { passed: threshold.passed, text: thresholdText(threshold) };
    }),
    notes: remedyTexts([...result.invalid, ...result.findings]),
  };
}

/** Notes of several results, alike ones together, with the names of their runs. */
function notesOfSeveral(results: readonly RunResult[]): string[] {
  const labels = numbered(results.map((result) => `${targetLabel(result)}, ${result.plan.scenario}`));
  const all = results.flatMap((result, index) =>
    result.notes.map(({ message }) => ({ message, label: labels[index] ?? '' })),
  );
  return [...Map.groupBy(all, ({ message }) => message)].map(([message, each]) => {
    const isLong = each.length > MAX_NAMED_RUNS;
    return `${isLong ? plural(each.length, 'run') : list(each.map(({ label }) => label))}: ${message}`;
  });
}

function ofSeveral(results: readonly RunResult[], scenarios: readonly RankedScenario[]): OpeningOf {
  const invalid = results.filter((result) => result.invalid.length > 0).length;
  const hasRivals = scenarios.some(({ views }) => views.length > 1);
  return {
    word: invalid === 0 ? 'VALID' : `${invalid} of ${results.length} INVALID`,
    conclusion: hasRivals ? overallFinding(scenarios) : overallVerdict(results),
    caveats: [...(hasRivals ? [SINGLE_RUNS] : []), ...verdictNotes(results), ...notesOfSeveral(results)],
    thresholds: [],
    notes: remedyTexts(results.flatMap((result) => [...result.invalid, ...result.findings])),
  };
}

/** The top of the page of one result or several. */
export function runOpening(
  results: readonly RunResult[],
  scenarios: readonly RankedScenario[],
  appendix: readonly Block[],
): Block[] {
  const [only] = results;
  if (only === undefined) return [];
  const commands = results.map(({ environment }) => pastedCommand(environment.commandLine));
  const lines = [...new Set(commands.filter((command) => command !== null))];
  return [
    {
      kind: 'opening',
      severity: runSeverity(results),
      ...(results.length === 1 ? ofOne(only) : ofSeveral(results, scenarios)),
      tested: testedFacts(results),
      command: lines.length === 0 ? null : lines.join('\n'),
      blocks: rankingBlocks(scenarios),
      appendix,
    },
  ];
}
