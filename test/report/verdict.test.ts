import { describe, expect, it } from 'vitest';
import { remarkLine, remarks } from '../../src/report/content/remarks.ts';
import {
  overallVerdict,
  validityWord,
  verdict,
  verdictSeverity,
} from '../../src/report/content/run-verdict.ts';
import { plain } from '../../src/report/plain.ts';
import type { Finding } from '../../src/result/findings.ts';
import { results } from './fixture.ts';

describe('verdict', () => {
  it('is one word for a run with nothing against it', () => {
    expect(verdict(results.valid())).toBe('VALID');
  });

  it('gives every reason to disbelieve a run', () => {
    expect(verdict(results.invalid())).toBe('INVALID: sent 80.1/s of 100/s; send lag p99 was 12 ms');
  });

  it('keeps a run valid whose server was overloaded, and says so', () => {
    expect(verdict(results.overloaded())).toBe(
      'VALID, SERVER OVERLOADED: latency grew from 5 ms to 900 ms; 40 messages lost at the deadline',
    );
  });

  it('keeps findings of different kinds apart', () => {
    const findings: Finding[] = [
      { code: 'server_overloaded', message: 'slow' },
      { code: 'unexpected_deliveries', message: '3 messages' },
    ];
    expect(verdict({ ...results.valid(), findings })).toBe(
      'VALID, SERVER OVERLOADED: slow, UNEXPECTED DELIVERIES: 3 messages',
    );
  });

  it('says first that a run ended early', () => {
    expect(verdict(results.partial())).toBe('PARTIAL, VALID');
    expect(verdict(results.empty())).toBe('PARTIAL, INVALID: the server exited with code 1');
  });

  it('lets no control character through', () => {
    const hostile = results.hostile();
    expect(hostile.invalid.some(({ message }) => message !== plain(message))).toBe(true);
    expect(verdict(hostile)).toBe(plain(verdict(hostile)));
  });
});

describe('validityWord', () => {
  it('fits into a column', () => {
    const words = [results.valid(), results.invalid(), results.partial(), results.empty()].map(validityWord);
    expect(words).toEqual(['valid', 'INVALID', 'valid, partial', 'INVALID, partial']);
  });
});

describe('overallVerdict', () => {
  it('is the verdict of a single result', () => {
    expect(overallVerdict([results.invalid()])).toBe(verdict(results.invalid()));
  });

  it('counts when there are several', () => {
    expect(overallVerdict([results.valid(), results.ws()])).toBe('VALID: 2 results');
    expect(overallVerdict([results.valid(), results.overloaded(), results.empty()])).toBe(
      '2 VALID, 1 INVALID, 1 SERVER OVERLOADED, 1 PARTIAL of 3 results',
    );
  });
});

describe('verdictSeverity', () => {
  it('is good only when there is nothing to say', () => {
    const tones = [results.valid(), results.overloaded(), results.thresholds(), results.invalid()].map(
      verdictSeverity,
    );
    expect(tones).toEqual(['good', 'warning', 'warning', 'bad']);
  });
});

describe('remarks', () => {
  it('tell of one result how each threshold came out', () => {
    expect(remarks([results.thresholds()]).map(remarkLine)).toEqual([
      'passed: lost==0 (0)',
      'FAILED: delivery.p50<1ms (1.2 ms)',
      'not judged: delivery.p99<50ms (too few samples)',
    ]);
  });

  it('tell of several only what is amiss, and number alike runs', () => {
    expect(remarks([results.valid(), results.invalid(), results.thresholds()]).map(remarkLine)).toEqual([
      'socketio websocket, broadcast-latency (2): INVALID: sent 80.1/s of 100/s; send lag p99 was 12 ms',
      'socketio websocket, broadcast-latency (3): FAILED: delivery.p50<1ms (1.2 ms)',
      'socketio websocket, broadcast-latency (3): not judged: delivery.p99<50ms (too few samples)',
    ]);
  });
});
