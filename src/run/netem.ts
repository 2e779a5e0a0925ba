import { spawnSync } from 'node:child_process';
import { fail } from '../errors.ts';
import { foreign } from '../foreign.ts';
import type { Link } from '../plan/link.ts';
import type { Plan } from '../plan/plan.ts';

/** Packets that wait at most: more than connections on loopback have in flight, so that only `loss` loses any. */
const MAX_PACKETS = 100_000;
const TRIAL_WITHIN_MS = 5000;

/** The arguments of `netem` for a link (tc-netem(8)). Every packet crosses loopback once, so that they are of one direction. */
export function netemArguments({ latencyMs, jitterMs, rateBps, loss }: Link): string {
  const parts = [
    'netem',
    `limit ${MAX_PACKETS}`,
    latencyMs === 0 ? '' : `delay ${latencyMs * 1000}us${jitterMs === 0 ? '' : ` ${jitterMs * 1000}us`}`,
    loss === 0 ? '' : `loss ${Number((loss * 100).toFixed(6))}%`,
    rateBps === null ? '' : `rate ${rateBps}bit`,
  ];
  return parts.filter((part) => part !== '').join(' ');
}

/** Runs a command. Only its status, its error and what it printed as an error are read. */
type RunCommand = (
  file: string,
  args: readonly string[],
) => { readonly status: number | null; readonly error?: Error | undefined; readonly stderr: string };

const tryCommand: RunCommand = (file, args) =>
  spawnSync(file, args, { timeout: TRIAL_WITHIN_MS, encoding: 'utf8' });

/**
 * Returns the beginning of a command that runs in a network namespace of its own, whose loopback has the link of a plan;
 * empty for a plan without netem. The namespace ends with its last process. Throws NETEM where this system cannot have one.
 */
export function inNetwork({ network }: Pick<Plan, 'network'>, run: RunCommand = tryCommand): string[] {
  const [link] = network?.links ?? [];
  if (network?.via !== 'netem' || link === undefined) return [];
  const script = `ip link set lo up && tc qdisc add dev lo root ${netemArguments(link)} && exec "$@"`;
  const command = ['unshare', '--net', 'sh', '-c', script, 'sh'];
  const [file = '', ...args] = command;
  const { status, error, stderr } = run(file, [...args, 'true']);
  if (status === 0) return command;
  const problem = error?.message ?? foreign(stderr.trim().split('\n').at(-1) ?? '').replace(/^Error: /, '');
  return fail(
    'NETEM',
    `--network-via netem is not possible here: ${problem === '' ? `exit code ${status}` : problem}`,
    netemHint(problem),
  );
}

function netemHint(problem: string): string {
  if (/qdisc kind is unknown|specified qdisc not found/i.test(problem))
    return 'The kernel has no netem: load it with modprobe sch_netem, or use --network-via relay.';
  if (/not permitted|permission/i.test(problem))
    return 'Run it as root: in a container with CAP_SYS_ADMIN and CAP_NET_ADMIN. --network-via relay needs no privileges.';
  return 'It needs Linux, root, unshare (util-linux), and ip and tc (iproute2). --network-via relay needs none of them.';
}
