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
      "Usage: sockbench <command> [options]

      Load-tests Socket.IO and WebSocket servers: times every delivery, accounts for
      every message, and flags results that are not reliable.

      Measure:
        run         load a server and report what every client received
        compare     run servers, transports or settings in turn and compare them
        gate        fail a CI job if a server became significantly slower
        capacity    find the highest rate or number of clients that meets an objective
        calibrate   measure the floor of this machine with a minimal server

      Results:
        report      render stored results again; several runs stand side by side
        trend       draw stored results of one plan over time and mark changes
        merge       add the results of all shards of a run together without loss

      Servers and machine:
        trace       show every frame of two clients, how the target reads it, and what
                    the target lacks
        serve       start a reference server and keep it running until Ctrl-C
        list        list scenarios, reference servers, drivers and formats
        doctor      check this machine for what makes measurements unreliable

      Set up:
        init        write templates: a target, a scenario, a config and a workflow
        import      turn an Artillery script into a target file and a scenario file
        completion  print a completion script for bash, zsh or fish

      sockbench <command> --help shows the options of a command, sockbench --version
      the version.
      "
    `);
  });

  it('of run shows the usual options in groups, with default and allowed values, then examples', async () => {
    const { exitCode, stdout, stderr } = await runFake('run', '--help');
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout).toMatchInlineSnapshot(`
      "Usage: sockbench run <scenario> [options]

      Load a server and report what every client received.

      Arguments:
        scenario            broadcast-latency, room-fanout, direct-messages,
                            ack-roundtrip, stream-reply, message-types, upgrade,
                            polling-vs-push, observe, idle, connect-storm,
                            reconnect-storm, recovery, churn, slow-consumers or a file

      Load:
        --clients <N>       connections (default: 200)
        --rate <RATE>       messages of all senders, or stages: 10s@50/s,20s@50..500/s
                            (default: 100/s)
        --payload <SIZE>    message size, from 48B (binary 36B), or a file or folder
                            (default: 64B)

      Target:
        --target <TARGET>   reference server, target file or URL; http: is Socket.IO,
                            ws: raw WebSocket (default: socketio)
        --exec <CMD>        command that starts your server at the target URL
        --transport <NAME>  transport: websocket, polling, upgrade, short-polling or
                            long-polling (default: websocket)

      Measuring:
        --duration <TIME>   measured time, unless --rate has stages (default: 10s)
        --warmup <TIME>     minimum warm-up, until latency is stable (default: 2s)
        --repeat <N>        fresh starts; reports show their medians (default: 1)
        --workers <N>       generator processes, or auto: as calibrated (default: 1)
        --threshold <EXPR>  fail unless it is met, 'delivery.p99<50ms'; repeatable

      Output:
        --out <DIR>         output folder (default: reports)
        --format <LIST>     list of text, table, md, json, html, hgrm, hlog, csv,
                            badge (default: text,json,html)
        --open              open the page in the browser at the end
        --dashboard [PORT]  show the page while it runs; a free port by default
        --verbose           print every table, then the short end
        --quiet             suppress progress output

      --help-all shows 40 more options; --help after a scenario shows its own.

      Exit codes: 0 passed, 99 threshold failed, 4 threshold inconclusive, 3 invalid.

      Examples:
        sockbench run broadcast-latency --target ws --clients 200 --rate 50/s
        sockbench run room-fanout --transport polling --clients 50 --rooms 5
        sockbench run ack-roundtrip --target ws --threshold 'ack.p99<50ms'
      "
    `);
  });

  it('goes to stderr with exit code 2 when there is no command', async () => {
    const { exitCode, stdout, stderr } = await runFake();
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toBe((await runFake('--help')).stdout);
  });
});

/** The examples in the help of a command, each as the arguments that a shell makes of it. */
async function examplesOf(command: string): Promise<string[][]> {
  const { stdout } = await runFake(command, '--help');
  const examples = stdout.split('\nExamples:\n')[1]?.replaceAll(' \\\n', '') ?? '';
  const lines = examples.trim().split('\n');
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
        broadcast-latency  publishers send, every client receives; latency to each
                           receiver and to the last one
        room-fanout        members publish to their rooms; latency to the first,
                           median and last receiver
        direct-messages    clients write to one another in pairs; latency of each
                           message to its only receiver
        ack-roundtrip      clients send requests in turn; time until each is
                           acknowledged
        stream-reply       one request, several replies, as from an Observable in
                           Nest; time to the first and the last reply
        message-types      the four WebSocket message types: echo of text and bytes,
                           ping to pong, close to clean close
        upgrade            users connect by polling and upgrade to WebSocket; time to
                           upgrade, and round trips meanwhile
        polling-vs-push    few messages to many clients; run it over each transport to
                           compare polling with push
        observe            clients listen to what the server pushes on its own; gaps,
                           and skew between receivers
        idle               clients hold their connections and send nothing; memory of
                           each; at what age and why some are cut
        connect-storm      clients connect at a rate; time of each handshake by stage,
                           and connections accepted per second
        reconnect-storm    all receivers lose their connections at once; time until
                           each is connected, joined and receiving
        recovery           groups of receivers are cut off for given times; what each
                           got again, missed and lost
        churn              receivers leave and join all the time while messages flow;
                           only members expect a message
        slow-consumers     some receivers stop reading, or read slowly; latency of the
                           others before and meanwhile

      Servers
        socketio          Socket.IO on Node.js, rooms in memory; websocket, polling,
                          upgrade
        ws                raw WebSocket (ws) with Nest's envelope {event, data}, rooms
                          kept by the server; websocket
        socketio-bun      Socket.IO on Bun with @socket.io/bun-engine, rooms in
                          memory; websocket, polling, upgrade
        bun-ws            Bun's raw WebSocket with Nest's envelope {event, data}, Bun
                          topics as rooms; websocket
        socketio-cluster  Socket.IO on several Node.js processes with sticky sessions
                          and the cluster adapter; websocket, polling, upgrade
        socketio-redis    Socket.IO on several Node.js processes with sticky sessions
                          and a Redis adapter; websocket, polling, upgrade
        nest-socketio     NestJS gateway on Socket.IO (with Express), namespace
                          /chats, rooms in memory; websocket, polling, upgrade
        nest-ws           NestJS gateway on raw WebSocket (ws, with Express), rooms
                          kept by the gateway; websocket
        http-polling      plain HTTP (node:http), short polling and long polling;
                          short-polling, long-polling

      Drivers
        official (socketio)  socket.io-client, without reconnection
        wire (socketio)      frames and packets of our own, over the kernel's sockets
                             or those of Node.js
        official (ws)        the ws package
        wire (ws)            frames of our own, over the kernel's sockets or those of
                             Node.js
        official (http)      node:http with keep-alive connections

      Formats of a run
        text   tables for a terminal
        table  one row per result
        md     Markdown for a pull request
        json   the stored result
        html   a page with charts and the data that opens from disk
        hgrm   percentiles of the headline series for the HdrHistogram plotter
        hlog   every series over time as an HdrHistogram log
        csv    one row per result and population in fixed units
        badge  an SVG badge of the verdict

      Formats of a repeated run
        text   the median of the starts, and every start
        md     Markdown for a pull request
        json   every start and the figures over them
        html   a page with every start
        csv    one row per figure in fixed units
        badge  an SVG badge of the verdict

      Formats of a comparison
        text                tables for a terminal
        md                  Markdown for a pull request
        json                every round and the verdicts
        html                a page with every round
        csv                 one row per metric of each head and each effect
        badge               an SVG badge of the verdict
        junit               test cases for GitLab, Jenkins and others
        github-summary      Markdown for the summary of a GitHub step
        github-comment      Markdown of at most 15 lines for a comment on a pull
                            request
        github-annotations  workflow commands for the log of a GitHub step
        benchmark-smaller   customSmallerIsBetter of github-action-benchmark
        benchmark-bigger    customBiggerIsBetter of github-action-benchmark
        bencher             Bencher Metric Format
        go                  Go benchmark text for benchstat
        openmetrics         OpenMetrics text

      Formats of a capacity search
        text   the answer and one row per run
        md     Markdown for a pull request
        json   every run and the answer
        html   a page with the curve
        csv    one row per run in fixed units
        badge  an SVG badge of the answer

      Formats of a trend
        text  changes, levels and bars for a terminal
        md    Markdown for a job summary
        json  every history and change
        html  a page with a chart of each metric

      Not supported
        uwebsockets   uWebSockets.js is not on npm; its author publishes its binaries
                      on GitHub only
                      Use --target and --exec to measure your own server that uses it;
                      bun-ws is built on the same C++ library.
        webtransport  neither Node.js nor Bun implements WebTransport, and
                      @fails-components/webtransport, which adds it to Engine.IO,
                      downloads its binary from GitHub
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
      "error: unknown command 'frobnicate'\nThe commands are run, compare, gate, capacity, calibrate, report, trend, merge, trace, serve, list, doctor, init, import and completion.\n",
    ],
    [['run', 'room-fanout', '--room', '3'], "error: unknown option '--room'\nDid you mean --rooms?\n"],
    [
      ['run', 'ack-roundtrip', '--room', '3'],
      "error: unknown option '--room'\nsockbench run ack-roundtrip --help-all shows the flags; an option of your own scenario is given as --option room=VALUE.\n",
    ],
    [['serve', 'ws', '--prot', '1'], "error: unknown option '--prot'\nDid you mean --port?\n"],
    [
      ['serve', 'ws', '--rounds', '3'],
      "error: unknown option '--rounds'\nsockbench serve --help-all shows the flags.\n",
    ],
    [
      ['run'],
      "error: missing required argument 'scenario'\nsockbench run --help shows the usage; sockbench list shows the available names.\n",
    ],
    [
      ['run', 'room-fanout', '--clients'],
      "error: option '--clients <N>' argument missing\nsockbench run --help shows the usage; sockbench list shows the available names.\n",
    ],
    [
      ['run', 'chat'],
      'error: there is no scenario "chat"; available: broadcast-latency, room-fanout, direct-messages, ack-roundtrip, stream-reply, message-types, upgrade, polling-vs-push, observe, idle, connect-storm, reconnect-storm, recovery, churn, slow-consumers\nsockbench list describes each of them.\n',
    ],
    [
      ['run', 'ack-roundtrip', '--rooms', '3'],
      'error: --rooms is not an option of ack-roundtrip; it belongs to room-fanout, polling-vs-push, reconnect-storm and churn\nsockbench run ack-roundtrip --help lists its options.\n',
    ],
    [
      ['run', 'ack-roundtrip', '--exclude-sender'],
      'error: --exclude-sender is not an option of ack-roundtrip; it belongs to broadcast-latency, room-fanout and polling-vs-push\nsockbench run ack-roundtrip --help lists its options.\n',
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
