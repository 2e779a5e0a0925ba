import { expect, it } from 'vitest';
import { diagnoseAnswer } from '../../../src/run/diagnose/answers.ts';

const URL = { url: 'ws://127.0.0.1:1', transport: 'websocket', timeoutMs: 1 } as const;
const look = { kind: 'answer', status: 401, location: '' } as const;
const refused = { protocol: 'ws', clients: 1, reason: '', leftMs: 1 } as const;

it.each([
  ['text/plain', 'invalid token', ': "invalid token"'],
  ['application/json', '{"error":"no"}', ': "{\\"error\\":\\"no\\"}"'],
  ['text/html', '<h1>no</h1>', ''],
  ['', '', ''],
])('a client that is refused is shown what the server says as %s', (contentType, body, said) => {
  const found = `it requires authentication (401 Unauthorized)${said}`;
  expect(diagnoseAnswer({ ...look, contentType, body }, { ...refused, connect: URL })).toEqual({
    found,
    hint: expect.stringMatching(/^In a target file, give the auth, headers or query/),
  });
});

it('a client that is refused with its credentials has to check them', () => {
  const connect = { ...URL, headers: { authorization: 'Bearer x' }, query: {} };
  expect(diagnoseAnswer({ ...look, contentType: '', body: '' }, { ...refused, connect })?.hint).toMatch(
    /^The target gives headers: check the values/,
  );
});
