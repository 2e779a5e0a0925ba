import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSource } from '../../src/cli/plan-run.ts';
import { writeFiles } from '../support/user-files.ts';
import { thrownBy } from '../thrown.ts';

describe('the source of plans', () => {
  it('reads every file once, however many plans are made from it', async () => {
    const folder = writeFiles({
      'target.ts': `export default { url: 'ws://127.0.0.1:1', clients: './clients.csv', request: () => ({ event: 'ask' }) };`,
      'clients.csv': 'user\nann\nbob\n',
      'config.ts': `export default { clients: 2, scenarios: { 'ack-roundtrip': { rate: '7/s' } } };`,
    });
    const flags = { target: join(folder, 'target.ts'), config: join(folder, 'config.ts') };
    const { planWith } = await readSource('ack-roundtrip', flags);
    rmSync(folder, { recursive: true });

    expect(planWith().plan).toMatchObject({ clients: 2, profile: [{ fromHz: 7 }], durationMs: 10_000 });
    const { plan, layout } = planWith({ clients: '1', rate: '9/s', duration: '3s' });
    expect(plan).toMatchObject({ clients: 1, profile: [{ fromHz: 9 }], durationMs: 3000 });
    expect(layout.rooms).toHaveLength(1);
    expect(thrownBy(() => planWith({ clients: '3' }))).toMatchObject({ code: 'BAD_CLIENTS_FILE' });
  });

  it('puts the permitted remote host into the plan, for every process that sends requests', async () => {
    const remote = { target: 'http://staging.example:3000' };
    const { planWith } = await readSource('ack-roundtrip', { ...remote, allowRemote: 'staging.example' });
    expect(planWith().plan.target.allowRemote).toBe('staging.example');
    const refused = await readSource('ack-roundtrip', { ...remote, allowRemote: 'www.example' });
    expect(thrownBy(() => refused.planWith())).toMatchObject({ code: 'REMOTE_TARGET' });
  });

  it('takes the first transport of a server that does not support the default one', async () => {
    const { planWith } = await readSource('broadcast-latency', { target: 'http-polling' });
    expect(planWith().plan).toMatchObject({ transport: 'short-polling', settings: { pollInterval: null } });
  });

  it('names the scenario that requires a transport which the target does not support', async () => {
    const { planWith } = await readSource('upgrade', { target: 'http://127.0.0.1:1', parser: 'msgpack' });
    expect(planWith().plan.transport).toBe('upgrade');
    const ws = await readSource('upgrade', { target: 'ws://127.0.0.1:1' });
    expect(thrownBy(() => ws.planWith())).toMatchObject({
      code: 'BAD_TRANSPORT',
      message: expect.stringMatching(/^the scenario upgrade requires --transport upgrade, and the driver /),
      hint: 'Choose another --target; sockbench list shows the transports of each.',
    });
  });
});
