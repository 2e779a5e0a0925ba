import { describe, expect, it } from 'vitest';
import { createPayloads, type PayloadCheck } from '../../src/measure/payload.ts';
import { drawnSizes, filesInTurn, type SentFile } from '../../src/measure/payload-contents.ts';
import type { PayloadType, Stamp } from '../../src/measure/stamp.ts';
import { payloadFile } from '../../src/plan/payload-files.ts';
import { parsePayloadSizes, sizeAtQuantile } from '../../src/plan/payload-sizes.ts';

const sample: Stamp = { stream: 0, seq: 0, intendedNs: 5e12, actualNs: 5e12 + 36, measured: true };
const FILES: Readonly<Record<string, string>> = {
  'object.json': '{ "user": "ann", "text": "says \\"hi\\" in Z\u00fcrich" }\n',
  'empty.json': '{}',
  'list.json': '[{ "x": null }, 2]',
  'string.json': '"hello"',
  'placed.json': '{ "body": { "text": "{{stamp}} and more", "n": [1, 2.5] } }',
  'text.txt': 'plain text "with quotes"\nand lines',
  'placed.txt': 'before {{stamp}} after',
};

function open(file: SentFile, check: PayloadCheck = 'content') {
  return createPayloads({ key: 7, contents: filesInTurn([file]), check });
}

const fileOf = (name: string, text = FILES[name] ?? '') => payloadFile(name, Buffer.from(text));

describe('a text payload of a file', () => {
  it.each(Object.keys(FILES).filter((name) => name.endsWith('.json')))(
    'of %s is JSON with the stamp in it',
    (name) => {
      const { write, search, read } = open(fileOf(name));
      const text = write(sample, 'text') as string;
      const [stamp = ''] = /sbm[\w,]*,/.exec(text) ?? [];
      const original: unknown = JSON.parse((FILES[name] ?? '').replace('{{stamp}}', stamp));
      const value: unknown = JSON.parse(text);
      if (name.startsWith('placed')) expect(value).toEqual(original);
      else if (Array.isArray(original)) expect(value).toEqual([stamp, ...original]);
      else if (typeof original === 'string') expect(value).toBe(stamp + original);
      else expect(value).toEqual({ _sb: stamp, ...Object(original) });
      const intact = { stamp: sample, state: 'intact' };
      expect([read(text), search(text), search({ text }), read(value), search([value])]).toEqual(
        Array.from({ length: 5 }, () => intact),
      );
      expect(search(JSON.stringify({ text }))).toEqual(intact);
      expect(search(Buffer.from(`header ${text}`))).toEqual(intact);
    },
  );

  it.each([
    ['a changed value', (value: object) => ({ ...value, text: 'says "ho" in Z\u00fcrich' }), 'corrupted'],
    ['a field less', ({ user: _, ...rest }: { user?: string }) => rest, 'corrupted'],
    ['a field more', (value: object) => ({ id: 7, ...value, at: 1 }), 'intact'],
    [
      'fields in another order',
      (value: object) => Object.fromEntries(Object.entries(value).toReversed()),
      'intact',
    ],
  ] as const)('is, with %s of its value, %s', (_, change, state) => {
    for (const check of ['length', 'content'] as const) {
      const { write, search } = open(fileOf('object.json'), check);
      expect(search({ message: change(JSON.parse(write(sample, 'text') as string)) })?.state).toBe(state);
    }
  });

  it.each(Object.keys(FILES))('of %s is corrupted when its text is cut or changed', (name) => {
    const { write, read } = open(fileOf(name));
    const text = write(sample, 'text') as string;
    if (text.endsWith(',')) return;
    expect(read(text.slice(0, -1))?.state).toBe('corrupted');
    expect(read(`${text}x`)?.state).toBe('corrupted');
    expect(read(`${text.slice(0, -2)}##`)?.state).toBe('corrupted');
    expect(open(fileOf(name), 'length').read(text.slice(0, -1))?.state).toBe('corrupted');
  });

  it('of another file than the one in turn is corrupted', () => {
    const files = [fileOf('object.json'), fileOf('text.txt')] as const;
    const { write, read } = createPayloads({ key: 7, contents: filesInTurn(files), check: 'length' });
    const swapped = createPayloads({ key: 7, contents: filesInTurn([files[1]]), check: 'length' });
    expect(read(write(sample, 'text'))?.state).toBe('intact');
    expect(read(swapped.write(sample, 'text'))?.state).toBe('corrupted');
  });
});

it('a binary payload of a file is 36 bytes of stamp and the file', () => {
  const bytes = Buffer.from([0, 255, 254, 91, 1, 0, 0]);
  const file = payloadFile('any.bin', bytes);
  expect(file.forms).toBeNull();
  for (const check of ['length', 'content'] as const) {
    const { write, read, search } = open(file, check);
    const payload = write(sample, 'binary') as Buffer;
    expect(payload.subarray(36)).toEqual(bytes);
    expect([read(payload)?.state, search(Buffer.concat([bytes, payload]))?.state]).toEqual([
      'intact',
      'intact',
    ]);
    expect(read(payload.subarray(0, -1))?.state).toBe('corrupted');
  }
});

describe('sizes of a distribution', () => {
  const sizes = (text: string, seed = 1) => drawnSizes(sizeAtQuantile(parsePayloadSizes(text), 48), seed);
  const lengths = (contents: ReturnType<typeof sizes>, type: PayloadType = 'text') => {
    const { write } = createPayloads({ key: 7, contents, check: 'length' });
    return Array.from({ length: 4000 }, (_, seq) => write({ ...sample, stream: seq % 3, seq }, type).length);
  };
  const at = (sorted: readonly number[], share: number) => sorted[Math.floor(share * sorted.length)] ?? 0;

  it('have the percentiles that were asked for', () => {
    const sorted = lengths(sizes('p50=200B p90=1KiB p99=8KiB max=64KiB')).toSorted((a, b) => a - b);
    expect(at(sorted, 0.5)).toBeGreaterThan(180);
    expect(at(sorted, 0.5)).toBeLessThan(220);
    expect(at(sorted, 0.9) / 1024).toBeCloseTo(1, 0);
    expect(at(sorted, 0.99) / 8192).toBeCloseTo(1, 0);
    expect(sorted.at(0)).toBeGreaterThanOrEqual(48);
    expect(sorted.at(-1)).toBeLessThanOrEqual(65_536);
    expect(sorted.at(-1)).toBeGreaterThan(16_384);
  });

  it('are those of the highest percentile beyond it, unless there is a maximum', () => {
    expect(Math.max(...lengths(sizes('p50=200B p99=8KiB')))).toBe(8192);
  });

  it('depend on the seed and the message alone', () => {
    const [one, same, other] = [
      sizes('p50=200B p99=8KiB'),
      sizes('p99=8KiB,p50=200B'),
      sizes('p50=200B p99=8KiB', 2),
    ];
    const drawn = lengths(one);
    expect(drawn).toEqual(lengths(same));
    expect(drawn).not.toEqual(lengths(other));
    expect(lengths(one, 'binary')).toEqual(drawn.map((length) => Math.max(36, length)));
  });

  it('are read as they were written, and corrupted in another length', () => {
    const { write, read } = createPayloads({ key: 7, contents: sizes('p50=200B p99=8KiB'), check: 'length' });
    for (let seq = 0; seq < 50; seq++) {
      const payload = write({ ...sample, seq }, 'text') as string;
      expect([read(payload)?.state, read(`${payload}a`)?.state]).toEqual(['intact', 'corrupted']);
    }
  });
});
