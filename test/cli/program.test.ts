import { parseArgsStringToArgv } from 'string-argv';
import { describe, expect, it } from 'vitest';
import { runCli } from '../../src/cli/program.ts';
import { VERSION } from '../../src/package.ts';
import { FakeCli, runFake } from './fake-cli.ts';

describe('help', () => {
  it('of the program lists its commands', async () => {
    const { exitCode, stdout, stderr } = await runFake('--help');
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout).toMatchInlineSnapshot(`
      "Usage: sockbench [options] [command]

      Load-tests Socket.IO and WebSocket servers: times every delivery, accounts for every message, and
      flags results that are not reliable.

      Options:
        -V, --version                      output the version number
        -h, --help                         display help for command

      Commands:
        run [options] <scenario>           load a server with a scenario and report what every client
                                           received
        compare [options] <scenario>       run two or more servers, transports or settings in turn and
                                           report the differences
        capacity [options] <scenario>      find the highest rate, or number of clients, at which a server
                                           meets an objective
        calibrate [options] [scenario]     measure the floor of this machine for a plan, with a server
                                           that does almost nothing, and store it
        gate [options] <scenario>          compare a server with its base and fail a CI job only when it
                                           became significantly slower
        merge [options] <result.json...>   put the results of all shards of a run together: histograms add
                                           up, ledgers join
        report [options] <result.json...>  render stored results again; several runs on one page compare
                                           side by side
        serve [options] <server>           start a reference server and keep it running until Ctrl-C
        list                               list scenarios, reference servers, drivers and report formats
        doctor                             check this machine for conditions that make measurements
                                           unreliable
        init [folder]                      write templates of a target, a scenario, a config and a CI
                                           workflow
        import [options] <script>          turn an Artillery script into a target file and a scenario file
        help [command]                     display help for command
      "
    `);
  });

  it('of run lists every flag, with unit and default, then those of each scenario, then examples', async () => {
    const { exitCode, stdout, stderr } = await runFake('run', '--help');
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout).toMatchInlineSnapshot(`
      "Usage: sockbench run [options] <scenario>

      load a server with a scenario and report what every client received

      Arguments:
        scenario                                  name of a scenario (see list), or a scenario file

      Options:
        --threshold <EXPR>                        fail with exit code 99 unless the run meets it,
                                                  'delivery.p99<50ms'; may be repeated
        --out <DIR>                               output folder (default: reports)
        --format <LIST>                           comma-separated list of text, table, md, json, html,
                                                  hgrm, hlog, csv; text goes to stdout, as does a single
                                                  format; json is always written (default: text,json,html)
        --quiet                                   suppress progress output; warnings and errors remain
        --shard <I/N>                             carry out the I-th of N equal parts of the run; env
                                                  takes I and N from the scheduler, env/N only I, which is
                                                  in JOB_COMPLETION_INDEX, CI_NODE_INDEX,
                                                  SLURM_ARRAY_TASK_ID or AWS_BATCH_JOB_ARRAY_INDEX
        --rendezvous <DIR|URL>                    where the shards wait for one another: a folder that all
                                                  of them share, or a URL that the first of them serves
        --start-at <TIME>                         when all shards begin, instead of --rendezvous:
                                                  2026-03-04T05:06:07Z
        --rendezvous-timeout <TIME>               maximum wait for the other shards (default: 5m)
        --config <FILE>                           config file (default: sockbench.config.ts in the working
                                                  directory, if it exists)
        --option <NAME=VALUE>                     option of your own scenario; may be repeated
        --target <NAME|FILE|URL>                  a reference server by name, a target file (init writes
                                                  one), or the URL of a server that uses the same events
                                                  (http: Socket.IO, ws: raw WebSocket) (default: socketio)
        --exec <CMD>                              command that starts the server at the target URL; it is
                                                  stopped after the run
        --runtime <PROGRAM>                       Node.js or Bun program that runs the reference server
                                                  (default: the Node.js that runs sockbench, or the
                                                  installed Bun)
        --transport <NAME>                        transport of the connections: websocket, polling,
                                                  upgrade, short-polling or long-polling (default:
                                                  websocket)
        --driver <NAME>                           client implementation; list shows them (default: wire
                                                  for the transport websocket, otherwise official)
        --sockets <auto|kernel|node>              sockets of the wire driver: the kernel's, which also say
                                                  when a message arrived, or those of Node.js (default:
                                                  auto)
        --source-addresses <LIST>                 addresses of this machine that clients connect from, in
                                                  turn, such as 127.0.0.2-127.0.0.9 (default: as many of
                                                  127.0.0.0/8 as the ports for the clients need, where the
                                                  server is on loopback)
        --namespace <NAME>                        Socket.IO namespace that clients enter
        --parser <default|msgpack>                Socket.IO parser (default: default)
        --compression <on|off>                    per-message deflate of WebSocket (default: off)
        --recovery <on|off>                       Socket.IO connection state recovery (default: off)
        --processes <N>                           serving processes of a clustered server (default: 2)
        --redis <URL>                             a running Redis to use; without it, a redis-server is
                                                  started for the run
        --redis-adapter <pubsub|sharded|streams>  Socket.IO adapter for Redis: pub/sub, sharded pub/sub or
                                                  streams (default: pubsub)
        --poll-interval <TIME>                    time between two requests of short polling (default:
                                                  100ms)
        --clients <N>                             number of connections (default: 200)
        --rate <RATE>                             messages over all senders, such as 100/s, or a profile
                                                  of stages, 10s@50/s,20s@50..500/s (default: 100/s)
        --arrival <constant|poisson>              spacing of the messages (default: constant)
        --payload <SIZE>                          message size, minimum 48B for text and 36B for binary,
                                                  maximum 64MiB (default: 64B)
        --payload-type <text|binary>              message type (default: text)
        --verify                                  compare the content of received payloads with what was
                                                  sent, beside their length; costs CPU
        --duration <TIME>                         measured time, unless --rate is a profile (default: 10s)
        --warmup <TIME>                           minimum warm-up; it ends when the medians of three
                                                  seconds agree within 5 % (default: 2s)
        --warmup-max <TIME>                       maximum warm-up; equal to --warmup for a warm-up of
                                                  fixed length (default: 10s)
        --drain <TIME>                            maximum wait for messages in flight after the last one
                                                  was sent; later ones are lost (default: 5s)
        --late-after <TIME>                       latency above which a message counts as late (default:
                                                  1s)
        --connect-rate <RATE>                     rate of new connections over all workers (default:
                                                  500/s)
        --connect-timeout <TIME>                  maximum time for a connection to open, or for the server
                                                  to start (default: 10s)
        --workers <N|auto>                        generator processes; auto chooses the number by a
                                                  calibration (default: 1)
        --pin <on|off>                            pin server and workers to separate CPUs (Linux)
                                                  (default: on)
        --seed <N>                                seed of random arrivals (default: 1)
        --allow-remote <HOST>                     permit load on this remote host; its owner must agree
        -h, --help                                display help for command

      Options of broadcast-latency:
        --publishers <N>                        number of clients that publish, in turn; they receive too (default: 1)
        --exclude-sender                        publish to everyone but the sender (broadcast.emit) instead of to everyone (server.emit)

      Options of room-fanout:
        --rooms <R>                             number of rooms (default: 10)
        --members <M>                           members of each room, assigned round-robin (default: clients / rooms)
        --publishers <N>                        number of members of each room that publish, in turn (default: 1)
        --exclude-sender                        publish to the room without the sender (socket.to) instead of including it (server.in)

      Options of ack-roundtrip:
        --direction <client|server>             who sends the request: the client, or the server when the client asks for it (default: client)

      Options of stream-reply:
        --replies <K>                           replies to each request (default: 3)

      Options of message-types:
        --type <all|text|binary|ping|close>     one type, or all supported types in turn (default: all)

      Options of upgrade:
        --requests <N>                          requests of each user over WebSocket, one after the other (default: 5)

      Options of polling-vs-push:
        --rooms <R>                             number of rooms (default: 10)
        --members <M>                           members of each room, assigned round-robin (default: clients / rooms)
        --publishers <N>                        number of members of each room that publish, in turn (default: 1)
        --exclude-sender                        publish to the room without the sender (socket.to) instead of including it (server.in)

      Options of connect-storm:
        --hold                                  hold connections until the end of the run, instead of closing each after its handshake

      Exit codes: 0 passed, 99 a threshold failed, 4 a threshold is inconclusive, 3 the run is invalid.

      Examples:
        sockbench run broadcast-latency --target ws --clients 200 --rate 50/s
        sockbench run room-fanout --transport polling --clients 50 --rooms 5 --rate 20/s
        sockbench run ack-roundtrip --target http://127.0.0.1:3000 --threshold 'ack.p99<50ms'
      "
    `);
  });

  it.each(['report', 'serve', 'list', 'doctor'])('of %s names it', async (command) => {
    const { exitCode, stdout, stderr } = await runFake(command, '--help');
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(`Usage: sockbench ${command} `);
  });

  it('goes to stderr with exit code 2 when there is no command', async () => {
    const { exitCode, stdout, stderr } = await runFake();
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toBe((await runFake('--help')).stdout);
  });

  it('is as wide as the terminal, 120 columns at most', async () => {
    const helpIn = async (width: number) => {
      const cli = new FakeCli(['--help'], { width });
      await runCli(cli);
      return cli.stdout;
    };
    const widest = (text: string) => Math.max(...text.split('\n').map((line) => line.length));
    expect(widest(await helpIn(80))).toBeLessThanOrEqual(80);
    expect(await helpIn(500)).toBe(await helpIn(120));
    expect(await helpIn(80)).not.toBe(await helpIn(120));
  });
});

