import fc from 'fast-check';

/** Ways to damage bytes: some are replaced, a part comes twice, the end is missing. */
export const damaged = fc
  .record({
    replaced: fc.array(fc.record({ at: fc.nat(), byte: fc.nat(255) }), { maxLength: 4 }),
    repeated: fc.option(fc.record({ at: fc.nat(), length: fc.nat(30) }), { freq: 3 }),
    cut: fc.option(fc.nat(), { freq: 3 }),
  })
  .map(({ replaced, repeated, cut }) => (original: Buffer): Buffer => {
    const bytes = Buffer.from(original);
    if (bytes.length === 0) return bytes;
    for (const { at, byte } of replaced) bytes[at % bytes.length] = byte;
    const again = repeated === null ? 0 : repeated.at % bytes.length;
    const part = repeated === null ? Buffer.alloc(0) : bytes.subarray(again, again + repeated.length);
    const longer = Buffer.concat([bytes.subarray(0, again), part, bytes.subarray(again)]);
    return cut === null ? longer : longer.subarray(0, cut % longer.length);
  });
