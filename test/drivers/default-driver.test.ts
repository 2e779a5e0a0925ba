import { expect, it } from 'vitest';
import { PROTOCOLS, TRANSPORTS } from '../../src/contract/target.ts';
import { drivers } from '../../src/drivers/index.ts';
import { defaultDriver } from '../../src/plan/plan.ts';

const PAIRS = PROTOCOLS.flatMap((protocol) => TRANSPORTS.map((transport) => [protocol, transport] as const));
const nameOf = (protocol: string, transport: string) =>
  drivers
    .filter((driver) => driver.protocol === protocol && driver.transports.some((name) => name === transport))
    .map(({ name }) => name);

it.each(PAIRS.filter(([protocol, transport]) => nameOf(protocol, transport).includes('wire')))(
  'is wire for %s over %s, which it speaks',
  (protocol, transport) => expect(defaultDriver(protocol, transport)).toBe('wire'),
);

it.each(PAIRS.filter(([protocol, transport]) => nameOf(protocol, transport).join() === 'official'))(
  'is official for %s over %s, which wire does not speak',
  (protocol, transport) => expect(defaultDriver(protocol, transport)).toBe('official'),
);