/** The examples in the help of a command, each as the arguments that a shell makes of it. */
async function examplesOf(command: string): Promise<string[][]> {
  const { stdout } = await runFake(command, '--help');
  const lines = stdout.split('\nExamples:\n')[1]?.trim().split('\n') ?? [];
  return lines.map((line) => parseArgsStringToArgv(line).slice(1));
}

describe.each(['run', 'compare', 'capacity', 'gate'])('the examples of %s', async (command) => {
  // The output folder is checked last before anything starts, so a folder that cannot be written is the only fault left
  // in an example that would run. A baseline file is read before.
  const nowhere = `${import.meta.filename}/nowhere`;
  const problem = (args: readonly string[]) =>
    args.includes('--baseline')
      ? /^error: main\/rounds\.json cannot be read/
      : /^error: the folder .*nowhere cannot be written to: /;
  const examples = await examplesOf(command);

  it('are three commands of their own', () => {
    expect(examples.map(([first]) => first)).toEqual([command, command, command]);
  });

  it.each(examples.map((args) => [args]))('are accepted: %j', async (args) => {
    const { exitCode, stdout, stderr } = await runFake(...args, '--out', nowhere);
    expect(stderr).toMatch(problem(args));
    expect([exitCode, stdout]).toEqual([2, '']);
  });

  it('are refused when a value is wrong', async () => {
    const { stderr } = await runFake(...(examples[0] ?? []), '--drain', '50', '--out', nowhere);
    expect(stderr).toMatch(/^error: --drain: "50" has no unit/);
  });
});

