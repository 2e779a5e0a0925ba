import { describe, expect, it } from 'vitest';
import { paintFor } from '../src/colour.ts';

const YELLOW = '\u001b[33mlate\u001b[39m';

describe('colour', () => {
  it.each([
    ['on a terminal', true, {}],
    ['on a terminal with an empty NO_COLOR', true, { NO_COLOR: '' }],
    ['in a pipe with FORCE_COLOR', false, { FORCE_COLOR: '1' }],
    ['with FORCE_COLOR beside NO_COLOR', false, { FORCE_COLOR: '1', NO_COLOR: '1' }],
  ])('is shown %s', (_, isTty, env) => {
    expect(paintFor(isTty, env)('warning', 'late')).toBe(YELLOW);
  });

  it.each([
    ['in a pipe', false, {}],
    ['with NO_COLOR', true, { NO_COLOR: '1' }],
    ['with FORCE_COLOR=0', true, { FORCE_COLOR: '0' }],
    ['on a dumb terminal', true, { TERM: 'dumb' }],
  ])('is not shown %s', (_, isTty, env) => {
    expect(paintFor(isTty, env)('warning', 'late')).toBe('late');
  });
});
