import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { skipWhenMissing } from '../support/need.ts';
import type { Attempt } from '../support/second-address.ts';

/** A network namespace of its own, in which the mounts below change nothing outside. */
const ISOLATED = ['--map-root-user', '--net', '--mount'];
const canIsolate = spawnSync('unshare', [...ISOLATED, 'ip', 'link'], { stdio: 'ignore' }).status === 0;
skipWhenMissing(
  canIsolate ? null : 'network namespaces (unshare of util-linux, ip of iproute2, and permission)',
);

/** A second address, and name services that send every name, localhost too, there. */
const PREPARE = `
  ip link set lo up && ip addr add 10.0.0.1/32 dev lo &&
  mount --bind "$1/hosts" /etc/hosts && mount --bind "$1/resolv.conf" /etc/resolv.conf &&
  exec "$2" "$3"`;

function attempts(): Promise<readonly Attempt[]> {
  const folder = mkdtempSync(join(tmpdir(), 'sockbench-test-'));
  writeFileSync(join(folder, 'hosts'), '10.0.0.1 localhost\n');
  writeFileSync(join(folder, 'resolv.conf'), 'nameserver 10.0.0.1\noptions timeout:1 attempts:1\n');
  const entry = join(import.meta.dirname, '../support/second-address.ts');
  const args = [...ISOLATED, 'sh', '-c', PREPARE, 'sh', folder, process.execPath, entry];
  return new Promise<readonly Attempt[]>((resolve, reject) => {
    execFile('unshare', args, (error, stdout) =>
      error === null ? resolve(JSON.parse(stdout)) : reject(error),
    );
  }).finally(() => rmSync(folder, { recursive: true, force: true }));
}

describe('without --allow-remote', () => {
  it('nothing reaches another host, in whatever form its address is given', async () => {
    const all = await attempts();
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
