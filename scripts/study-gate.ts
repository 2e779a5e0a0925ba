/**
 * How often the gate is wrong: runs the whole of it on identical builds, and with known slow-downs, through the
 * command line. Every gate adds one line to `docs/gate-study/gates.jsonl`, so that running it again goes on where it
 * was; docs/gate-study.md is written anew after each.
 *
 *     npm run study-gate -- [--hours 1.5]     0 writes the report only
 *
 * A slow-down of S % adds S % of the base's mean delivery to that of the head, in one of three shapes: each message
 * by as much; one message in a hundred by a hundred times as much; each recipient a little after the one before.
 */
import { spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, release, type } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { comparisonSchema } from '../src/result/comparison.ts';
import { type Cell, delayOf, nextCell } from './study/cells.ts';
import { gateRecord, readGates } from './study/gates.ts';
import { studyReport } from './study/report.ts';

const ROOT = join(import.meta.dirname, '..');
const FOLDER = join(ROOT, 'reports', 'study');
const RECORDS = join(ROOT, 'docs', 'gate-study');
const GATES = join(RECORDS, 'gates.jsonl');
const CALIBRATION = join(RECORDS, 'calibration.json');
const PORT = 18_423;
const CLIENTS = 200;

/** The default load in runs that are as short as can be, so that there can be more of them. */
const LOAD = [
  ...['--clients', String(CLIENTS), '--connect-rate', '2000/s'],
  ...['--duration', '500ms', '--warmup', '300ms', '--warmup-max', '300ms'],
];

const { values } = parseArgs({ options: { hours: { type: 'string', default: '1' } } });
const endMs = Date.now() + Number(values.hours) * 3600e3;

function sockbench(args: readonly string[]): number | null {
  const bin = join(ROOT, 'bin', 'sockbench.js');
  return spawnSync(process.execPath, [bin, ...args], { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] })
    .status;
}

function server(shape: string, microseconds: number): string {
  const program = join(import.meta.dirname, 'study', 'slow-server.ts');
  return `exec "${process.execPath}" "${program}" ${PORT} ${shape} ${microseconds.toFixed(3)}`;
}

const target = ['broadcast-latency', '--target', `ws://127.0.0.1:${PORT}`];

/** Mean delivery of the base, once for the whole study: what a slow-down is a share of. */
function meanDeliveryUs(): number {
  if (existsSync(CALIBRATION))
    return (JSON.parse(readFileSync(CALIBRATION, 'utf8')) as { meanUs: number }).meanUs;
  const out = join(FOLDER, 'calibration');
  sockbench([
    'compare',
    ...target,
    '--arm',
    `a: --exec '${server('none', 0)}'`,
    '--arm',
    `b: --exec '${server('none', 0)}'`,
    '--metric',
    'delivery.mean',
    ...LOAD,
    '--rounds',
    '5',
    '--out',
    out,
    '--format',
    'json',
    '--quiet',
  ]);
  const { judgement } = comparisonSchema.parse(JSON.parse(readFileSync(join(out, 'rounds.json'), 'utf8')));
  const meanUs =
    (judgement.heads[0]?.metrics.find(({ metric }) => metric === 'delivery.mean')?.base ?? 0) / 1000;
  writeFileSync(CALIBRATION, `${JSON.stringify({ meanUs })}\n`);
  return meanUs;
}

function runGate(cell: Cell, meanUs: number): void {
  const out = join(FOLDER, 'gate');
  rmSync(out, { recursive: true, force: true });
  const delayUs = delayOf(cell, meanUs, CLIENTS);
  const arms = ['--base-exec', server('none', 0), '--exec', server(cell.shape, delayUs)];
  const seed = String(readGates(GATES).length + 1);
  const files = ['--out', out, '--format', 'json', '--quiet', '--order-seed', seed];
  const exitCode = sockbench(['gate', ...target, ...arms, ...LOAD, ...files]);
  const comparison = comparisonSchema.parse(JSON.parse(readFileSync(join(out, 'rounds.json'), 'utf8')));
  const record = gateRecord(comparison, { shape: cell.shape, percent: cell.percent, exitCode });
  appendFileSync(GATES, `${JSON.stringify(record)}\n`);
  const { verdict, rounds, invalid } = record;
  process.stderr.write(
    `${new Date().toISOString()} ${cell.shape} ${cell.percent} %: ${verdict} after ${rounds} rounds ${invalid.join()}\n`,
  );
}

const machine = `${cpus().length} x ${cpus()[0]?.model ?? 'unknown CPU'}, ${type()} ${release()}, Node.js ${process.version}`;

mkdirSync(RECORDS, { recursive: true });
const meanUs = meanDeliveryUs();
while (Date.now() < endMs) runGate(nextCell(readGates(GATES)), meanUs);
writeFileSync(
  join(ROOT, 'docs', 'gate-study.md'),
  studyReport(readGates(GATES), { meanUs, load: LOAD, machine }),
);
