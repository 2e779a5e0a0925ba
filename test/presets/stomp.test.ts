import { describe, expect, it } from 'vitest';
import { codecOf, decodeAll } from './made-connection.ts';

describe('stomp', () => {
  it('writes commands with escaped headers, and asks for a receipt where it is awaited', () => {
    const codec = codecOf('stomp');
    expect(codec.encode({ event: 'SEND', data: { destination: '/topic/a:b', body: 'hi' }, id: 3 })).toBe(
      'SEND\ndestination:/topic/a\\cb\nreceipt:3\n\nhi\0',
    );
    expect(codec.encode({ event: 'SUBSCRIBE', data: { destination: '/topic/a' } })).toBe(
      'SUBSCRIBE\nid:/topic/a\ndestination:/topic/a\n\n\0',
    );
    expect(codec.encode({ event: 'CONNECT', data: { login: 'a:b' } })).toBe('CONNECT\nlogin:a:b\n\n\0');
    expect(codec.encode({ event: 'heart-beat', data: undefined })).toBe('\n');
    expect(() => codec.encode({ event: 'SUBSCRIBE', data: {} })).toThrow('have no destination');
  });

  it('writes bytes with their length', () => {
    const frame = codecOf('stomp').encode({
      event: 'SEND',
      data: { destination: '/a', body: Buffer.of(0, 255) },
    });
    expect(Buffer.from(frame as Uint8Array).toString('latin1')).toBe(
      'SEND\ndestination:/a\ncontent-length:2\n\n\0\u00ff\0',
    );
  });

  it.each([1, 2, 5, 1000])('reads frames from messages of %i characters', (size) => {
    const stream = [
      '\n\nCONNECTED\r\nversion:1.2\r\n\r\n\0\r\n',
      'MESSAGE\nsubscription:/topic/a\\cb\nmessage-id:1\nmessage-id:2\n\nline\n\nline\0\n',
      'MESSAGE\ncontent-length:3\n\na\0b\0',
      'RECEIPT\nreceipt-id:5\n\n\0',
      'ERROR\nreceipt-id:6\nmessage:denied\n\nno rights\0',
    ].join('');
    const messages = Array.from({ length: Math.ceil(stream.length / size) }, (_, index) =>
      stream.slice(index * size, (index + 1) * size),
    );
    expect(decodeAll(codecOf('stomp'), ...messages)).toEqual([
      { event: 'CONNECTED', data: { version: '1.2', body: '' } },
      {
        event: 'MESSAGE',
        data: { subscription: '/topic/a:b', 'message-id': '1', body: 'line\n\nline' },
      },
      { event: 'MESSAGE', data: { 'content-length': '3', body: 'a\0b' } },
      { ack: 5, data: { 'receipt-id': '5' } },
      { ack: 6, data: { error: 'denied' } },
      { event: 'ERROR', data: { 'receipt-id': '6', message: 'denied', body: 'no rights' } },
    ]);
  });

  it('refuses headers that the specification forbids', () => {
    expect(() => decodeAll(codecOf('stomp'), 'MESSAGE\na:b\\t\n\n\0')).toThrow('the undefined escape \\t');
    expect(() => decodeAll(codecOf('stomp'), 'MESSAGE\nnonsense\n\n\0')).toThrow('has no colon');
    expect(() => decodeAll(codecOf('stomp'), 'MESSAGE\ncontent-length:1\n\nab\0')).toThrow(
      'its content-length 1',
    );
  });
});
