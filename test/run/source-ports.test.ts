import { describe, expect, it } from 'vitest';
import { chooseSourceAddresses, portsPerAddress, requireOwnAddresses } from '../../src/run/source-ports.ts';
import { thrownBy } from '../thrown.ts';

const PORTS = 1000;
const choose = (clients: number, url: string, sourceAddresses: string[] = [], transport = 'websocket') =>
  chooseSourceAddresses(
    { sourceAddresses, transport: transport as 'websocket', populations: [] },
    clients,
    new URL(url),
    PORTS,
  );

describe('the addresses that clients connect from', () => {
  it('are left to the system while the ports of one suffice', () => {
    expect(choose(900, 'ws://127.0.0.1:80')).toEqual([]);
    expect(choose(900, 'ws://10.0.0.5:80')).toEqual([]);
  });

  it.runIf(process.platform === 'linux')('are as many loopback addresses as the ports need', () => {
    expect(choose(901, 'ws://127.0.0.1:80')).toEqual(['127.0.0.1', '127.0.0.2']);
    expect(choose(2701, 'ws://localhost:80')).toHaveLength(4);
    // Polling uses two connections for each client.
    expect(choose(451, 'http://127.0.0.1:80', [], 'polling')).toHaveLength(2);
  });

  it('are those that were given', () => {
    expect(choose(1, 'ws://10.0.0.5:80', ['10.0.0.1', '10.0.0.2'])).toEqual(['10.0.0.1', '10.0.0.2']);
  });

  it.each([
    ['ws://10.0.0.5:80', [], 'one address of this machine has 1,000 ports', 750],
    // There is one loopback address of IPv6.
    ['ws://[::1]:80', [], 'one address of this machine has 1,000 ports', 750],
    ['ws://127.0.0.1:80', ['127.0.0.2', '127.0.0.3'], 'the 2 given addresses have 1,000 ports each', 1500],
  ])('are too few for 3,000 clients of %s', (url, given, has, most) => {
    expect(thrownBy(() => choose(3000, url, given))).toMatchObject({
      code: 'PORTS_SHORT',
      message: expect.stringContaining(`need 4 source addresses: ${has}`),
      hint: `Give 4 addresses of this machine by --source-addresses, or use at most --clients ${most}.`,
    });
  });

  it('have thousands of ports each on this machine', () => {
    expect(portsPerAddress()).toBeGreaterThan(0);
    expect(portsPerAddress()).toBeLessThan(65_536);
  });
});

describe('given addresses', () => {
  const url = new URL('ws://127.0.0.1:80');

  it('of this machine are accepted', async () => {
    await expect(requireOwnAddresses(['127.0.0.1'], url)).resolves.toBeUndefined();
    await expect(requireOwnAddresses([], url)).resolves.toBeUndefined();
  });

  it('of other machines are refused before the run', async () => {
    // Reserved for documentation (RFC 5737), so that no machine has it.
    await expect(requireOwnAddresses(['127.0.0.1', '192.0.2.1'], url)).rejects.toMatchObject({
      code: 'BAD_SOURCE_ADDRESS',
      message: expect.stringMatching(
        /192\.0\.2\.1 is not an address of this machine \(bind E\w+ 192\.0\.2\.1\)/,
      ),
    });
  });

  it('of another family than the server have no way to it', async () => {
    await expect(requireOwnAddresses(['::1'], url)).rejects.toMatchObject({
      message: '--source-addresses: ::1 is an address of IPv6, and 127.0.0.1 is not',
    });
  });
});
