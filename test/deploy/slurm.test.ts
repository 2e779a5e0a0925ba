import { spawn } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { skipWhenMissing } from '../support/need.ts';
import { freePort, temporaryFolder, watch } from '../support/sockbench.ts';
import { figuresOf, linesBelow, ROOT, resultsIn, writeSockbench } from './lines.ts';

const PROGRAMS = ['/usr/sbin/slurmctld', '/usr/sbin/slurmd', '/usr/sbin/munged', '/usr/bin/sbatch'];
const isReady = process.getuid?.() === 0 && PROGRAMS.every((path) => existsSync(path));
skipWhenMissing(isReady ? null : 'Slurm and MUNGE (Debian: slurm-wlm munge), and root');

const folder = temporaryFolder();
const [, lines = ''] = linesBelow('Slurm');

/** Runs once unsharded and once by the lines of the README, beside one server. */
const SCRIPT = `
sockbench serve ws --port "$port" > serve.log 2>&1 & server=$!
trap 'kill $server' EXIT
until grep -q 'listens at' serve.log; do kill -0 $server; sleep 0.05; done
sockbench $run --out single > single.log 2>&1 || [ $? -eq 3 ]
# Submission options of the environment come before those of a script.
export SBATCH_ARRAY_INX=10-20:10
bash -euc "$lines"
until [ -z "$(squeue --noheader)" ]; do sleep 0.1; done
`;

describe('a Slurm array of two shards, started by the lines of deploy/README.md', () => {
  let output = '';
  let end: () => void = () => {};

  beforeAll(async () => {
    const port = await freePort();
    writeSockbench(folder);
    for (const name of ['shards.sbatch', 'merge.sbatch']) {
      copyFileSync(join(ROOT, 'deploy/slurm', name), join(folder, name));
    }
    const args = [folder, String(await freePort()), String(await freePort()), 'bash', '-euc', SCRIPT];
    const child = spawn('bash', [join(import.meta.dirname, 'cluster.sh'), ...args], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        PATH: `${join(folder, 'bin')}${delimiter}${process.env['PATH']}`,
        lines,
        port: String(port),
        run: `run ack-roundtrip --target ws://127.0.0.1:${port} --clients 8 --rate 50/s --duration 1s --warmup 500ms --warmup-max 500ms --quiet`,
      },
    });
    end = () => child.kill();
    const ended = await watch(child).ended;
    output = ended.stdout + ended.stderr;
    expect(ended, output).toMatchObject({ code: 0 });
  }, 120_000);

  afterAll(() => {
    end();
    rmSync(folder, { recursive: true, force: true });
  });

  it('merges into exactly the unsharded run', () => {
    const job = /Submitted batch job (\d+)/.exec(output)?.[1] ?? '';
    const log = output + readFileSync(join(folder, `sockbench-merge-${job}.log`), 'utf8');
    const [single] = resultsIn(join(folder, 'single'));
    const [merged] = resultsIn(join(folder, 'merged-1'));
    expect(figuresOf(merged), log).toEqual(figuresOf(single));
    expect(merged, log).toMatchObject({
      rate: { sent: 50 },
      ledger: { expected: 50, delivered: 50, lost: 0, duplicated: 0 },
      shards: [1, 2].map((index) => ({ index, count: 2, rendezvous: 'folder' })),
    });
    expect(log).toContain('✓ lost==0: 0');
  });
});
