import { describe, expect, it } from 'vitest';
import { changeConnection } from '../../src/generator/own-connection.ts';

const GIVEN = {
  url: 'ws://127.0.0.1:3000/chat?version=2',
  transport: 'websocket',
  timeoutMs: 500,
  namespace: '/all',
  headers: { origin: 'http://a', cookie: 'b=1' },
  query: { version: '2' },
} as const;

describe('what an iteration changes about its connection', () => {
  it('is nothing unless given', () => {
    expect(changeConnection(GIVEN, {}, null)).toEqual(GIVEN);
  });

  it('replaces the namespace, and is added to auth, headers and query', () => {
    const change = {
      namespace: '/admin',
      auth: { token: 'x' },
      headers: { cookie: 'b=2' },
      query: { user: 'ann' },
    };
    expect(changeConnection(GIVEN, change, null)).toEqual({
      ...GIVEN,
      namespace: '/admin',
      auth: { token: 'x' },
      headers: { origin: 'http://a', cookie: 'b=2' },
      query: { version: '2', user: 'ann' },
    });
  });

  it.each([
    ['/room/7', 'ws://127.0.0.1:3000/room/7'],
    ['?version=3', 'ws://127.0.0.1:3000/chat?version=3'],
    ['ws://localhost:4000/', 'ws://localhost:4000/'],
  ])('resolves the URL %s against that of the target', (url, resolved) => {
    expect(changeConnection(GIVEN, { url }, null).url).toBe(resolved);
  });

  it('needs permission for another host', () => {
    const change = { url: 'ws://example.org/' };
    expect(() => changeConnection(GIVEN, change, null)).toThrow('example.org is not this machine');
    expect(changeConnection(GIVEN, change, 'example.org').url).toBe('ws://example.org/');
  });
});