describe('list', () => {
  it('shows all names', async () => {
    const { exitCode, stdout, stderr } = await runFake('list');
    expect([exitCode, stderr]).toEqual([0, '']);
    // What is installed differs from machine to machine; test/servers/availability.test.ts looks at these lines.
    expect(stdout.replaceAll(/^ +cannot run here: .*\n/gm, '')).toMatchInlineSnapshot(`
      "Scenarios
        broadcast-latency  publishers send, every client receives; latency to each receiver and to the last one
        room-fanout        members publish to their rooms; latency to the first, median and last receiver
        ack-roundtrip      clients send requests in turn; time until each is acknowledged
        stream-reply       one request, several replies, as from an Observable in Nest; time to the first and the last reply
        message-types      the four WebSocket message types: echo of text and bytes, ping to pong, close to clean close
        upgrade            users connect by polling and upgrade to WebSocket; time to upgrade, and round trips meanwhile
        polling-vs-push    few messages to many clients; run it over each transport to compare polling with push
        observe            clients listen to what the server pushes on its own; gaps, and skew between receivers
        idle               clients hold their connections and send nothing; memory of each, and when and why some are cut
        connect-storm      clients connect at a rate; time of each handshake by stage, and connections accepted per second

      Servers
        socketio          Socket.IO on Node.js, rooms in memory; websocket, polling, upgrade
        ws                raw WebSocket (ws) with Nest's envelope {event, data}, rooms kept by the server; websocket
        socketio-bun      Socket.IO on Bun with @socket.io/bun-engine, rooms in memory; websocket, polling, upgrade
        bun-ws            Bun's raw WebSocket with Nest's envelope {event, data}, Bun topics as rooms; websocket
        socketio-cluster  Socket.IO on several Node.js processes with sticky sessions and the cluster adapter; websocket, polling, upgrade
        socketio-redis    Socket.IO on several Node.js processes with sticky sessions and a Redis adapter; websocket, polling, upgrade
        nest-socketio     NestJS gateway on Socket.IO (with Express), namespace /chats, rooms in memory; websocket, polling, upgrade
        nest-ws           NestJS gateway on raw WebSocket (ws, with Express), rooms kept by the gateway; websocket
        http-polling      plain HTTP (node:http), short polling and long polling; short-polling, long-polling

      Drivers
        official (socketio)  socket.io-client, without reconnection
        wire (socketio)      frames and packets of our own, over the kernel's sockets or those of Node.js
        official (ws)        the ws package
        wire (ws)            frames of our own, over the kernel's sockets or those of Node.js
        official (http)      node:http with keep-alive connections

      Formats of a run
        text   tables for a terminal
        table  one row per result
        md     Markdown for a pull request
        json   the stored result
        html   a page with charts that opens from disk
        hgrm   percentiles of the headline series for the HdrHistogram plotter
        hlog   every series over time as an HdrHistogram log
        csv    one row per result in fixed units

      Formats of a comparison
        text                tables for a terminal
        md                  Markdown for a pull request
        json                every round and the verdicts
        html                a page with every round
        junit               test cases for GitLab, Jenkins and others
        github-summary      Markdown for the summary of a GitHub step
        github-annotations  workflow commands for the log of a GitHub step
        benchmark-smaller   customSmallerIsBetter of github-action-benchmark
        benchmark-bigger    customBiggerIsBetter of github-action-benchmark
        bencher             Bencher Metric Format
        go                  Go benchmark text for benchstat
        openmetrics         OpenMetrics text

      Formats of a capacity search
        text  the answer and one row per run
        md    Markdown for a pull request
        json  every run and the answer
        html  a page with the curve

      Not supported
        uwebsockets   uWebSockets.js is not on npm; its author publishes its binaries on GitHub only
                      Use --target and --exec to measure your own server that uses it; bun-ws is built on the same C++ library.
        webtransport  neither Node.js nor Bun implements WebTransport, and @fails-components/webtransport, which adds it to Engine.IO, downloads its binary from GitHub
                      Choose websocket or polling.
      "
    `);
  });
});

