import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Attempt } from './second-address.ts';

/** A network namespace of its own, in which mounts change nothing outside. */
const ISOLATED = ['--map-root-user', '--net', '--mount'];

/** What is missing for {@link attemptsOnOtherHost}; null when all is there. */
export const NO_NAMESPACES =
  spawnSync('unshare', [...ISOLATED, 'ip', 'link'], { stdio: 'ignore' }).status === 0
    ? null
    : 'network namespaces (unshare of util-linux, ip of iproute2, and permission)';

/** A second address, and name services that send every name, localhost too, there. */
const PREPARE = `
  ip link set lo up && ip addr add 10.0.0.1/32 dev lo &&
  mount --bind "$1/hosts" /etc/hosts && mount --bind "$1/resolv.conf" /etc/resolv.conf &&
  exec "$2" "$3"`;

/** Tries to make sockbench contact another host, in every known way. */
export function attemptsOnOtherHost(env: NodeJS.ProcessEnv = process.env): Promise<readonly Attempt[]> {
  const folder = mkdtempSync(join(tmpdir(), 'sockbench-test-'));
  writeFileSync(join(folder, 'hosts'), '10.0.0.1 localhost\n');
  writeFileSync(join(folder, 'resolv.conf'), 'nameserver 10.0.0.1\noptions timeout:1 attempts:1\n');
  const entry = join(import.meta.dirname, 'second-address.ts');
  const args = [...ISOLATED, 'sh', '-c', PREPARE, 'sh', folder, process.execPath, entry];
  return new Promise<readonly Attempt[]>((resolve, reject) => {
    execFile('unshare', args, { env }, (error, stdout) =>
      error === null ? resolve(JSON.parse(stdout)) : reject(error),
    );
  }).finally(() => rmSync(folder, { recursive: true, force: true }));
}
