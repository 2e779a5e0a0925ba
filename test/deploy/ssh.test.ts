import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunResult, runResultSchema } from '../../src/result/run-result.ts';
import { skipWhenMissing } from '../support/need.ts';
import { freePort, temporaryFolder, watch } from '../support/sockbench.ts';
import { linesBelow } from './lines.ts';
import { NO_HOSTS, NO_SSHD, prepareHosts } from './ssh-hosts.ts';

skipWhenMissing(NO_SSHD);

const LOAD = '--clients 12 --rate 50/s --duration 1s --warmup 500ms --warmup-max 500ms --quiet';
const folder = temporaryFolder();
const [, lines = ''] = linesBelow('ssh');

/** The results in a folder, by file name. */
function resultsIn(path: string): RunResult[] {
  const files = readdirSync(path).filter((name) => name.endsWith('.json'));
  return files
    .toSorted()
    .map((name) => runResultSchema.parse(JSON.parse(readFileSync(join(path, name), 'utf8'))));
}

/** Runs each case once unsharded and once by the lines of the README, beside one server. */
const SCRIPT = `
sockbench serve ws --host "$address" --port "$port" --allow-remote "$address" > serve.log 2>&1 & server=$!
until grep -q 'listens at' serve.log; do kill -0 $server; sleep 0.05; done
for host in $hosts; do
  until ssh -n $host true 2> ssh.log; do kill -0 $server; sleep 0.05; done
done
try() {
  mkdir "$1" && cd "$1"
  export run="run $2 --target ws://$address:$port --allow-remote $address ${LOAD}" rendezvous="$3"
  sockbench $run --out single > single.log 2>&1 || [ $? -eq 3 ]
  bash -c "$lines" > merge.log 2>&1 && echo "$1 passed" || echo "$1 ended with $?"
  cd ..
}
mkdir meet
try folder broadcast-latency "$PWD/meet"
try url room-fanout "http://$first:$rendezvousPort"
`;

describe(`three hosts, started by the lines of deploy/README.md over ssh${NO_HOSTS === null ? '' : ' on loopback'}`, () => {
  let output = '';
  const running = new AbortController();

  beforeAll(async () => {
    if (NO_HOSTS !== null) console.warn(`hosts share one network: no ${NO_HOSTS}`);
    const ports = [await freePort(), await freePort(), await freePort()];
    const hosts = prepareHosts(folder, ports);
    const [file, ...args] = hosts.command(SCRIPT);
    const ended = await watch(
      spawn(file, args, {
        cwd: folder,
        signal: running.signal,
        stdio: ['ignore', 'pipe', 'pipe'],
        env: {
          ...process.env,
          PATH: `${join(folder, 'bin')}${delimiter}${process.env['PATH']}`,
          TMPDIR: folder,
          lines,
          hosts: hosts.names.join(' '),
          address: hosts.address,
          first: hosts.firstAddress,
          port: String(await freePort()),
          rendezvousPort: String(await freePort()),
        },
      }),
    ).ended;
    output = ended.stdout + ended.stderr;
  }, 120_000);

  afterAll(() => {
    running.abort();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each(['folder', 'url'])('merge into exactly the unsharded run, with a rendezvous by %s', (name) => {
    const log = readFileSync(join(folder, name, 'merge.log'), 'utf8');
    const [single] = resultsIn(join(folder, name, 'single'));
    const [merged] = resultsIn(join(folder, name, 'reports'));
    const figures = (result: RunResult | undefined) => ({
      clients: result?.clients.connected,
      sent: result?.rate?.sent,
      ledger: result?.ledger,
    });
    expect(figures(merged), output + log).toEqual(figures(single));
    expect(merged?.ledger).toMatchObject({ lost: 0, duplicated: 0, delivered: merged?.ledger?.expected });
  });
});
