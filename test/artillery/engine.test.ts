import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ARTILLERY_PACKAGE } from '../../scripts/artillery/catalog.ts';
import { ARTILLERY } from '../../scripts/artillery/install.ts';
import { countFaulted } from '../support/faults.ts';
import { skipWhenMissing } from '../support/need.ts';
import { freePort, sockbench, storedResult, temporaryFolder, watch } from '../support/sockbench.ts';
import { ARTILLERY_TEST, missingArtillery } from './run-artillery.ts';

skipWhenMissing(missingArtillery);

const FAULTY = join(import.meta.dirname, '../support/faulty-server.ts');

/** Artillery runs as many worker threads as there are CPUs, less one. */
const THREE_CPUS = `
import os from 'node:os';
import { syncBuiltinESMExports } from 'node:module';
const [cpu] = os.cpus();
os.cpus = () => [cpu, cpu, cpu];
syncBuiltinESMExports();
`;

/** Runs a flow against the server with every fault, in two worker threads; resolves to what Artillery left. */
async function runFlow(flow: unknown[], phases: object[], plugins: object = { sockbench: { out: 'out' } }) {
  const cwd = temporaryFolder();
  const port = await freePort();
  const script = join(cwd, 'script.json');
  const config = {
    target: `ws://127.0.0.1:${port}`,
    phases,
    engines: { sockbench: { drain: '1s' } },
    plugins,
  };
  writeFileSync(script, JSON.stringify({ config, scenarios: [{ name: 'all', engine: 'sockbench', flow }] }));
  writeFileSync(join(cwd, 'cpus.mjs'), THREE_CPUS);
  const server = watch(spawn(process.execPath, [FAULTY, String(port), 'mixed']));
  await server.said('faulty server');
  const env = {
    ...process.env,
    ARTILLERY_DISABLE_TELEMETRY: '1',
    NODE_OPTIONS: `--import ${pathToFileURL(join(cwd, 'cpus.mjs'))}`,
    NODE_PATH: [ARTILLERY_PACKAGE, process.env['NODE_PATH'] ?? ''].join(delimiter),
  };
  const ended = await watch(spawn(process.execPath, [ARTILLERY, 'run', script], { cwd, env })).ended;
  server.child.kill();
  await server.ended;
  return { cwd, ...ended };
}

describe('the engine sockbench inside Artillery', ARTILLERY_TEST, () => {
  it.concurrent('accounts for every delivery of a faulty server over two worker threads, and prints it', async () => {
    const [users, messages] = [10, 200];
    const run = await runFlow(
      [{ rendezvous: users }, { publish: { rate: '100/s', for: '2s', warmup: '500ms', users: 1 } }, 'stay'],
      [{ duration: 2, arrivalRate: users / 2 }],
      { sockbench: { out: 'out', print: true, thresholds: ['lost == 0'] } },
    );
    const result = storedResult(join(run.cwd, 'out'), run);
    const lost = countFaulted('drop', messages, users);
    expect(result.ledger).toMatchObject({
      expected: users * messages,
      delivered: users * messages - lost,
      lost,
      duplicated: countFaulted('duplicate', messages, users),
      unexpected: 0,
      unknown: 0,
    });
    expect(result.rate).toMatchObject({ intended: messages, sent: messages });
    expect(result.clients).toMatchObject({ planned: users, connected: users });
    expect(result.series['delivery']?.count).toBe(users * messages - lost);
    expect(result.series['fanout_last']?.count).toBe(messages);
    expect(result.telemetry.workers).toHaveLength(2);
    expect(result.notes.map(({ code }) => code)).toContain('inside_artillery');
    // A busy machine may make the run invalid, which comes before a threshold that failed.
    expect([3, 99]).toContain(run.code);
    expect(run.stdout).toContain('sockbench.delivered:');
    const log = join(run.cwd, 'log.txt');
    writeFileSync(log, run.stdout);
    const again = await sockbench('report', log, '--format', 'json');
    expect(JSON.parse(again.stdout)).toMatchObject({ ledger: JSON.parse(JSON.stringify(result.ledger)) });
  });

  it.concurrent('refuses a step that does not exist before anything starts', async () => {
    const { code, stdout, stderr } = await runFlow([{ publsh: {} }], [{ duration: 1, arrivalRate: 1 }]);
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringContaining('scenario "all", step 1: there is no step "publsh"'),
    });
    expect(stdout).not.toContain('Phase started');
  });
});
