import type { Comparison } from '../../result/comparison.ts';
import type { RunResult } from '../../result/run-result.ts';
import type { ProfiledFunction, StoredProfile } from '../../result/stored-profile.ts';
import { plural } from '../../text.ts';
import { formatPercent } from '../../units.ts';
import { type Block, detailsBlock, notesBlock, tableBlock } from '../blocks.ts';
import { type Column, column, tabulate } from './table.ts';

const SHOWN_FUNCTIONS = 15;

const SELF_MEANING = 'share of the CPU profile without idling, in the code of the function itself';
const PROGRAM = '(program) is native code and system calls';

/** `servers/ws.ts:31`; empty for native code. */
function functionPlace({ file, line }: ProfiledFunction): string {
  return file === '' ? '' : `${file}:${line}`;
}

function shareColumn<Row>(id: string, title: string, value: (row: Row) => number | null): Column<Row> {
  return column(id, title, 'share', SELF_MEANING, value, { unitGroup: 'self' });
}

/** The functions with the most time of their own in one process. */
function profileBlocks(profile: StoredProfile, role: string): Block[] {
  const { busyMs, sampledMs, probeMs, file, intervalUs, functions } = profile;
  const columns: ReadonlyArray<Column<ProfiledFunction>> = [
    column('function', 'function', 'text', 'as V8 names it', ({ name }) => name),
    shareColumn('self', 'self', ({ selfMs }) => (busyMs === 0 ? null : selfMs / busyMs)),
    column('time', 'time', 'duration', 'the same as time', ({ selfMs }) => selfMs * 1e6),
    column('place', 'file and line', 'text', 'where the function begins', functionPlace),
  ];
  const shown = functions.slice(0, SHOWN_FUNCTIONS);
  const busy = sampledMs === 0 ? 0 : busyMs / sampledMs;
  const probe = sampledMs === 0 ? 0 : probeMs / sampledMs;
  const notes = [
    `sampled every ${intervalUs / 1000} ms; busy ${formatPercent(busy)} of the measured time, without ${formatPercent(probe)} in the probe of sockbench; ${PROGRAM}`,
    ...(file === null ? [] : [`the whole profile, for Chrome DevTools or an editor: ${file}`]),
  ];
  return tableBlock(`CPU profile: ${role}`, tabulate(columns, shown), notes);
}

/** The CPU profile of each process of the server; nothing for a run without --profile. */
export function runProfileBlocks({ profiles, telemetry }: RunResult): Block[] {
  const roleOf = (pid: number) =>
    telemetry.servers.find((process) => process.pid === pid)?.role ?? `process ${pid}`;
  const blocks = (profiles ?? []).flatMap((profile) => profileBlocks(profile, roleOf(profile.pid)));
  return detailsBlock('CPU profile', 'text', blocks);
}

/** One function in all arms: its share of the busy time of each; null where it is not among those stored. */
interface SharedFunction extends ProfiledFunction {
  readonly shares: ReadonlyArray<number | null>;
}

/** The functions of all profiles of each arm. A function is the same in two arms where its name and file are. */
function joinArms(arms: ReadonlyArray<readonly StoredProfile[]>): SharedFunction[] {
  const joined = new Map<string, ProfiledFunction & { shares: Array<number | null> }>();
  for (const [arm, profiles] of arms.entries()) {
    const busyMs = profiles.reduce((sum, profile) => sum + profile.busyMs, 0);
    for (const each of profiles.flatMap(({ functions }) => functions)) {
      const key = JSON.stringify([each.name, each.file]);
      const row = joined.get(key) ?? { ...each, shares: arms.map(() => null) };
      row.shares[arm] = (row.shares[arm] ?? 0) + (busyMs === 0 ? 0 : each.selfMs / busyMs);
      joined.set(key, row);
    }
  }
  const largest = ({ shares }: SharedFunction) => Math.max(...shares.map((share) => share ?? 0));
  return [...joined.values()].sort((a, b) => largest(b) - largest(a));
}

/** The CPU profiles of the arms side by side, each over all of its rounds; nothing without --profile. */
export function comparisonProfileBlocks({ design, rounds }: Comparison): Block[] {
  const arms = design.arms.map((_, arm) =>
    rounds.flatMap(({ runs }) =>
      runs.flatMap((run) => (run.arm === arm ? (run.result?.profiles ?? []) : [])),
    ),
  );
  const count = arms.flat().length;
  if (count === 0) return [];
  const columns: ReadonlyArray<Column<SharedFunction>> = [
    column('function', 'function', 'text', 'as V8 names it', ({ name }) => name),
    ...design.arms.map(({ name }, arm) =>
      shareColumn<SharedFunction>(`self_${arm}`, name, ({ shares }) => shares[arm] ?? null),
    ),
    column('place', 'file and line', 'text', 'where the function begins', functionPlace),
  ];
  const shown = joinArms(arms).slice(0, SHOWN_FUNCTIONS);
  const files = arms.flat().flatMap(({ file }) => file ?? []);
  const notes = [
    `share of the busy time of each arm, over all rounds; a dash: too little to be stored; ${PROGRAM}`,
  ];
  return [
    { kind: 'heading', text: 'CPU profiles' },
    ...tableBlock('Functions of the server with the most time of their own', tabulate(columns, shown), notes),
    ...detailsBlock(
      `${plural(files.length, 'profile')}, for Chrome DevTools or an editor`,
      'html',
      notesBlock(files),
    ),
  ];
}
