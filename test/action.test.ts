import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { COMPARISON } from '../src/report/index.ts';
import { runFake } from './cli/fake-cli.ts';
import { readYaml } from './support/yaml.ts';

const root = join(import.meta.dirname, '..');
const readText = (file: string) => readFileSync(join(root, file), 'utf8');

/** What GitHub's syntax of action.yml allows of a composite action, as far as ours needs it. */
const compositeAction = z.strictObject({
  name: z.string(),
  description: z.string(),
  branding: z.strictObject({ icon: z.string(), color: z.string() }),
  inputs: z.record(
    z.string().regex(/^[a-z][a-z-]*$/),
    z.strictObject({ description: z.string(), required: z.boolean(), default: z.string().optional() }),
  ),
  outputs: z.record(z.string(), z.strictObject({ description: z.string(), value: z.string() })),
  runs: z.strictObject({
    using: z.literal('composite'),
    steps: z.tuple([
      z.strictObject({
        id: z.string(),
        shell: z.literal('bash'),
        env: z.record(z.string(), z.string()),
        run: z.string(),
      }),
    ]),
  }),
});

const action = compositeAction.parse(readYaml(readText('action.yml')));
const [step] = action.runs.steps;
const folder = mkdtempSync(join(tmpdir(), 'sockbench-action-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Replaces npx: writes its arguments and the files of a gate, and exits with the given code. */
const NPX = `#!/usr/bin/env bash
printf '%s\\0' "$@" > "$FOLDER/arguments"
if [ -n "$VERDICT" ]; then
  mkdir -p "$OUT"
  printf '{"judgement":{"verdict":"%s"}}' "$VERDICT" > "$OUT/rounds.json"
fi
exit "$CODE"
`;
writeFileSync(join(folder, 'npx'), NPX);
chmodSync(join(folder, 'npx'), 0o755);

interface Given {
  readonly inputs: Readonly<Record<string, string>>;
  readonly verdict: string;
  readonly code: number;
}

/** Runs the step as the runner does: inputs put into its environment, its script by bash. */
function runStep({ inputs, verdict, code }: Given) {
  const outputs = join(folder, 'outputs');
  rmSync(join(folder, 'arguments'), { force: true });
  writeFileSync(outputs, '');
  const given = { ...inputs, out: join(folder, 'report') };
  const env = Object.fromEntries(
    Object.entries(step.env).map(([name, expression]) => {
      const input = /^\$\{\{ inputs\.([a-z-]+) \}\}$/.exec(expression)?.[1] ?? '';
      return [name, new Map(Object.entries(given)).get(input) ?? action.inputs[input]?.default ?? ''];
    }),
  );
  const controls = { FOLDER: folder, VERDICT: verdict, CODE: String(code), GITHUB_OUTPUT: outputs };
  const { status, stderr } = spawnSync('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', step.run], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, ...env, ...controls, PATH: `${folder}${delimiter}${process.env['PATH']}` },
  });
  const file = join(folder, 'arguments');
  return {
    status,
    stderr,
    arguments: existsSync(file) ? readFileSync(file, 'utf8').split('\0').slice(0, -1) : null,
    outputs: readFileSync(outputs, 'utf8').trim().split('\n'),
  };
}

