import { describe, expect, it } from 'vitest';
import { skipWhenMissing } from '../support/need.ts';
import { attemptsOnOtherHost, NO_NAMESPACES } from '../support/other-host.ts';

skipWhenMissing(NO_NAMESPACES);

describe('without --allow-remote', () => {
  it('nothing reaches another host, in whatever form its address is given', async () => {
    const all = await attemptsOnOtherHost();
    expect(all.length).toBeGreaterThan(35);
    expect(all.filter(({ arrived }) => arrived.length > 0)).toEqual([]);
    // Each one was refused or failed for its own reason; none was measured, and none crashed.
    expect(all.filter(({ exitCode }) => exitCode !== 2 && exitCode !== 3)).toEqual([]);
    const messages = Object.fromEntries(all.map(({ shown, output }) => [shown, output]));
    expect(messages['http://127.0.0.1\\@10.0.0.1:3000/']).toMatch(/has a backslash/);
    expect(messages['redis://other.example']).toMatch(/other\.example is not this machine/);
    expect(messages['an absolute URL of publish']).toMatch(/10\.0\.0\.1 is not this machine|INVALID/);
  });
});
