/**
 * Measures how often the gate is wrong: runs complete gates on identical builds and with known slow-downs, through the
 * command line. Every gate adds one line to `docs/gate-study/gates.jsonl`, so that the next run continues there. At the
 * end it writes docs/gate-study.md.
 *
 *     npm run study-gate -- [--hours 1.5]     0 writes the report only
 *
 * A slow-down of S % adds S % of the base's mean delivery to that of the head, in one of three shapes: it delays every
 * message; one message in a hundred by a hundred times as much; or each recipient a little after the one before. A third
 * of the gates run beside another program that uses a third of one CPU.
 */
import { spawn, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { cpus, release, type } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { watchNpm } from '../src/cli/npm-parent.ts';
import { readAs } from '../src/result/documents.ts';
import {
  cellName,
  delayOf,
  type GateRecord,
  gateRecord,
  type NextGate,
  nextGate,
  readGates,
  type StudyCell,
} from './study/gates.ts';
import { studyReport } from './study/report.ts';

const ROOT = join(import.meta.dirname, '..');
const FOLDER = join(ROOT, 'reports', 'study');
const RECORDS = join(ROOT, 'docs', 'gate-study');
const GATES = join(RECORDS, 'gates.jsonl');
const CALIBRATION = join(RECORDS, 'calibration.json');
const PORT = 18_423;
const STUDY_CLIENTS = 200;

const LOAD = ['--clients', String(STUDY_CLIENTS), '--connect-rate', '2000/s'];

const { values } = parseArgs({ options: { hours: { type: 'string', default: '1' } } });
const hasNpmEnded = watchNpm(process.env);
const endMs = Date.now() + Number(values.hours) * 3600e3;

function runSockbench(args: readonly string[]): number | null {
  const bin = join(ROOT, 'bin', 'sockbench.js');
  const { status } = spawnSync(process.execPath, [bin, ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  // Its gate has stopped too, and the next one would go on unseen.
  if (hasNpmEnded()) process.exit();
  return status;
}

function slowServerCommand(shape: string, microseconds: number): string {
  const program = join(import.meta.dirname, 'study', 'slow-server.ts');
  return `exec "${process.execPath}" "${program}" ${PORT} ${shape} ${microseconds.toFixed(3)}`;
}

const wordsIn = (line: string) => line.split(' ');
const target = wordsIn(`broadcast-latency --target ws://127.0.0.1:${PORT}`);

/** Measures the mean delivery of the base once for the whole study. Slow-downs are shares of it. */
async function meanDeliveryUs(): Promise<number> {
  if (existsSync(CALIBRATION)) return JSON.parse(readFileSync(CALIBRATION, 'utf8')).meanUs;
  const out = join(FOLDER, 'calibration');
  const arms = ['a', 'b'].flatMap((name) => ['--arm', `${name}: --exec '${slowServerCommand('none', 0)}'`]);
  const flags = wordsIn('--metric delivery.mean --rounds 5 --format json --quiet --out');
  runSockbench(['compare', ...target, ...arms, ...LOAD, ...flags, out]);
  const { judgement } = await readAs('comparison', join(out, 'rounds.json'));
  const metrics = judgement.heads[0]?.metrics ?? [];
  const meanUs = (metrics.find(({ metric }) => metric === 'delivery.mean')?.base ?? 0) / 1000;
  writeFileSync(CALIBRATION, `${JSON.stringify({ meanUs })}\n`);
  return meanUs;
}

async function runGate(cell: StudyCell, meanUs: number): Promise<Omit<GateRecord, 'neighbour'>> {
  const out = join(FOLDER, 'gate');
  rmSync(out, { recursive: true, force: true });
  const delayUs = delayOf(cell, meanUs, STUDY_CLIENTS);
  const arms = [
    '--base-exec',
    slowServerCommand('none', 0),
    '--exec',
    slowServerCommand(cell.shape, delayUs),
  ];
  const seed = String(readGates(GATES).length + 1);
  const files = ['--out', out, '--format', 'json', '--quiet', '--order-seed', seed];
  const exitCode = runSockbench(['gate', ...target, ...arms, ...LOAD, ...files]);
  const gate = gateRecord(await readAs('comparison', join(out, 'rounds.json')), { ...cell, exitCode });
  // Its reason is in its rounds.
  if (gate.verdict === 'INVALID') renameSync(out, `${out}-${seed}`);
  return gate;
}

/** Runs one gate, beside a neighbour if it is to have one, and adds it to the records. */
async function studyGate({ cell, neighbour }: NextGate, meanUs: number): Promise<void> {
  const program = join(import.meta.dirname, 'study', 'neighbour.ts');
  const busy = neighbour ? spawn(process.execPath, [program], { stdio: 'ignore' }) : null;
  const gate = await runGate(cell, meanUs).finally(() => busy?.kill());
  appendFileSync(GATES, `${JSON.stringify({ ...gate, neighbour })}\n`);
  const { verdict, rounds, invalid } = gate;
  process.stderr.write(
    `${new Date().toISOString()} ${cellName(cell)}${neighbour ? ', neighbour' : ''}: ${verdict} after ${rounds} rounds ${invalid.join()}\n`,
  );
}

const machine = `${cpus().length} x ${cpus()[0]?.model ?? 'unknown CPU'}, ${type()} ${release()}, Node.js ${process.version}`;

mkdirSync(RECORDS, { recursive: true });
const meanUs = await meanDeliveryUs();
for (let next = nextGate(readGates(GATES)); next !== null && Date.now() < endMs; ) {
  await studyGate(next, meanUs);
  next = nextGate(readGates(GATES));
}
writeFileSync(
  join(ROOT, 'docs', 'gate-study.md'),
  studyReport(readGates(GATES), { meanUs, load: LOAD, machine }),
);