describe('action.yml', () => {
  it('reads inputs from the environment only, and uses every input', () => {
    expect(step.run).not.toContain('${{');
    expect(Object.values(step.env).toSorted()).toEqual(
      Object.keys(action.inputs)
        .map((name) => `\${{ inputs.${name} }}`)
        .toSorted(),
    );
  });

  it('passes every input on, split into words as in a shell, and executes none of it', () => {
    const inputs = {
      scenario: 'broadcast-latency',
      target: 'http://127.0.0.1:3000',
      exec: 'node "my server.js"',
      'base-ref': 'origin/main; touch harm',
      quick: 'true',
      arguments: '--threshold \'lost == 0\' --clients 100\n--base-install "$(touch harm)`touch harm`"',
    };
    const { arguments: words, status } = runStep({ inputs, verdict: 'OK', code: 0 });
    expect(status).toBe(0);
    expect(words?.slice(0, 3)).toEqual(['--no-install', 'sockbench', 'gate']);
    expect(words?.slice(3).filter((word) => !word.startsWith('--format='))).toEqual([
      '--inconclusive=fail',
      `--out=${join(folder, 'report')}`,
      '--target=http://127.0.0.1:3000',
      '--exec=node "my server.js"',
      '--base-ref=origin/main; touch harm',
      '--quick',
      '--threshold',
      'lost == 0',
      '--clients',
      '100',
      '--base-install',
      '$(touch harm)`touch harm`',
      '--',
      'broadcast-latency',
    ]);
    expect(existsSync(join(folder, 'harm'))).toBe(false);
  });

  it.each([
    ['REGRESSED', 99],
    ['INCONCLUSIVE', 4],
    ['INVALID', 3],
    ['OK', 0],
  ])('reports %s and exits with %i', (verdict, code) => {
    const { status, outputs } = runStep({ inputs: { scenario: 'ack-roundtrip' }, verdict, code });
    expect(status).toBe(code);
    const report = join(folder, 'report');
    expect(outputs).toEqual([
      `verdict=${verdict}`,
      `exit-code=${code}`,
      `report=${report}`,
      `comment=${join(report, 'github-comment.md')}`,
    ]);
  });

  it('reports no verdict when nothing was compared, not even that of an earlier step', () => {
    runStep({ inputs: { scenario: 'ack-roundtrip' }, verdict: 'OK', code: 0 });
    const { status, outputs } = runStep({ inputs: { scenario: 'ack-roundtrip' }, verdict: '', code: 2 });
    expect(status).toBe(2);
    expect(outputs).toContain('verdict=');
  });

  it.each(['', '  \n '])('hands no empty word on where its arguments are blank: %j', (blank) => {
    const inputs = { scenario: 'ack-roundtrip', arguments: blank };
    const { arguments: words, status } = runStep({ inputs, verdict: 'OK', code: 0 });
    expect(status).toBe(0);
    expect(words).not.toContain('');
    expect(words?.slice(-2)).toEqual(['--', 'ack-roundtrip']);
  });

  it('starts nothing when quotes in its arguments are not closed', () => {
    const inputs = { scenario: 'ack-roundtrip', arguments: "--threshold 'lost" };
    const { status, arguments: words } = runStep({ inputs, verdict: 'OK', code: 0 });
    expect(status).not.toBe(0);
    expect(words).toBeNull();
  });

  it('requests existing formats', () => {
    const list = /--format=([a-z,-]+)/.exec(step.run)?.[1]?.split(',') ?? [];
    const known = COMPARISON.formats.map(({ name }) => name);
    expect(list.length).toBeGreaterThan(4);
    expect(list.filter((name) => !known.includes(name))).toEqual([]);
  });
});

const blocks = [...readText('docs/ci.md').matchAll(/^```yaml\n(.*?)^```/gms)].map(([, text = '']) => text);

const steps = z.array(z.union([z.looseObject({ run: z.string() }), z.looseObject({ uses: z.string() })]));
const workflow = z.strictObject({
  name: z.string(),
  on: z.string(),
  permissions: z.record(z.string(), z.enum(['read', 'write', 'none'])),
  jobs: z.record(z.string(), z.strictObject({ 'runs-on': z.string(), 'timeout-minutes': z.number(), steps })),
});
const gitlab = z.strictObject({
  gate: z.strictObject({
    image: z.string(),
    rules: z.array(z.strictObject({ if: z.string() })),
    variables: z.record(z.string(), z.string()),
    script: z.array(z.string()),
    allow_failure: z.strictObject({ exit_codes: z.number() }),
    artifacts: z.strictObject({
      when: z.literal('always'),
      paths: z.array(z.string()),
      reports: z.strictObject({ junit: z.string() }),
    }),
  }),
});

describe('docs/ci.md', () => {
  it('has a workflow, steps of one, and a job of GitLab', () => {
    const documents = blocks.map(readYaml);
    const fits = (schema: z.ZodType) => documents.filter((each) => schema.safeParse(each).success).length;
    expect([fits(workflow), fits(steps), fits(gitlab)]).toEqual([1, 3, 1]);
    expect(documents).toHaveLength(5);
  });

  it('passes existing inputs to the action', () => {
    const document = workflow.parse(blocks.map(readYaml).find((each) => workflow.safeParse(each).success));
    const ours = Object.values(document.jobs)
      .flatMap((job) => job.steps)
      .find((each) => each['uses'] === './node_modules/sockbench');
    const given = z.record(z.string(), z.string()).parse(ours?.['with']);
    expect(Object.keys(given).filter((name) => !(name in action.inputs))).toEqual([]);
    const required = Object.entries(action.inputs).filter(([, input]) => input.required);
    for (const [name] of required) expect(given).toHaveProperty(name);
  });

  it('has no flag that gate does not have', async () => {
    const { stdout } = await runFake('gate', '--help-all');
    const known = new Set(stdout.match(/--[a-z][a-z-]*/g));
    const commands = [
      ...blocks.flatMap((text) => text.match(/sockbench gate [^\n]*(\n +(--|-)[^\n]*)*/g) ?? []),
      ...(readText('docs/ci.md').match(/arguments: [^\n`]+/g) ?? []),
    ];
    const flags = commands.flatMap((text) => text.match(/(?<= )--[a-z][a-z-]*/g) ?? []);
    expect(flags.length).toBeGreaterThan(12);
    expect(flags.filter((flag) => !known.has(flag))).toEqual([]);
  });

  it('names every format and file for CI', () => {
    const text = readText('docs/ci.md');
    const forPeople = /^(text|md|json|html|github-.*)$/;
    for (const { name, file } of COMPARISON.formats.filter((format) => !forPeople.test(format.name))) {
      expect(text).toMatch(new RegExp(`\\b${name}\\b`));
      expect(text).toContain(file);
    }
  });
});
