import { option } from '../../contract/options.ts';
import { EXIT, type ExitCode, fail, SockbenchError } from '../../errors.ts';
import { VERSION } from '../../package.ts';
import { parseFormats, TREND } from '../../report/index.ts';
import { readDocument, type StoredDocument } from '../../result/documents.ts';
import { SCHEMA_VERSION } from '../../result/run-result.ts';
import { requireWritable } from '../../result/store.ts';
import { TREND_ORDERS, type Trend } from '../../result/trend.ts';
import { parseMetric } from '../../stats/metric.ts';
import { type Skipped, type TrendSample, trendSamples } from '../../stats/trend.ts';
import { makeHistories } from '../../stats/trend-histories.ts';
import { either, plural } from '../../text.ts';
import type { AddCommand, Cli } from '../cli.ts';
import { addOptions, type Flags, outputOptions, readFlags, repeated } from '../flags.ts';
import { addNotes } from '../help-notes.ts';
import { requirePage } from '../open-page.ts';
import { deliver, unlessLost } from '../output.ts';
import { findResultFiles } from '../result-files.ts';

const TREND_OPTIONS = {
  metric: repeated('NAME', 'metric to follow (default: p50 and p99 of the headline, server CPU)'),
  by: option('ORDER', 'date', 'order of results: date, or commit', parseOrder),
  ...outputOptions(TREND, 'reports/trend'),
};

function parseOrder(text: string): Trend['order'] {
  const order = TREND_ORDERS.find((each) => each === text);
  return order ?? fail('BAD_ORDER', `"${text}" is not ${either(TREND_ORDERS)}`);
}

export const addTrend: AddCommand = (program, cli, finish) => {
  const command = program
    .command('trend')
    .description('draw stored results of one plan over time and mark changes')
    .argument('[path...]', 'folders of results, or files (default: reports)');
  addOptions(command, TREND_OPTIONS);
  addNotes(command, {
    paragraphs: ['Exit codes: 0 drawn, with or without changes; 2 nothing to compare.'],
    examples: ['sockbench trend reports', 'sockbench trend reports --metric delivery.p99 --by commit'],
  }).action(async (paths: readonly string[], flags: Flags) => finish(await followResults(cli, paths, flags)));
};

async function followResults(cli: Cli, given: readonly string[], flags: Flags): Promise<ExitCode> {
  const { metric: metrics, by, out, format, quiet, verbose, open } = readFlags(TREND_OPTIONS, flags);
  const formats = parseFormats(TREND, format);
  requirePage(open, formats);
  const { files, problems } = await findResultFiles(given.length === 0 ? ['reports'] : given);
  const read = await readSamples(files, metrics);
  requireKnownMetrics(metrics, read);
  const { histories, skipped, test } = makeHistories(read.samples, by);
  const trend: Trend = {
    schemaVersion: SCHEMA_VERSION,
    kind: 'trend',
    tool: { name: 'sockbench', version: VERSION },
    commandLine: [...cli.argv],
    order: by,
    test,
    histories,
    skipped: [...problems, ...read.skipped, ...skipped],
  };
  requireHistory(trend, files);
  await requireWritable(out);
  return unlessLost(
    await deliver(cli, out, formats, { kind: TREND, document: trend }, { quiet, verbose, open }),
    EXIT.passed,
  );
}

interface ReadSamples {
  readonly samples: readonly TrendSample[];
  readonly skipped: readonly Skipped[];
  /** Meanings of the own series of all scenarios. */
  readonly ownSeries: Readonly<Record<string, string>>;
}

/** Reads one file after the other: the text of a document takes more memory than the document. */
async function readSamples(files: readonly string[], metrics: readonly string[]): Promise<ReadSamples> {
  const samples: TrendSample[] = [];
  const skipped: Skipped[] = [];
  let ownSeries = {};
  for (const path of files) {
    try {
      const stored = await readDocument(path);
      // An earlier trend may lie among the results.
      if (stored.kind === 'trend' && files.length > 1) continue;
      const found = trendSamples(stored, metrics);
      samples.push(...found.samples);
      skipped.push(...found.skipped);
      ownSeries = { ...ownSeries, ...ownSeriesOf(stored) };
    } catch (error) {
      if (!(error instanceof SockbenchError)) throw error;
      skipped.push({ path, reason: error.message.replace(`${path} `, '') });
    }
  }
  return { samples, skipped, ownSeries };
}

function ownSeriesOf(stored: StoredDocument): Readonly<Record<string, string>> {
  if (stored.kind === 'run') return stored.document.ownSeries;
  if (stored.kind === 'repeated') {
    return stored.document.starts.find(({ result }) => result !== null)?.result?.ownSeries ?? {};
  }
  return stored.kind === 'comparison' ? stored.document.design.ownSeries : {};
}

/** Throws BAD_METRIC for a metric that no result has. */
function requireKnownMetrics(metrics: readonly string[], { ownSeries }: ReadSamples): void {
  for (const metric of metrics) parseMetric(metric, ownSeries);
}

/** Throws NOTHING_TO_COMPARE without two results of the same plan and environment. */
function requireHistory({ histories, skipped }: Trend, files: readonly string[]): void {
  if (histories.some(({ metrics }) => metrics.length > 0)) return;
  const [first, ...others] = skipped;
  const reason = first === undefined ? '' : `; ${first.path} ${first.reason}`;
  const rest = others.length === 0 ? '' : `, and ${others.length} more`;
  fail(
    'NOTHING_TO_COMPARE',
    files.length === 0
      ? 'there is no JSON file'
      : `no two results of the same plan and environment in ${plural(files.length, 'file')}${reason}${rest}`,
    'Give a folder with results that sockbench run, compare or gate wrote.',
  );
}
