import { lookup } from 'node:dns/promises';
import { parse as parseAsEngineIo } from 'engine.io-client';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressText, parseAddress, requireAllowedHost, resolveName } from '../../src/contract/address.ts';
import { thrownBy } from '../thrown.ts';

describe('the host of a target', () => {
  const allowed = (url: string, allowRemote: string | null = null) =>
    requireAllowedHost(new URL(url), allowRemote);

  it.each([
    'http://127.0.0.1:3000',
    'http://127.9.9.9',
    'ws://localhost:3000/path',
    'ws://LOCALHOST',
    'http://[::1]:3000',
    'https://[0:0:0:0:0:0:0:1]',
    // The URL standard reads these as 127.0.0.1.
    'http://127.1',
    'http://0x7f000001',
    'http://2130706433',
    'http://[::ffff:127.0.0.1]',
    'redis://127.0.0.1:6379',
  ])('needs no permission on this machine: %s', (url) => {
    expect(() => allowed(url)).not.toThrow();
  });

  it.each([
    ['http://example.com', 'example.com'],
    ['ws://192.168.1.10:3000', '192.168.1.10'],
    ['http://127.0.0.1.evil.com', '127.0.0.1.evil.com'],
    ['http://localhost.evil.com', 'localhost.evil.com'],
    ['http://evil.com/127.0.0.1', 'evil.com'],
    ['http://127.0.0.1@evil.com', 'evil.com'],
    ['http://localhost:80@evil.com', 'evil.com'],
    ['http://128.0.0.1', '128.0.0.1'],
    ['http://0.0.0.0', '0.0.0.0'],
    ['http://[2001:db8::1]', '[2001:db8::1]', "'[2001:db8::1]'"],
    ['http://[::ffff:10.0.0.1]', '[::ffff:a00:1]', "'[::ffff:a00:1]'"],
    ['http://[::]', '[::]', "'[::]'"],
    ['http://notlocalhost', 'notlocalhost'],
    ['http://localhost.', 'localhost.'],
    ['http://0x0a.1', '10.0.0.1'],
    ['http://167772161', '10.0.0.1'],
    ['http://012.0.0.1', '10.0.0.1'],
    ['http://\uff11\uff10.0.0.1', '10.0.0.1'],
    ['redis://0x7f.1', '0x7f.1'],
    ['redis://LOCALHOST', 'LOCALHOST'],
    ['http://a;reboot', 'a;reboot', "'a;reboot'"],
  ])('is refused on another machine: %s', (url, host, word = host) => {
    expect(thrownBy(() => allowed(url))).toMatchObject({
      code: 'REMOTE_TARGET',
      message: `${host} is not this machine; load on a machine without the consent of its owner is an attack`,
      hint: `If the owner agrees, add --allow-remote ${word}.`,
      exitCode: 2,
    });
  });

  it('is accepted when --allow-remote names it, and only then', () => {
    expect(() => allowed('http://staging.example.com:8080', 'staging.example.com')).not.toThrow();
    expect(thrownBy(() => allowed('http://www.example.com', 'staging.example.com')).code).toBe(
      'REMOTE_TARGET',
    );
    expect(thrownBy(() => allowed('http://staging.example.com.evil.com', 'staging.example.com')).code).toBe(
      'REMOTE_TARGET',
    );
  });
});

/** The host and port to which socket.io-client connects. */
function engineIoTarget(text: string): string {
  const { protocol, host, port } = parseAsEngineIo(text) as unknown as Readonly<Record<string, string>>;
  return `${host} ${port || (protocol === 'https' || protocol === 'wss' ? 443 : 80)}`;
}

/** The host and port that were checked. */
function checkedTarget({ protocol, hostname, port }: URL): string {
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  return `${host} ${port || (protocol === 'https:' || protocol === 'wss:' ? 443 : 80)}`;
}

