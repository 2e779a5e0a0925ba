import { execFile, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { parseStartAt } from '../../src/plan/rendezvous-place.ts';
import type { RunResult } from '../../src/result/run-result.ts';
import { freePort, type Running, temporaryFolder, watch } from '../support/sockbench.ts';
import { figuresOf, fileText, linesBelow, resultsIn, writeCommand, writeSockbench } from './lines.ts';

const LOAD = '--clients 8 --rate 50/s --duration 1s --warmup 500ms --warmup-max 500ms --quiet';

/**
 * Replaces npx. It starts this checkout with a smaller load, and the shards wait for one another in a folder, so that the
 * test need not wait for the time that the pipeline sets. That time is noted.
 */
const NPX = `
[ "$1 $2" = '--no-install sockbench' ] || exit 64
shift 2
[ "$1" = run ] || exec sockbench "$@"
words=
while [ $# -gt 0 ]; do
  case $1 in
    --start-at) echo "$2" >> "$MEET/../start-at"; words="$words --rendezvous $MEET"; shift ;;
    *) words="$words $1" ;;
  esac
  shift
done
exec sockbench $words ${LOAD}`;

const folder = temporaryFolder();
let server: Running | null = null;
let target = '';

interface Output {
  readonly code: number;
  readonly text: string;
}

/** Runs lines by bash as a runner does, which ends at the first error, in a folder below the test's. */
async function runLines(lines: string, cwd: string, env: Readonly<Record<string, string>>): Promise<Output> {
  const PATH = `${join(folder, 'bin')}${delimiter}${process.env['PATH']}`;
  const MEET = join(folder, cwd.split('/')[0] ?? '', 'meet');
  const options = { cwd: join(folder, cwd), env: { ...process.env, MEET, ...env, PATH } };
  return promisify(execFile)('bash', ['-eo', 'pipefail', '-c', lines], options).then(
    ({ stdout, stderr }) => ({ code: 0, text: stdout + stderr }),
    ({ code, stdout, stderr }) => ({ code, text: `${stdout}${stderr}` }),
  );
}

function expectSame(merged: RunResult | undefined, output: string, count: number): void {
  const [single] = resultsIn(join(folder, 'single'));
  expect(figuresOf(merged), output).toEqual(figuresOf(single));
  expect(merged?.ledger, output).toMatchObject({ expected: 400, delivered: 400, lost: 0, duplicated: 0 });
  expect(merged?.shards?.map(({ index }) => index)).toEqual(Array.from({ length: count }, (_, i) => i + 1));
}

beforeAll(async () => {
  writeSockbench(folder);
  writeCommand(join(folder, 'bin/npx'), NPX);
  writeCommand(join(folder, 'bin/npm'), '[ "$*" = ci ]');
  for (const name of ['github', 'gitlab', 'kubernetes'])
    mkdirSync(join(folder, name, 'meet'), { recursive: true });
  const port = await freePort();
  target = `ws://127.0.0.1:${port}`;
  server = watch(spawn(join(folder, 'bin/sockbench'), ['serve', 'ws', '--port', String(port)]));
  await server.said('listens at');
  const single = await runLines(
    `sockbench run broadcast-latency --target ${target} ${LOAD} --out single || [ $? -eq 3 ]`,
    '.',
    {},
  );
  expect(single.code, single.text).toBe(0);
});

afterAll(async () => {
  server?.child.kill();
  await server?.ended;
  rmSync(folder, { recursive: true, force: true });
});

const step = z.union([
  z.strictObject({
    id: z.string().optional(),
    env: z.record(z.string(), z.string()).optional(),
    run: z.string(),
  }),
  z.strictObject({
    uses: z.string(),
    with: z.record(z.string(), z.unknown()).optional(),
    if: z.string().optional(),
  }),
]);
const workflow = z.strictObject({
  name: z.string(),
  on: z.strictObject({ workflow_dispatch: z.strictObject({ inputs: z.record(z.string(), z.unknown()) }) }),
  permissions: z.record(z.string(), z.enum(['read', 'write', 'none'])),
  jobs: z.record(
    z.string(),
    z.strictObject({
      needs: z.string().optional(),
      if: z.string().optional(),
      'runs-on': z.string(),
      'timeout-minutes': z.number(),
      outputs: z.record(z.string(), z.string()).optional(),
      strategy: z
        .strictObject({ 'fail-fast': z.boolean(), matrix: z.strictObject({ shard: z.array(z.number()) }) })
        .optional(),
      steps: z.array(step),
    }),
  ),
});

describe('the workflow of GitHub', () => {
  const { jobs } = workflow.parse(parse(fileText('deploy/github/shards.yml')));

  /** Runs the steps of a job, with the values of its expressions. */
  async function runJob(
    name: string,
    cwd: string,
    values: Readonly<Record<string, string>>,
  ): Promise<Output> {
    const filled = (text: string) =>
      text.replace(/\$\{\{ ([\w.-]+) \}\}/g, (whole, expression: string) => values[expression] ?? whole);
    const output: Output[] = [];
    for (const each of jobs[name]?.steps ?? []) {
      if (!('run' in each)) continue;
      const env = Object.entries(each.env ?? {}).map(([key, text]) => [key, filled(text)]);
      const GITHUB_OUTPUT = join(folder, 'github', 'output');
      output.push(await runLines(filled(each.run), cwd, { ...Object.fromEntries(env), GITHUB_OUTPUT }));
    }
    return {
      code: Math.max(...output.map(({ code }) => code)),
      text: output.map(({ text }) => text).join('\n'),
    };
  }

  it('runs four shards that merge into exactly the unsharded run', async () => {
    expect(await runJob('start', 'github', {})).toMatchObject({ code: 0 });
    const at = /^at=(\S+)\n$/.exec(readFileSync(join(folder, 'github/output'), 'utf8'))?.[1] ?? '';
    // Throws for a time that has passed.
    expect(parseStartAt(at, Date.now())).toBeGreaterThan(Date.now());

    const matrix = jobs['shard']?.strategy?.matrix.shard ?? [];
    expect(matrix).toEqual([1, 2, 3, 4]);
    const outputs = await Promise.all(
      matrix.map((shard) =>
        runJob('shard', 'github', {
          'inputs.target': target,
          'inputs.host': '127.0.0.1',
          'needs.start.outputs.at': at,
          'matrix.shard': String(shard),
          'strategy.job-total': String(matrix.length),
        }),
      ),
    );
    const text = outputs.map((output) => output.text).join('\n');
    expect(
      outputs.filter(({ code }) => code !== 0 && code !== 3),
      text,
    ).toEqual([]);
    expect(readFileSync(join(folder, 'github/start-at'), 'utf8')).toBe(`${at}\n`.repeat(4));
    const merge = await runJob('merge', 'github', {});
    expectSame(resultsIn(join(folder, 'github/merged'))[0], text + merge.text, 4);
  });

  it('merges from where the artifacts of all shards arrive', () => {
    const uses = (job: string, action: string) =>
      jobs[job]?.steps.flatMap((each) => ('uses' in each && each.uses.startsWith(action) ? [each.with] : []));
    expect(uses('shard', 'actions/upload-artifact')).toEqual([
      { name: expect.stringMatching(/^shard-\$\{\{ matrix\.shard \}\}$/), path: 'shards' },
    ]);
    expect(uses('merge', 'actions/download-artifact')).toEqual([
      { pattern: 'shard-*', path: 'shards', 'merge-multiple': true },
    ]);
    expect(jobs['merge']).toMatchObject({ needs: 'shard', if: 'always()' });
  });
});

const artifacts = z.strictObject({
  when: z.literal('always').optional(),
  paths: z.array(z.string()).optional(),
  reports: z.strictObject({ dotenv: z.string() }).optional(),
});
const gitlabJob = z.strictObject({
  stage: z.string(),
  parallel: z.number().optional(),
  when: z.literal('always').optional(),
  script: z.array(z.string()),
  artifacts,
});
const pipeline = z.strictObject({
  stages: z.array(z.string()),
  default: z.strictObject({ image: z.string() }),
  start: gitlabJob,
  shard: gitlabJob,
  merge: gitlabJob,
});

describe('the pipeline of GitLab', () => {
  const jobs = pipeline.parse(parse(fileText('deploy/gitlab/shards.gitlab-ci.yml')));

  it('runs shards that merge into exactly the unsharded run, as many as the runner says', async () => {
    expect(await runLines(jobs.start.script.join('\n'), 'gitlab', {})).toMatchObject({ code: 0 });
    const dotenv = readFileSync(join(folder, 'gitlab', jobs.start.artifacts.reports?.dotenv ?? ''), 'utf8');
    const [, START_AT = ''] = /^START_AT=(\S+)\n$/.exec(dotenv) ?? [];
    expect(parseStartAt(START_AT, Date.now())).toBeGreaterThan(Date.now());

    const outputs = await Promise.all(
      [1, 2].map((index) =>
        runLines(jobs.shard.script.join('\n'), 'gitlab', {
          CI_NODE_INDEX: String(index),
          CI_NODE_TOTAL: '2',
          TARGET: target,
          HOST: '127.0.0.1',
          START_AT,
        }),
      ),
    );
    const text = outputs.map((output) => output.text).join('\n');
    expect(
      outputs.filter(({ code }) => code !== 0 && code !== 3),
      text,
    ).toEqual([]);
    const merge = await runLines(jobs.merge.script.join('\n'), 'gitlab', {});
    expectSame(resultsIn(join(folder, 'gitlab/merged'))[0], text + merge.text, 2);
  });

  it('has jobs in order, each with the folders that its lines write', () => {
    expect(jobs.shard.parallel).toBe(4);
    expect(jobs.stages).toEqual([jobs.start.stage, jobs.shard.stage, jobs.merge.stage]);
    expect([jobs.shard.artifacts.paths, jobs.merge.artifacts.paths]).toEqual([['shards/'], ['merged/']]);
  });
});

describe('the lines of deploy/README.md for Kubernetes', () => {
  it('turn the logs of all pods into results, and merge them', async () => {
    // The results of GitHub's shards, as pods print them, and other lines of a log.
    const results = join(folder, 'github/shards');
    const files = readdirSync(results)
      .filter((name) => name.endsWith('.json'))
      .toSorted();
    const kubectl = `
case $1 in
  get) [ "$*" = 'get pods --selector app=sockbench --output name' ] && printf 'pod/sockbench-%s-x\\n' 0 1 2 3 ;;
  logs)
    index=$(expr "$3" : 'pod/sockbench-\\(.\\)-x')
    echo 'warning: a line of stderr'
    cat "${results}"/*-shard-$((index + 1))-of-4.json
    echo 'note: another line' ;;
  apply | delete) [ -e "$ROOT/$3" ] ;;
  wait) ;;
  *) exit 64 ;;
esac`;
    writeCommand(join(folder, 'bin/kubectl'), kubectl);
    const [, lines = ''] = linesBelow('Kubernetes');
    const { text } = await runLines(lines, 'kubernetes', { ROOT: join(import.meta.dirname, '../..') });
    expect(files).toHaveLength(4);
    expect(readdirSync(join(folder, 'kubernetes/shards'))).toHaveLength(4);
    expectSame(resultsIn(join(folder, 'kubernetes/reports'))[0], text, 4);
  });
});
