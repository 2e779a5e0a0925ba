import { rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { broadcastLatency } from '../../scenarios/broadcast-latency.ts';
import { readPayloadFiles } from '../../src/plan/payload-files.ts';
import { contentsOf, parsePayload } from '../../src/plan/payload-plan.ts';
import { parsePayloadSizes } from '../../src/plan/payload-sizes.ts';
import { planOn, targetWith } from '../support/plan.ts';
import { writeFiles } from '../support/user-files.ts';
import { thrownBy } from '../thrown.ts';

const planWith = (given: Readonly<Record<string, string>>) => planOn(targetWith(), broadcastLatency, given);

describe('--payload', () => {
  it.each([
    ['64B', 64],
    ['1.5KiB', 1536],
    ['a.json', { path: 'a.json' }],
    ['./messages', { path: './messages' }],
    ['/tmp/2024', { path: '/tmp/2024' }],
  ])('%s is read', (text, expected) => {
    expect(parsePayload(text)).toEqual(expected);
  });

  it.each(['64', 'messages', '0B', '65MiB', '-1B'])('%s is refused', (text) => {
    expect(thrownBy(() => parsePayload(text))).toMatchObject({ exitCode: 2 });
  });

  it('of a folder is its files by name, without folders and hidden files', () => {
    const folder = writeFiles({ 'b.json': '{}', 'a.txt': 'hi', '.hidden': 'x', 'c/d.json': '{}' });
    expect(readPayloadFiles(folder).map(({ name }) => name)).toEqual(['a.txt', 'b.json']);
  });

  it.each<[string, Record<string, string | Uint8Array>, string]>([
    ['an empty folder', { 'x/y': '' }, 'has no files'],
    ['an empty file', { 'a.json': '' }, 'is empty'],
    ['broken JSON', { 'a.json': '{"a":' }, 'is not valid JSON'],
    ['a number', { 'a.json': '42' }, 'has no room for the stamp'],
    ['two places', { 'a.txt': '{{stamp}} {{stamp}}' }, 'has {{stamp}} more than once'],
    ['a place in a name', { 'a.json': '{"{{stamp}}":1}' }, 'has {{stamp}} in the name of a field'],
    ['bytes', { 'a.dat': Uint8Array.of(255, 254) }, 'is not UTF-8 text'],
  ])('of %s is refused before anything starts', (_, files, problem) => {
    const folder = writeFiles(files);
    expect(thrownBy(() => planWith({ payload: `${folder}/` }))).toMatchObject({
      code: 'BAD_PAYLOAD_FILE',
      exitCode: 2,
      message: expect.stringContaining(problem),
    });
  });

  it('of files that are missing or devices is refused', () => {
    const folder = writeFiles({ 'a.json': '{}' });
    symlinkSync('/dev/zero', join(folder, 'b'));
    for (const path of [folder, join(folder, 'none.json')])
      expect(thrownBy(() => readPayloadFiles(path))).toMatchObject({ code: 'BAD_PAYLOAD_FILE' });
  });

  it('of bytes is a binary payload', () => {
    const folder = writeFiles({ 'a.dat': Uint8Array.of(255, 254) });
    expect(planWith({ payload: join(folder, 'a.dat'), payloadType: 'binary' })).toMatchObject({
      payloadBytes: 38,
      payload: { kind: 'files', fileCount: 1, p50Bytes: 2, largestBytes: 2 },
    });
  });

  it('of files that change after the run was planned is refused', () => {
    const folder = writeFiles({ 'a.json': '{"a":1}' });
    const plan = planWith({ payload: `${folder}/` });
    expect(contentsOf(plan).of({ stream: 0, seq: 0, measured: true }).kind).toBe('file');
    writeFileSync(join(folder, 'a.json'), '{"a":2}');
    expect(thrownBy(() => contentsOf(plan))).toMatchObject({
      message: expect.stringContaining('has changed'),
    });
    rmSync(folder, { recursive: true });
  });
});

describe('--payload-sizes', () => {
  it('are percentiles in any order, and limits', () => {
    expect(parsePayloadSizes('p99.9=8KiB, p50=200B max=1MiB min=64B')).toEqual({
      percentiles: [
        { percent: 50, bytes: 200 },
        { percent: 99.9, bytes: 8192 },
      ],
      minBytes: 64,
      maxBytes: 1024 ** 2,
    });
  });

  it.each([
    'p50=8KiB p99=200B',
    'p50=8KiB',
    'min=1KiB max=2KiB',
    'p50=1KiB max=200B',
    'min=1KiB p50=200B',
    'p0=100B p50=200B',
    'p100=1KiB p50=200B',
    'p50=200B p50=300B',
    'p50=200',
    'p50=200B p99=65MiB',
    'median=200B',
    '',
  ])('%j is refused', (text) => {
    expect(thrownBy(() => parsePayloadSizes(text))).toMatchObject({
      code: expect.stringMatching(/^BAD_/),
      exitCode: 2,
    });
  });

  it('that have no room for a stamp are refused', () => {
    const payloadSizes = 'p50=40B p99=100B';
    expect(thrownBy(() => planWith({ payloadSizes }))).toMatchObject({ code: 'PAYLOAD_TOO_SMALL' });
    expect(planWith({ payloadSizes, payloadType: 'binary' }).payloadBytes).toBe(100);
  });

  it('contradict --payload', () => {
    const both = { payload: '64B', payloadSizes: 'p50=100B p99=1KiB' };
    expect(thrownBy(() => planWith(both))).toMatchObject({ code: 'PAYLOAD_AND_SIZES' });
  });

  it('say how large payloads are and how well they compress', () => {
    const { payload, payloadBytes } = planWith({ payloadSizes: 'p50=200B p99=8KiB' });
    expect(payload).toMatchObject({ kind: 'sizes', p50Bytes: 200, p99Bytes: 8192, largestBytes: 8192 });
    expect(payloadBytes).toBe(8192);
    // Text of applications deflates to a third or a half, and a padding of one letter to a hundredth.
    expect(payload?.deflatedShare).toBeGreaterThan(0.2);
    expect(payload?.deflatedShare).toBeLessThan(0.6);
  });
});
