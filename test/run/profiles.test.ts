import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ackRoundtrip } from '../../scenarios/ack-roundtrip.ts';
import { parseCpuProfile } from '../../src/run/cpu-profile.ts';
import { takeProfiles } from '../../src/run/profiles.ts';
import type { RawProfile } from '../../src/run/server/profiles.ts';
import { planFake } from '../support/fake-run.ts';
import { temporaryFolder } from '../support/sockbench.ts';

const STARTED_AT = new Date('2026-03-04T05:06:07.891Z');
/** A second of one function, of which samples were taken every 100 ms. */
const TEXT = JSON.stringify({
  nodes: [
    {
      id: 1,
      callFrame: { functionName: 'work', scriptId: '1', url: '', lineNumber: -1, columnNumber: -1 },
    },
  ],
  startTime: 0,
  endTime: 1e6,
  samples: Array(10).fill(1),
  timeDeltas: Array(10).fill(1e5),
});

/** Takes what the probes of a server left, of a run that measured 0.5 s from 2.4 s on. */
function take(raw: readonly RawProfile[], out: string, profile = 'true') {
  const { plan } = planFake(ackRoundtrip, { profile });
  const server = { telemetry: { takeProfiles: async () => raw } };
  return takeProfiles({ plan, server, collector: { measureStartNs: 2.4e9 } }, 500, out, STARTED_AT);
}

describe('the profiles of a run', () => {
  it('are cut to the measured time and written beside the result', async () => {
    const out = temporaryFolder();
    const { profiles, findings } = await take([{ pid: 7, startNs: 2e9, text: TEXT }], out);
    expect(findings.map(({ code }) => code)).toEqual(['profiled']);
    const file = 'profiles/ack-roundtrip-made-up-2026-03-04T05-06-07.891Z-7.cpuprofile';
    expect(profiles?.[0]).toMatchObject({ pid: 7, file, intervalUs: 1000, sampledMs: 500 });
    expect(parseCpuProfile(readFileSync(join(out, file), 'utf8'))).toMatchObject({
      startTime: 4e5,
      endTime: 9e5,
    });
  });

  it('of a server without the probe are none, and the run says so', async () => {
    expect(await take([], temporaryFolder())).toEqual({
      profiles: [],
      findings: [
        {
          code: 'not_profiled',
          message:
            'no CPU profile was written: no process of the server loaded the probe, which needs Node.js 22.18 or later',
        },
      ],
    });
  });

  it.each<[what: string, raw: RawProfile, message: string]>([
    ['ended', { pid: 7, problem: 'the process ended or did not answer' }, 'process 7: the process ended'],
    ['wrote something else', { pid: 7, startNs: 0, text: '<html>' }, 'process 7: what the probe wrote is no'],
  ])('lack that of a process that %s', async (_, raw, message) => {
    const { profiles, findings } = await take([raw, { pid: 8, startNs: 2e9, text: TEXT }], temporaryFolder());
    expect(profiles?.map(({ pid }) => pid)).toEqual([8]);
    expect(findings.map(({ code }) => code)).toEqual(['profiled', 'not_profiled']);
    expect(findings[1]?.message).toContain(message);
  });

  it('keep their functions where their files cannot be written', async () => {
    const out = temporaryFolder();
    writeFileSync(join(out, 'profiles'), 'a file in the place of the folder');
    const { profiles, findings } = await take([{ pid: 7, startNs: 2e9, text: TEXT }], out);
    expect(profiles?.[0]).toMatchObject({ file: null, functions: [{ name: 'work' }] });
    expect(findings.map(({ code }) => code)).toEqual(['profiled', 'not_profiled']);
    expect(readdirSync(out)).toEqual(['profiles']);
  });

  it('are not asked for without --profile', async () => {
    expect(await take([{ pid: 7, startNs: 2e9, text: TEXT }], '/nowhere', 'false')).toEqual({
      profiles: null,
      findings: [],
    });
  });
});
