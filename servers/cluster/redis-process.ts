import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';

/**
 * A shell script that runs Redis until Redis ends or descriptor 3 is closed. The descriptor closes when the starting
 * process ends, even by SIGKILL. The script ignores signals to the process group, so that it reports how Redis ended.
 */
const KEEPER = `
  trap '' TERM INT
  "$@" & redis=$!
  (cat <&3; kill $redis) >/dev/null 2>&1 &
  wait $redis`;

const START_ATTEMPTS = 3;

/** A redis-server on loopback, started for one run, that stores nothing on disk. */
export class RedisProcess {
  readonly #keeper: ChildProcess;
  readonly url: string;
  /** Resolves when it has ended, for any reason. */
  readonly ended: Promise<void>;

  private constructor(keeper: ChildProcess, port: number) {
    this.#keeper = keeper;
    this.url = `redis://127.0.0.1:${port}`;
    this.ended = once(keeper, 'exit').then(() => {});
  }

  /** Starts `program` on a free port. Rejects with its last line of output when it does not start. */
  static async start(program: string): Promise<RedisProcess> {
    for (let attempt = 1; ; attempt += 1) {
      const port = await freePort();
      const redis = new RedisProcess(spawnRedis(program, port), port);
      const failure = await redis.#startFailure();
      if (failure === null) return redis;
      // Another process may have taken the port in the meantime.
      const mayWork = /already in use/.test(failure) && attempt < START_ATTEMPTS;
      if (!mayWork) throw new Error(`redis-server did not start: ${failure}`);
    }
  }

  async stop(): Promise<void> {
    this.#keeper.stdio[3]?.destroy();
    await this.ended;
  }

  /** The last line of output when Redis ended; null once it is ready. */
  async #startFailure(): Promise<string | null> {
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
  // It would load a dump that it finds. No folder has one of this name, and it writes none.
  const dump = { dir: '/', dbfilename: `${randomUUID()}.rdb` };
  const options = { bind: '127.0.0.1', port, save: '', appendonly: 'no', ...dump };
  const flags = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  return spawn('sh', ['-c', KEEPER, 'sh', program, ...flags], {
    stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
  });
}

/** Below them are the ports of services, and from 32,768 on those that systems give to connections and listeners. */
const FIRST_PORT = 11_000;
const PORTS = 21_000;

/** A port of loopback that is free, and that nothing gets by asking for any port meanwhile. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST_PORT + randomInt(PORTS);
    const server = createServer().listen(port, '127.0.0.1');
    const failure = await once(server, 'listening').then(
      () => null,
      (error: NodeJS.ErrnoException) => error,
    );
    if (failure === null) {
      server.close();
      await once(server, 'close');
      return port;
    }
    if (failure.code !== 'EADDRINUSE') throw failure;
  }
}
