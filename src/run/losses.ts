import type { Finding } from '../result/findings.ts';
import type { RunResult } from '../result/run-result.ts';
import { plural } from '../text.ts';
import { formatCount, formatNs } from '../units.ts';
import type { BalancedAbsences } from './absences/balance.ts';
import { anomalousAccounts } from './deliveries.ts';
import type { RunParts } from './phases.ts';

/** What is known of a run when its ledger is balanced. */
interface RecordedLosses extends Pick<RunParts, 'membership' | 'collector'> {
  readonly absent: BalancedAbsences;
  /** How many processes of the server accepted connections, as far as that is known. */
  readonly serverProcesses: number;
  readonly warmupMs: number;
  readonly measureMs: number;
}

type LossyAccount = RunResult['ledger']['anomalies'][number];

/**
 * What all lost messages have in common: they are the senders' own copies, they went from one process of the server to
 * another, or they were the first ones that a client should have got. Null where they have none of these in common.
 */
export function findLossPattern(
  run: RecordedLosses,
  { lost, unknown }: Pick<RunResult['ledger'], 'lost' | 'unknown'>,
): Finding | null {
  const { membership } = run;
  if (lost === 0 || unknown > 0 || membership.crosses) return null;
  const isBroadcast = membership.layout.streams.map(
    ({ operation, receivers }) =>
      (operation.kind === 'publish' || operation.kind === 'steps') && receivers.length > 1,
  );
  const losses = anomalousAccounts(run).filter((account) => account.lost > 0);
  if (losses.length === 0 || !losses.every(({ stream }) => isBroadcast[stream] === true)) return null;
  return ownCopies(losses) ?? betweenProcesses(losses, run) ?? firstMessages(losses, run);
}

const isWhole = ({ delivered }: LossyAccount) => delivered === 0;

function ownCopies(losses: readonly LossyAccount[]): Finding | null {
  if (!losses.every((account) => account.receiver === account.sender && isWhole(account))) return null;
  const lost = lostIn(losses);
  const message = `${plural(lost, 'message')} lost, all of them the senders' own copies: the server does not send a message to its sender`;
  return { code: 'sender_excluded', message };
}

/**
 * The processes that serve sender and receiver are known, or show in who gets whose messages: clients of one process get
 * all that the others of it send, and nothing from elsewhere.
 */
function betweenProcesses(losses: readonly LossyAccount[], run: RecordedLosses): Finding | null {
  const nodes = new Map(run.membership.connected.map(({ client, node }) => [client, node]));
  const areKnown = losses.every(
    ({ sender, receiver }) => nodes.get(sender) != null && nodes.get(receiver) != null,
  );
  const lost = formatCount(lostIn(losses));
  if (areKnown) {
    if (losses.some(({ sender, receiver }) => nodes.get(sender) === nodes.get(receiver))) return null;
    const message = `${lost} messages lost, all of them from a client of one server process to a client of another`;
    return { code: 'lost_between_processes', message };
  }
  const groups = groupsOfClients(losses, run);
  if (groups === null) return null;
  const processes = run.serverProcesses > 1 ? ` The server has ${run.serverProcesses} processes` : '';
  const { all, none } = groups;
  const message = `${lost} messages lost, all of them to the same clients: of ${plural(all + none, 'receiver')} beside the sender, ${formatCount(all)} got every message and ${formatCount(none)} got none.${processes}`;
  return { code: 'lost_between_processes', message: message.replace(/\.$/, '') };
}

/** How many receivers of the first stream with losses got all and none of it; null where the streams do not divide the clients. */
function groupsOfClients(
  losses: readonly LossyAccount[],
  { membership }: RecordedLosses,
): { readonly all: number; readonly none: number } | null {
  if (!losses.every((account) => isWhole(account) && account.receiver !== account.sender)) return null;
  const group = new Map<number, number>();
  const find = (client: number): number => {
    const next = group.get(client) ?? client;
    return next === client ? client : find(next);
  };
  const lostAt = new Set(losses.map(({ stream, receiver }) => `${stream} ${receiver}`));
  for (const [stream, { sender }] of membership.layout.streams.entries()) {
    for (const receiver of membership.receivers(stream)) {
      if (!lostAt.has(`${stream} ${receiver}`)) group.set(find(receiver), find(sender));
    }
  }
  if (losses.some(({ sender, receiver }) => find(sender) === find(receiver))) return null;
  const [first] = losses;
  if (first === undefined) return null;
  const others = membership.receivers(first.stream).filter((client) => client !== first.sender);
  const none = others.filter((client) => lostAt.has(`${first.stream} ${client}`)).length;
  return none < others.length ? { all: others.length - none, none } : null;
}

/** Only the first messages are missing at each client that misses any. */
function firstMessages(losses: readonly LossyAccount[], run: RecordedLosses): Finding | null {
  const missed = new Map<string, number>();
  for (const { stream, receiver, count } of run.collector.workers.flatMap(({ missedFirst }) => missedFirst)) {
    missed.set(`${stream} ${receiver}`, count);
  }
  if (!losses.every(({ stream, receiver, lost }) => missed.get(`${stream} ${receiver}`) === lost))
    return null;
  const share = Math.max(...losses.map(({ lost, expected }) => lost / expected));
  const lateMs = run.warmupMs + share * run.measureMs;
  const message = `${plural(lostIn(losses), 'message')} lost, all of them in the first ${formatNs(lateMs * 1e6)} after clients had joined; they got everything later`;
  return { code: 'lost_after_joining', message };
}

function lostIn(losses: readonly LossyAccount[]): number {
  return losses.reduce((sum, { lost }) => sum + lost, 0);
}