it('prints its version', async () => {
  expect(VERSION).toMatch(/^\d+\.\d+\.\d+/);
  expect(await runFake('--version')).toEqual({ exitCode: 0, stdout: `${VERSION}\n`, stderr: '' });
});

describe('an invalid command line', () => {
  it.each<[args: readonly string[], stderr: string]>([
    [['rum'], "error: unknown command 'rum'\nDid you mean run?\n"],
    [
      ['frobnicate'],
      "error: unknown command 'frobnicate'\nThe commands are run, compare, capacity, calibrate, gate, merge, report, serve, list, doctor, init and import.\n",
    ],
    [['run', 'room-fanout', '--room', '3'], "error: unknown option '--room'\nDid you mean --rooms?\n"],
    [
      ['run', 'room-fanout', '--frobnicate'],
      "error: unknown option '--frobnicate'\nsockbench --help shows the flags; an option of your own scenario is given as --option frobnicate=VALUE.\n",
    ],
    [
      ['run'],
      "error: missing required argument 'scenario'\nsockbench --help shows the usage; sockbench list shows the available names.\n",
    ],
    [
      ['run', 'room-fanout', '--clients'],
      "error: option '--clients <N>' argument missing\nsockbench --help shows the usage; sockbench list shows the available names.\n",
    ],
    [
      ['run', 'room-fan'],
      'error: there is no scenario "room-fan"; available: broadcast-latency, room-fanout, ack-roundtrip, stream-reply, message-types, upgrade, polling-vs-push, observe, idle, connect-storm\nsockbench list describes each of them.\n',
    ],
    [
      ['run', 'ack-roundtrip', '--rooms', '3'],
      'error: --rooms is not an option of ack-roundtrip; it belongs to room-fanout and polling-vs-push\nsockbench run --help lists the options of each scenario.\n',
    ],
    [
      ['run', 'ack-roundtrip', '--exclude-sender'],
      'error: --exclude-sender is not an option of ack-roundtrip; it belongs to broadcast-latency, room-fanout and polling-vs-push\nsockbench run --help lists the options of each scenario.\n',
    ],
  ])('%j is explained, with exit code 2', async (args, stderr) => {
    expect(await runFake(...args)).toEqual({ exitCode: 2, stdout: '', stderr });
  });
});

it('a bug shows its stack and has exit code 1', async () => {
  const cli = new FakeCli(['list']);
  const broken = {
    ...cli,
    err: cli.err,
    out: () => {
      throw new TypeError('no such thing');
    },
  };
  expect(await runCli(broken)).toBe(1);
  expect(cli.stderr).toMatch(
    /^sockbench crashed; this is a bug in sockbench\.\nTypeError: no such thing\n\s+at .*program\.test\.ts/,
  );
});
