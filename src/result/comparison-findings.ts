import { type FindingKind, invalid, note } from './finding-kinds.ts';

const START_SERVER =
  "check that the server starts: run it alone with 'sockbench run' until that run is valid";
const MEASURE_BASE = 'measure the base beside the head instead: --base-exec CMD or --base-ref REF';

/** The findings of comparisons and repeated runs, and of runs that ended before they measured anything. */
export const COMPARISON_FINDINGS = {
  server_start: invalid('machine', 'The reference server did not start.', START_SERVER),
  server_unavailable: invalid('user', 'The reference server cannot run on this machine.', START_SERVER),
  exec_failed: invalid('user', 'The command of --exec did not start a server.', START_SERVER),
  port_in_use: invalid('user', 'The port is in use.', START_SERVER),
  target_in_use: invalid('user', 'Something already listens at the target.', START_SERVER),
  target_unreachable: invalid('server', 'No client could connect.', START_SERVER),
  join_unanswered: invalid('server', 'No client could join its rooms.', START_SERVER),
  run_failed: invalid(
    'user',
    'A run ended with an error of another kind.',
    'fix the error, then compare again',
  ),
  run_crashed: invalid('none', 'The process of a run crashed.', 'report this bug'),
  run_hung: invalid(
    'machine',
    'The process of a run was silent for 30 s, or for 10 s after a stop, and was ended.',
    'do not stop its process, and check that the functions of your files return',
  ),
  not_run: invalid('none', 'The run was not started, since the round had ended.'),
  not_measured: invalid('none', 'The run measured nothing.'),
  excluded_pairs: invalid(
    'none',
    'Too many pairs of a comparison were excluded, or rounds of one over factors.',
  ),
  tails_left_out: note(
    'machine',
    'The generator or the machine disturbed quantiles of latency over the highest gating one in a round, which has no value of them.',
    'use a quieter machine to compare the tail too',
  ),
  excluded_starts: invalid(
    'none',
    'Half of the starts of a repeated run, or more, were excluded.',
    'remove what made the starts invalid, then repeat the run',
  ),
  starts_differ: note(
    'none',
    'The starts of a repeated run differ by more than their own intervals explain.',
    'report the median of several starts (--repeat), since one start is not enough',
  ),
  server_not_restarted: note(
    'user',
    'The server was already running, so that the starts of a repeated run have new generator processes only.',
    'let sockbench start the server (--exec) to see how its starts differ',
  ),
  environment_changed: invalid('user', 'The stored base was measured on another machine.', MEASURE_BASE),
  load_changed: invalid(
    'user',
    'The stored base was measured under another load.',
    'use the load of the base, or measure the base again: --base-exec CMD or --base-ref REF',
  ),
  generators_differ: note(
    'user',
    'The arms of a comparison were timed by different clocks, so that latencies differ by the generator, too.',
    'to compare servers alone, give all arms the same --driver and --sockets',
  ),
  loads_differ: note('user', 'The arms of a comparison have different loads.'),
  base_is_head: note('user', 'Base and head are the same commit.'),
  base_submodules: note('none', 'Submodules are empty in the base.'),
  base_not_installed: note('user', 'The base has no lock file, so nothing was installed.'),
} as const satisfies Readonly<Record<string, FindingKind>>;
