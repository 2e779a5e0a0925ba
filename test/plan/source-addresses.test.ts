import { describe, expect, it } from 'vitest';
import { loopbackAddresses, parseSourceAddresses } from '../../src/plan/source-addresses.ts';
import { thrownBy } from '../thrown.ts';

describe('source addresses', () => {
  it.each([
    ['10.0.0.5', ['10.0.0.5']],
    ['::1', ['::1']],
    ['10.0.0.5, 10.0.0.6', ['10.0.0.5', '10.0.0.6']],
    ['127.0.0.254-127.0.1.1', ['127.0.0.254', '127.0.0.255', '127.0.1.0', '127.0.1.1']],
    ['255.255.255.254-255.255.255.255', ['255.255.255.254', '255.255.255.255']],
    // An address that is named twice serves once.
    ['10.0.0.5,10.0.0.4-10.0.0.5', ['10.0.0.5', '10.0.0.4']],
  ])('%s are read', (text, addresses) => {
    expect(parseSourceAddresses(text)).toEqual(addresses);
  });

  it.each([
    '',
    ',',
    'localhost',
    '10.0.0',
    '10.0.0.256',
    '10.0.0.5-',
    '10.0.0.6-10.0.0.5',
    '1.1.1.1-1.1.1.2-1.1.1.3',
    '::1-::2',
    '10.0.0.0/24',
  ])('%j are refused', (text) => {
    expect(thrownBy(() => parseSourceAddresses(text))).toMatchObject({
      code: 'BAD_OPTION',
      message: expect.stringContaining('is neither an IP address nor a range of IPv4 addresses'),
    });
  });

  it('are 256 at most', () => {
    expect(parseSourceAddresses('10.0.0.0-10.0.0.255')).toHaveLength(256);
    expect(thrownBy(() => parseSourceAddresses('0.0.0.0-255.255.255.255'))).toMatchObject({
      code: 'BAD_OPTION',
      hint: 'The maximum is 256.',
    });
  });

  it('on loopback begin at 127.0.0.1', () => {
    expect(loopbackAddresses(3)).toEqual(['127.0.0.1', '127.0.0.2', '127.0.0.3']);
    expect(loopbackAddresses(257).at(-1)).toBe('127.0.1.1');
  });
});
