import { ABSENCE_FINDINGS } from './absence-findings.ts';
import { COMPARISON_FINDINGS } from './comparison-findings.ts';
import { type FindingKind, invalid, note } from './finding-kinds.ts';
import { LINK_FINDINGS } from './link-findings.ts';
import { SAMPLE_FINDINGS } from './sample-findings.ts';
import { STEADY_FINDINGS } from './steady-findings.ts';

const MORE_WORKERS =
  'add generator processes on CPUs of their own (--workers), or reduce the load (--rate, --clients)';
const CHECK_SERVER =
  "check the last output of the server, and run it alone with 'sockbench run' until that run is valid";
const SMALLER_LOAD = 'reduce the load (--clients, --rate), or free memory';

/**
 * Every finding of a run, a comparison or a capacity search: whose fault it is, whether it invalidates the result, and
 * what to do. The only place where codes are classified; a code that is not in this table does not compile.
 */
export const FINDINGS = {
  rate_not_held: invalid('generator', 'Fewer messages were sent than the schedule intended.', MORE_WORKERS),
  generator_busy: invalid('generator', 'A generator process used too much of its CPU.', MORE_WORKERS),
  generator_behind: invalid('generator', 'The generator read too late for the server to send.', MORE_WORKERS),
  send_lag: invalid('generator', 'Sends were late, and that changed the reported latency.', MORE_WORKERS),
  receive_uncertainty: invalid(
    'generator',
    'The generator may have received late by too much of the reported latency.',
    MORE_WORKERS,
  ),
  generator_stalled: invalid(
    'machine',
    'A generator process was held up while messages waited for it, and that changed the reported latency.',
    'stop other programs on the CPUs of the generator, or use a quieter machine',
  ),
  worker_died: invalid('generator', 'A generator process ended during the run.', SMALLER_LOAD),
  worker_hung: invalid('generator', 'A generator process did not answer.', SMALLER_LOAD),
  clock: invalid(
    'machine',
    'A latency was zero or negative.',
    'use another machine: the clock of this one goes back',
  ),
  receive_clocks_differ: invalid(
    'machine',
    'Messages were timed by different clocks: some by the kernel, others by the generator.',
    'time all of them by the generator (--sockets node), or run on machines whose kernel can (--sockets kernel)',
  ),
  cpu_steal: invalid(
    'machine',
    'The hypervisor gave CPU time of the run to other machines.',
    'use a dedicated machine, or measure at another time',
  ),
  cpu_throttled: invalid(
    'machine',
    'The CPU limit of the control group stopped the run.',
    'raise the CPU limit, or reduce the load (--rate, --clients)',
  ),
  system_limit: invalid(
    'machine',
    'The system of the generator refused to open a client.',
    'raise the limits of open files and local ports (ulimit -n, ip_local_port_range), or use fewer clients (--clients)',
  ),
  shard_late: invalid(
    'user',
    'A shard of the run began after the others.',
    'give the shards more time to start (a later --start-at), or let them wait for one another (--rendezvous)',
  ),
  server_died: invalid('server', 'The server ended during the run.', CHECK_SERVER),
  sticky_sessions: invalid(
    'server',
    'Requests of polling clients reached a server process that does not know their session.',
    'let the load balancer send all requests of a client to one process (sticky sessions), or use --transport websocket',
  ),
  clients_lost: invalid(
    'server',
    'Clients did not connect, did not join, or were dropped.',
    'check whether the server expects heartbeats (keepAlive, answer or acknowledge of the target file) and its limits, or use fewer clients (--clients) or a lower connect rate (--connect-rate)',
  ),
  sender_lost: invalid('server', 'Messages were not sent: their sender had been dropped.', CHECK_SERVER),
  send_failed: invalid(
    'user',
    'Messages were not sent because a function of the target failed.',
    'correct that function of the target file',
  ),
  all_rejected: invalid(
    'server',
    'The server rejected every message.',
    "check the reasons: let clients log in or join first, or stay below the server's limits (--rate, --clients)",
  ),
  nothing_arrived: invalid(
    'server',
    'No message arrived that the target recognizes, or no push.',
    "compare what the clients receive with the target file: 'sockbench trace' shows each message, and delivery (echoed, observe) names the event",
  ),
  interrupted: invalid('user', 'The user stopped the run.', 'let it finish'),
  run_killed: invalid('user', 'The run was killed; its last checkpoint remains.', 'let it finish'),
  server_overloaded: note(
    'server',
    'The server could not keep up with the load: messages queued while it was at its limit.',
    'reduce the load (--rate, --clients)',
  ),
  machine_overloaded: note(
    'machine',
    'Messages queued while processes waited for a CPU; the server was not at its limit.',
    'stop other work on this machine, use a quieter one, or reduce the load (--rate, --clients)',
  ),
  imperfect_delivery: note('server', 'Messages were lost, duplicated or delivered out of order.'),
  sender_excluded: note(
    'user',
    'The server does not send a message to its sender, whose own copies count as lost.',
    'give --exclude-sender, or leave the sender out of the receivers of your own scenario',
  ),
  lost_between_processes: note(
    'server',
    'Messages were lost only between clients that different processes of the server serve.',
    'connect the processes of the server by an adapter (Redis, cluster), and check that every client joins its room',
  ),
  lost_after_joining: note(
    'server',
    'Messages were lost only in the first time after clients had joined.',
    'let the server acknowledge that a client has joined (reply of join), or use a longer warm-up (--warmup)',
  ),
  corrupted_deliveries: note(
    'server',
    'Messages arrived with another length or content than was sent.',
    'set changesPayload in the target file if the server does that intentionally',
  ),
  unexpected_deliveries: note(
    'server',
    'Clients received messages that were not sent to them, or never sent.',
  ),
  undecoded_messages: note(
    'none',
    'The codec of the target could not decode some messages of the server.',
    'let decode return null for messages that are no events, or correct it: sockbench trace shows the messages',
  ),
  connections_cut: note(
    'server',
    'Connections that clients held were cut.',
    'check the idle timeouts of the server, and of proxies and load balancers before it',
  ),
  slow_readers: note('none', 'The plan kept some clients from reading.'),
  no_stages: note('none', 'The driver reports no stages of a handshake.'),
  failed: note('server', 'Messages or iterations failed.'),
  rejected: note(
    'server',
    'The server rejected messages.',
    "check the reasons: let clients log in or join first, or stay below the server's limits (--rate, --clients)",
  ),
  replies_in_order: note(
    'none',
    'Replies without a payload were matched to requests in the order in which these were sent.',
  ),
  requests_broadcast: note('none', 'The server also broadcast requests. These copies are not counted.'),
  slow_functions: note(
    'user',
    'An async function of the target took a considerable part of the latency.',
    'prepare what it waits for in advance, such as tokens in prepare of the target',
  ),
  late_at_end: note(
    'none',
    'Many messages arrived after the end of the schedule; nothing shows that the server was at its limit.',
  ),
  objective_missed: note('server', 'An objective of a capacity search did not hold.'),
  uncertain_receive_times: note(
    'generator',
    'Latencies may be too high by the time to receive.',
    MORE_WORKERS,
  ),
  wall_clock_set: note(
    'machine',
    'The wall clock was set during the run.',
    'keep it from being set while a run measures',
  ),
  not_timed: note(
    'machine',
    'Deliveries between the hosts of shards were counted without a latency.',
    'let the shards compare their clocks (--rendezvous), on hosts that are close to one another',
  ),
  push_resolution: note(
    'none',
    'The server says when it sent a push in coarse steps; `push_latency` is no finer.',
    '',
  ),
  push_not_timed: note(
    'user',
    'The server runs on another host, so that `push_latency` is not measured.',
    'run sockbench on the host of the server',
  ),
  shards_differ: note('machine', 'The shards of a run had different machines or programs.'),
  not_probed: note('none', 'Nothing, or only CPU and memory, is known of the server process.'),
  inside_artillery: note(
    'none',
    'The load ran inside Artillery, which decided how many users came, when, and in which threads.',
  ),
  machine_busy: note(
    'machine',
    'The generator was too slow because other programs used its CPUs.',
    'stop other work on this machine, or use a quieter one',
  ),
  profiled: note(
    'user',
    'A CPU profiler ran in the server, so figures are slower than without it.',
    'use the profile to see where time goes, and measure without --profile for figures',
  ),
  not_profiled: note(
    'user',
    'No CPU profile of a process of the server was written.',
    'give --profile only for a server that runs on Node.js 22.18 or later',
  ),
  probe_lines_dropped: note('none', 'The socket of the probe received lines that are not from a probe.'),
  still_listening: note(
    'user',
    'A process still listened on the port of the server after the server was stopped.',
    'end that process; the command of --exec must keep its server in the foreground',
  ),
  not_left: note(
    'user',
    'Clients closed their connections although the `leave` of the target had failed.',
    'check that function of the target, and what the server answers',
  ),
  grows: note('server', 'Memory, latency or losses grew all through the run.', 'compare heap snapshots'),
  gaps_forgotten: note(
    'none',
    'More messages were missing than a generator process remembers one by one: of the oldest, those that arrived later count as duplicates, and those that were missed during an absence as lost.',
  ),
  checkpoint_failed: note('machine', 'A checkpoint could not be written.', 'free space in the --out folder'),
  source_addresses: note('none', 'Clients connected from more than one address of this machine.'),
  not_pinned: note('machine', 'Server and generator were not pinned to separate CPUs.'),
  ...STEADY_FINDINGS,
  ...SAMPLE_FINDINGS,
  ...ABSENCE_FINDINGS,
  ...LINK_FINDINGS,
  ...COMPARISON_FINDINGS,
} as const satisfies Readonly<Record<string, FindingKind>>;

export type FindingCode = keyof typeof FINDINGS;

export const FINDING_CODES = Object.keys(FINDINGS) as [FindingCode, ...FindingCode[]];

/** A code and a sentence with the values of this occurrence. */
export interface Finding {
  readonly code: FindingCode;
  readonly message: string;
  /** The highest quantile of latencies that is right in spite of it: 0.5, 0.9 or 0.95; missing where none is known to be. */
  readonly soundUpTo?: number | undefined;
}

/** The finding for an error that ended a run before it measured anything; `code` is that of the SockbenchError. */
export function findingOfError(error: { readonly code: string; readonly message: string }): Finding {
  const code = FINDING_CODES.find((each) => each === error.code.toLowerCase()) ?? 'run_failed';
  return { code, message: error.message };
}
