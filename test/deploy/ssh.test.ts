import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { skipWhenMissing } from '../support/need.ts';
import { freePort, temporaryFolder, watch } from '../support/sockbench.ts';
import { figuresOf, linesBelow, resultsIn } from './lines.ts';
import { NO_HOSTS, NO_SSHD, prepareHosts } from './ssh-hosts.ts';

skipWhenMissing(NO_SSHD);

const LOAD = '--clients 12 --rate 50/s --duration 1s --warmup 500ms --warmup-max 500ms --quiet';
const folder = temporaryFolder();
const [, lines = ''] = linesBelow('ssh');

/** Runs each case once unsharded and once by the lines of the README, beside one server. */
const SCRIPT = `
sockbench serve ws --host "$address" --port "$port" --allow-remote "$address" > serve.log 2>&1 & server=$!
until grep -q 'listens at' serve.log; do kill -0 $server; sleep 0.05; done
for host in $hosts; do
  for attempt in {1..200}; do ssh -n $host true 2> ssh.log && break; sleep 0.05; done
  ssh -n $host true
done
try() {
  mkdir "$1" && cd "$1"
  export run="run $2 --target ws://$address:$port --allow-remote $address ${LOAD}" rendezvous="$3"
  sockbench $run --out single > single.log 2>&1 || [ $? -eq 3 ]
  bash -c "$lines" > merge.log 2>&1 && echo "$1 passed" || echo "$1 ended with $?"
  cd ..
}
mkdir meet
try url "room-fanout --rooms 1" "http://$first:$rendezvousPort"
hosts=\${hosts% *}
try folder broadcast-latency "$PWD/meet"
`;

describe(`three hosts, started by the lines of deploy/README.md over ssh${NO_HOSTS === null ? '' : ' on loopback'}`, () => {
  let output = '';
  let group = 0;

  beforeAll(async () => {
    if (NO_HOSTS !== null) console.warn(`hosts share one network: no ${NO_HOSTS}`);
    const hosts = prepareHosts(folder, [await freePort(), await freePort(), await freePort()]);
    const [file, ...args] = hosts.command(SCRIPT);
    const env = {
      ...process.env,
      PATH: `${join(folder, 'bin')}${delimiter}${process.env['PATH']}`,
      TMPDIR: folder,
      lines,
      hosts: hosts.names.join(' '),
      address: hosts.address,
      first: hosts.firstAddress,
      port: String(await freePort()),
      rendezvousPort: String(await freePort()),
    };
    const child = spawn(file, args, { cwd: folder, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    group = child.pid ?? 0;
    const ended = await watch(child).ended;
    output = ended.stdout + ended.stderr;
    expect(ended, output).toMatchObject({ code: 0 });
  }, 120_000);

  afterAll(() => {
    try {
      if (group > 0) process.kill(-group, 'SIGKILL');
    } catch {
      // All of its processes have ended.
    }
    rmSync(folder, { recursive: true, force: true });
  });

  it.each([
    ['url', 3],
    ['folder', 2],
  ])('merge into exactly the unsharded run, with a rendezvous by %s, on %i of them', (name, count) => {
    const log = output + readFileSync(join(folder, name, 'merge.log'), 'utf8');
    const [single] = resultsIn(join(folder, name, 'single'));
    const [merged] = resultsIn(join(folder, name, 'reports'));
    expect(figuresOf(merged), log).toEqual(figuresOf(single));
    expect(merged, log).toMatchObject({
      rate: { sent: 50 },
      ledger: { expected: 50 * 12, delivered: 50 * 12, lost: 0, duplicated: 0 },
      shards: [1, 2, 3].slice(0, count).map((index) => ({ index, count, rendezvous: name })),
    });
    const hosts = new Set(merged?.shards?.map(({ host }) => host));
    expect(hosts.size).toBe(NO_HOSTS === null ? count : 1);
  });

  it('leave the results of each host on that host, until they are copied', () => {
    const endings = [
      ['load1', ['-shard-1-of-2', '-shard-1-of-3']],
      ['load2', ['-shard-2-of-2', '-shard-2-of-3']],
      ['load3', ['-shard-3-of-3']],
    ] as const;
    for (const [name, expected] of endings) {
      const files = readdirSync(join(folder, name), { recursive: true }).map(String);
      const found = files.flatMap((file) => /-shard-\d-of-\d(?=\.json$)/.exec(file)?.[0] ?? []);
      expect(found.toSorted()).toEqual(expected);
    }
  });
});
