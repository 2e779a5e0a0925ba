import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { EFFECTIVE_QUANTILES } from '../../src/measure/effective-samples.ts';
import { quantileBounds } from '../../src/result/quantile-bounds.ts';
import { runResultSchema } from '../../src/result/run-result.ts';
import { NsHistogram, type ResultView, viewResult } from '../../src/result/view.ts';
import type { Coverage } from './coverage.ts';

/** The servers whose answers are correlated, as `server.ts` says, and how many requests each one gets. */
const RATES = { stall: '400/s', queue: '200/s' } as const;
type StudiedServer = keyof typeof RATES;
export const STUDIED_SERVERS = Object.keys(RATES) as StudiedServer[];

const LOAD_OF_STUDY = ['--clients', '10', '--arrival', 'poisson', '--duration', '3s'];
const SHORT = ['--warmup', '500ms', '--warmup-max', '500ms', '--drain', '2s', '--format', 'json', '--quiet'];

/** Carries out those of `runs` runs against one server that have left no result in the folder. */
export async function runAgainst(kind: StudiedServer, runs: number, folder: string): Promise<void> {
  const server = fork(join(import.meta.dirname, 'server.ts'), [kind]);
  const [message] = await once(server, 'message');
  const { port } = z.object({ port: z.number() }).parse(message);
  for (let run = 1; run <= runs; run++) {
    const out = join(folder, `${kind}-${run}`);
    if (resultIn(out) !== null) continue;
    mkdirSync(out, { recursive: true });
    const target = ['run', 'ack-roundtrip', '--target', `ws://127.0.0.1:${port}`];
    const args = [
      ...target,
      ...LOAD_OF_STUDY,
      '--rate',
      RATES[kind],
      ...SHORT,
      '--seed',
      String(run),
      '--out',
      out,
    ];
    const child = spawn(process.execPath, [join(import.meta.dirname, '../../bin/sockbench.js'), ...args], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const [code] = await once(child, 'exit');
    process.stderr.write(`${kind} ${run} of ${runs}: exit code ${code}\n`);
  }
  server.disconnect();
}

/** The path of the result in a folder; null where there is none. */
function resultIn(folder: string): string | null {
  const file = existsSync(folder) ? readdirSync(folder).find((name) => name.endsWith('.json')) : undefined;
  return file === undefined ? null : join(folder, file);
}

/** How often the interval of a run holds the quantile of all runs taken together. */
export function coverageOfRuns(kind: StudiedServer, folder: string): Coverage[] {
  const views = readdirSync(folder)
    .filter((name) => name.startsWith(`${kind}-`))
    .flatMap((name) => resultIn(join(folder, name)) ?? [])
    .map((path) => viewResult(runResultSchema.parse(JSON.parse(readFileSync(path, 'utf8')))));
  const all = new NsHistogram();
  for (const view of views) {
    const histogram = view.histogram('ack');
    if (histogram !== null) all.add(histogram);
  }
  return EFFECTIVE_QUANTILES.map(([name, quantile]) => coverageOf(views, name, quantile, all));
}

function coverageOf(
  views: readonly ResultView[],
  name: string,
  quantile: number,
  all: NsHistogram,
): Coverage {
  const shown = views.filter((view) => view.quantileNs('ack', quantile) !== null);
  const trueNs = all.quantileNs(quantile);
  const covered = shown.filter((view) => {
    const { lower, upper } = quantileBounds(view, 'ack', quantile);
    return (lower ?? 0) <= trueNs && trueNs <= (upper ?? Number.POSITIVE_INFINITY);
  });
  const shares = views.map((view) => (view.effectiveSamples('ack', quantile) ?? 0) / view.samples('ack'));
  return {
    quantile: name,
    runs: views.length,
    shown: shown.length,
    covered: covered.length,
    effectiveShare: shares.toSorted((a, b) => a - b)[Math.floor(shares.length / 2)] ?? Number.NaN,
  };
}
