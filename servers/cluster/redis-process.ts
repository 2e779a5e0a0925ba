import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/**
 * Runs Redis until it ends or until descriptor 3 is closed, as it is when the process that started this is gone,
 * however it went. Ignores signals to the group: it has to outlive Redis, which takes them.
 */
const KEEPER = `
  trap '' TERM INT
  folder=$1; shift
  "$@" & redis=$!
  (cat <&3; kill $redis) >/dev/null 2>&1 &
  wait $redis; code=$?
  rmdir "$folder"
  exit $code`;

const START_ATTEMPTS = 3;

/** A Redis of our own on loopback that keeps nothing. */
export class OwnRedis {
  readonly #keeper: ChildProcess;
  readonly url: string;
  /** Resolves when it has ended, whoever ended it. */
  readonly ended: Promise<void>;

  private constructor(keeper: ChildProcess, port: number) {
    this.#keeper = keeper;
    this.url = `redis://127.0.0.1:${port}`;
    this.ended = once(keeper, 'exit').then(() => {});
  }

  /** Starts `program` on a free port; rejects with its last words when it does not come up. */
  static async start(program: string): Promise<OwnRedis> {
    for (let attempt = 1; ; attempt += 1) {
      const port = await freePort();
      const redis = new OwnRedis(spawnRedis(program, port), port);
      const trouble = await redis.#trouble();
      if (trouble === null) return redis;
      // Somebody else may have taken the port in between.
      const mayWork = /already in use/.test(trouble) && attempt < START_ATTEMPTS;
      if (!mayWork) throw new Error(`redis-server did not start: ${trouble}`);
    }
  }

  async stop(): Promise<void> {
    this.#keeper.stdio[3]?.destroy();
    await this.ended;
  }

  /** Null when Redis is ready. */
  async #trouble(): Promise<string | null> {
    const { stdout } = this.#keeper;
    if (stdout === null) return 'no output';
    let last = 'no output';
    for await (const line of createInterface({ input: stdout })) {
      if (line.includes('Ready to accept connections')) {
        stdout.resume();
        return null;
      }
      last = line;
    }
    return last;
  }
}

function spawnRedis(program: string, port: number): ChildProcess {
  const folder = mkdtempSync(join(tmpdir(), 'sockbench-redis-'));
  const options = { bind: '127.0.0.1', port, save: '', appendonly: 'no', dir: folder };
  const flags = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  return spawn('sh', ['-c', KEEPER, 'sh', folder, program, ...flags], {
    stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
  });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