describe('the address that is handed on', () => {
  const host = fc.constantFrom(
    '127.0.0.1',
    'localhost',
    '[::1]',
    '10.0.0.1',
    'example.org',
    '0x7f.1',
    'b\u00fccher.example',
  );
  const odd = fc.constantFrom(
    '@',
    ':',
    '/',
    '\\',
    '#',
    '?',
    '[',
    ']',
    '%5b',
    '..',
    ';',
    '&',
    '=',
    ' ',
    '\t',
    '10.0.0.1',
    'http://',
  );
  const tail = fc.array(fc.oneof(odd, host, fc.string({ maxLength: 4 }))).map((parts) => parts.join(''));
  const user = fc.oneof(
    { weight: 3, arbitrary: fc.constant('') },
    tail.map((text) => `${text}@`),
    tail,
  );
  const path = fc.oneof(
    tail.map((text) => `/${text}`),
    tail,
  );
  const text = fc
    .tuple(
      fc.constantFrom('http', 'https', 'ws', 'WSS'),
      user,
      host,
      fc.constantFrom('', ':3000', ':80', ':443'),
      path,
    )
    .map(([scheme, before, name, port, after]) => `${scheme}://${before}${name}${port}${after}`);

  it('leads every parser to the host and port that were checked', () => {
    let accepted = 0;
    fc.assert(
      fc.property(text, (given) => {
        const url = parseAddress(given);
        if (url === null || !/^(https?|wss?):$/.test(url.protocol)) return;
        accepted += 1;
        const handedOn = addressText(url);
        expect(checkedTarget(new URL(handedOn))).toBe(checkedTarget(url));
        expect(engineIoTarget(handedOn)).toBe(checkedTarget(url));
      }),
      { numRuns: 300 },
    );
    expect(accepted).toBeGreaterThan(30);
  });

  it.each([
    ['http://127.0.0.1:3000', 'http://127.0.0.1:3000'],
    ['HTTP://LOCALHOST:80/chat?a=b', 'http://localhost/chat?a=b'],
    ['ws://[0:0:0:0:0:0:0:1]:3000/', 'ws://[::1]:3000'],
    ['http://0x7f.1/', 'http://127.0.0.1'],
    ['ws://user:p%40ss@127.0.0.1/x', 'ws://user:p%40ss@127.0.0.1/x'],
    ['http://127.10.0.12/[x]', 'http://127.10.0.12/%5Bx%5D'],
    ['redis://:secret@127.0.0.1:6379/2', 'redis://:secret@127.0.0.1:6379/2'],
  ])('of %s is %s', (given, expected) => {
    const url = parseAddress(given);
    expect(url).not.toBeNull();
    if (url !== null) expect(addressText(url)).toBe(expected);
  });

  it.each([
    'http://127.0.0.1\\@10.0.0.1:3000/',
    'http://127.0.0.1:3000\\..\\@10.0.0.1:3000',
    'http:\\\\10.0.0.1',
    'http://127.0.0.1\t@10.0.0.1/',
    'http://127.0.0.1\n.example.org/',
    ' http://127.0.0.1',
    'http://127.0.0.1\u0085/',
    'http://[::1%25eth0]/',
    '127.0.0.1:3000',
  ])('does not exist for %j', (given) => {
    expect(parseAddress(given)).toBeNull();
  });
});

describe('a name', () => {
  const resolved = (name: string, family: 0 | 4 | 6, all: boolean) =>
    new Promise((resolve, reject) => {
      resolveName(name, { family, all }, (error, ...found) =>
        error === null ? resolve(found) : reject(error),
      );
    });

  it('localhost is this machine, whatever the system says', async () => {
    const [v4, v6] = [
      { address: '127.0.0.1', family: 4 },
      { address: '::1', family: 6 },
    ];
    expect(await resolved('localhost', 0, true)).toEqual([[v4, v6]]);
    expect(await resolved('localhost', 6, true)).toEqual([[v6]]);
    expect(await resolved('localhost', 4, false)).toEqual(['127.0.0.1', 4]);
    expect(await resolved('localhost', 0, false)).toEqual(['127.0.0.1', 4]);
  });

  it('is resolved by the system otherwise', async () => {
    const { address, family } = await lookup('127.0.0.2');
    expect(await resolved('127.0.0.2', 0, false)).toEqual([address, family]);
  });
});
