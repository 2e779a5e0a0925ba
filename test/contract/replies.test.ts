import { describe, expect, it } from 'vitest';
import {
  type Rejected,
  reasonIn,
  rejectionIn,
  requireJsonRpcResult,
  requireNoError,
  requireOk,
} from '../../src/contract/replies.ts';

describe('a reply without a function of the target', () => {
  it.each<[reply: unknown, reason: string | null]>([
    [{ error: 'not logged in' }, 'not logged in'],
    [{ error: { code: 4, message: 'no such room' } }, 'no such room'],
    [{ error: true, message: 'too fast' }, 'too fast'],
    [{ errors: [{ message: 'first' }, { message: 'second' }] }, 'first'],
    [{ ok: false, reason: 'cool-down' }, 'cool-down'],
    [{ ok: false }, 'ok: false'],
    [{ success: false, code: 403 }, '403'],
    [['room', { error: 'full' }], 'full'],
    [{ ok: true, data: 1 }, null],
    [{ error: null }, null],
    [{ error: '', errors: [] }, null],
    [{ ok: 0 }, null],
    ['error', null],
    [undefined, null],
    [null, null],
    [5, null],
    [Buffer.from('error'), null],
  ])('%j is a rejection for the reason %j', (reply, reason) => {
    expect(rejectionIn(reply)).toBe(reason);
  });

  it('has a reason of any depth, and none where it refers to itself', () => {
    const circular: { error?: unknown } = {};
    circular.error = circular;
    expect(rejectionIn(circular)).toBe('error');
    expect(reasonIn({ message: { reason: [{ code: 7 }] } })).toBe('7');
  });
});

describe('ready checks', () => {
  const outcome = (given: Rejected | null) => given?.reason ?? null;

  it('accept, or say why not', () => {
    expect(outcome(requireOk({ ok: true, error: 'a warning' }))).toBeNull();
    expect(outcome(requireOk({}))).toBe('the reply has no ok: true');
    expect(outcome(requireOk({ ok: false, reason: 'full' }))).toBe('full');
    expect(outcome(requireNoError({ ok: false }))).toBeNull();
    expect(outcome(requireNoError({ error: 'full' }))).toBe('full');
    expect(outcome(requireJsonRpcResult({ jsonrpc: '2.0', id: 1, result: null }))).toBeNull();
    expect(outcome(requireJsonRpcResult({ error: { code: -32601, message: 'Method not found' } }))).toBe(
      '-32601 Method not found',
    );
    expect(outcome(requireJsonRpcResult('pong'))).toBe('the reply has no result of JSON-RPC');
  });
});
