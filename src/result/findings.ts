/** Who has to act on a finding: the server under test, the generator, the machine, the user, or no one. */
export type Fault = 'server' | 'generator' | 'machine' | 'user' | 'none';

/** What is known of a finding before it occurs. */
export interface FindingKind {
  readonly fault: Fault;
  /** Whether a run with it is INVALID. Otherwise it is reported beside a valid result. */
  readonly invalidates: boolean;
  /** One sentence for the docs. */
  readonly meaning: string;
  /** What to do, as an imperative clause without a full stop; empty when nothing has to be done. */
  readonly remedy: string;
}

function kind(fault: Fault, invalidates: boolean, meaning: string, remedy = ''): FindingKind {
  return { fault, invalidates, meaning, remedy };
}

const MORE_WORKERS =
  'add generator processes on CPUs of their own (--workers), or reduce the load (--rate, --clients)';
const CHECK_SERVER =
  "check the last output of the server, and run it alone with 'sockbench run' until that run is valid";
const START_SERVER =
  "check that the server starts: run it alone with 'sockbench run' until that run is valid";
const SMALLER_LOAD = 'reduce the load (--clients, --rate), or free memory';
const LONGER = 'measure longer (--duration), or increase the rate (--rate)';
const MEASURE_BASE = 'measure the base beside the head instead: --base-exec CMD or --base-ref REF';

/**
 * Every finding of a run, a comparison or a capacity search: whose fault it is, whether it invalidates the result, and
 * what to do. The only place where codes are classified; a code that is not in this table does not compile.
 */
export const FINDINGS = {
  rate_not_held: kind(
    'generator',
    true,
    'Fewer messages were sent than the schedule intended.',
    MORE_WORKERS,
  ),
  generator_busy: kind('generator', true, 'A generator process used too much of its CPU.', MORE_WORKERS),
  send_lag: kind('generator', true, 'Sends were late, and that changed the reported latency.', MORE_WORKERS),
  receive_uncertainty: kind(
    'generator',
    true,
    'The generator may have received late by too much of the reported latency.',
    MORE_WORKERS,
  ),
  worker_died: kind('generator', true, 'A generator process ended during the run.', SMALLER_LOAD),
  worker_hung: kind('generator', true, 'A generator process did not answer.', SMALLER_LOAD),
  clock: kind(
    'machine',
    true,
    'A latency was zero or negative.',
    'use another machine: the clock of this one goes back',
  ),
  cpu_steal: kind(
    'machine',
    true,
    'The hypervisor gave CPU time of the run to other machines.',
    'use a dedicated machine, or measure at another time',
  ),
  cpu_throttled: kind(
    'machine',
    true,
    'The CPU limit of the control group stopped the run.',
    'raise the CPU limit, or reduce the load (--rate, --clients)',
  ),
  system_limit: kind(
    'machine',
    true,
    'The system of the generator refused to open a client.',
    'raise its limits of open files and local ports (ulimit -n, ip_local_port_range), or use fewer clients (--clients)',
  ),
  server_died: kind('server', true, 'The server ended during the run.', CHECK_SERVER),
  clients_lost: kind(
    'server',
    true,
    'Clients did not connect, did not join, or were dropped.',
    "check the server's limits, or use fewer clients (--clients) or a lower connect rate (--connect-rate)",
  ),
  sender_lost: kind(
    'server',
    true,
    'Messages were not sent because their sender had been dropped.',
    CHECK_SERVER,
  ),
  too_few_samples: kind('server', true, 'Too few samples were measured for a median.', LONGER),
  interrupted: kind('user', true, 'The user stopped the run.', 'let it finish'),
  server_overloaded: kind(
    'server',
    false,
    'The server could not keep up with the load.',
    'reduce the load (--rate, --clients)',
  ),
  imperfect_delivery: kind('server', false, 'Messages were lost, duplicated or delivered out of order.'),
  unexpected_deliveries: kind('server', false, 'Messages reached clients that did not expect them.'),
  failed: kind('server', false, 'Messages or iterations failed.'),
  latency_grows: kind('server', false, 'Latency increased during the step of a capacity search.'),
  objective_missed: kind('server', false, 'An objective of a capacity search did not hold.'),
  uncertain_receive_times: kind(
    'generator',
    false,
    'Latencies may be too high by the time to receive.',
    MORE_WORKERS,
  ),
  warmup_unstable: kind(
    'none',
    false,
    'The warm-up did not stabilize.',
    'use a longer warm-up (--warmup-max)',
  ),
  not_probed: kind('none', false, 'Nothing, or only CPU and memory, is known of the server process.'),
  probe_lines_dropped: kind(
    'none',
    false,
    'The socket of the probe received lines that are not from a probe.',
  ),
  not_pinned: kind('machine', false, 'Server and generator were not pinned to separate CPUs.'),
  server_start: kind('machine', true, 'The reference server did not start.', START_SERVER),
  server_unavailable: kind('user', true, 'The reference server cannot run on this machine.', START_SERVER),
  exec_failed: kind('user', true, 'The command of --exec did not start a server.', START_SERVER),
  port_in_use: kind('user', true, 'The port is in use.', START_SERVER),
  target_in_use: kind('user', true, 'Something already listens at the target.', START_SERVER),
  target_unreachable: kind('server', true, 'No client could connect.', START_SERVER),
  join_unanswered: kind('server', true, 'No client could join its rooms.', START_SERVER),
  run_failed: kind(
    'user',
    true,
    'A run ended with an error of another kind.',
    'fix the error, then compare again',
  ),
  run_crashed: kind('none', true, 'The process of a run crashed.', 'report this bug'),
  not_run: kind('none', true, 'The run was not started, since the round had ended.'),
  not_measured: kind('none', true, 'The run measured nothing.'),
  excluded_pairs: kind('none', true, 'Too many pairs of a comparison were excluded.'),
  environment_changed: kind('user', true, 'The stored base was measured on another machine.', MEASURE_BASE),
  load_changed: kind(
    'user',
    true,
    'The stored base was measured under another load.',
    'use the load of the base, or measure the base again: --base-exec CMD or --base-ref REF',
  ),
  loads_differ: kind('user', false, 'The arms of a comparison have different loads.'),
  base_is_head: kind('user', false, 'Base and head are the same commit.'),
  base_submodules: kind('none', false, 'Submodules are empty in the base.'),
  base_not_installed: kind('user', false, 'The base has no lock file, so nothing was installed.'),
} as const satisfies Readonly<Record<string, FindingKind>>;

export type FindingCode = keyof typeof FINDINGS;

export const FINDING_CODES = Object.keys(FINDINGS) as [FindingCode, ...FindingCode[]];

/** A code and a sentence with the values of this occurrence. */
export interface Finding {
  readonly code: FindingCode;
  readonly message: string;
}

/** Whose fault a finding is. */
export function faultOf({ code }: Pick<Finding, 'code'>): Fault {
  return FINDINGS[code].fault;
}

/** The finding for an error that ended a run before it measured anything; `code` is that of the SockbenchError. */
export function findingOfError({
  code,
  message,
}: {
  readonly code: string;
  readonly message: string;
}): Finding {
  const known = FINDING_CODES.find((each) => each === code.toLowerCase());
  return { code: known ?? 'run_failed', message };
}
