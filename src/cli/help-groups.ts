/** A section of help. Options stand in the order of these lists, the most used first. */
interface HelpGroup {
  readonly title: string;
  /** Names of options that --help shows. */
  readonly usual: readonly string[];
  /** Names of options that only --help-all shows, where a command has many. */
  readonly rare: readonly string[];
}

export const OTHER_GROUP = 'Other';
/** The place of the options of a scenario that was named. */
export const SCENARIO_PLACE = 'Scenario';

/** The place of every option in help, by its name in camelCase. A command has some of them. */
const HELP_GROUPS: readonly HelpGroup[] = [
  {
    title: 'Comparison',
    usual: ['arm', 'baseExec', 'baseRef', 'baseline', 'rounds', 'metric', 'by', 'inconclusive'],
    rare: ['baseInstall', 'orderSeed'],
  },
  {
    title: 'Search',
    usual: ['objective', 'vary', 'from', 'to', 'lost'],
    rare: ['repeats', 'longestStep', 'searchTime'],
  },
  { title: SCENARIO_PLACE, usual: [], rare: ['option'] },
  {
    title: 'Load',
    usual: ['clients', 'rate', 'payload'],
    rare: ['arrival', 'payloadSizes', 'payloadType', 'senderCooldown', 'seed', 'connectRate'],
  },
  {
    title: 'Target',
    usual: ['target', 'exec', 'transport', 'host', 'port'],
    rare: [
      ...[
        'driver',
        'allowRemote',
        'runtime',
        'namespace',
        'parser',
        'compression',
        'recovery',
        'recoveryWindow',
        'processes',
        'redis',
        'redisAdapter',
      ],
      ...['pollInterval', 'sockets', 'sourceAddresses'],
    ],
  },
  {
    title: 'Measuring',
    usual: ['duration', 'warmup', 'repeat', 'quick', 'workers', 'threshold'],
    rare: ['profile', 'warmupMax', 'drain', 'lateAfter', 'connectTimeout', 'verify', 'pin', 'config'],
  },
  { title: 'Network', usual: [], rare: ['population', 'network', 'networkVia', 'disrupt', 'reconnect'] },
  { title: 'Shards', usual: [], rare: ['shard', 'rendezvous', 'startAt', 'rendezvousTimeout'] },
  {
    title: 'Output',
    usual: ['out', 'format', 'open', 'dashboard', 'verbose', 'quiet', 'environment', 'force'],
    rare: ['progress', 'checkpoint'],
  },
  { title: OTHER_GROUP, usual: [], rare: [] },
];

const ORDER = HELP_GROUPS.flatMap(({ title, usual, rare }) => [...usual, ...rare, title]);
const RARE = new Set(HELP_GROUPS.flatMap(({ rare }) => rare));

/** The title of the group of an option. */
export function groupOf(name: string): string {
  const group = HELP_GROUPS.find(({ usual, rare }) => usual.includes(name) || rare.includes(name));
  return group?.title ?? OTHER_GROUP;
}

/** Whether only --help-all shows an option, where a command has many. */
export function isRare(name: string): boolean {
  return RARE.has(name);
}

/** Compares two options by their place in help. Options of one place keep their order. */
export function byPlace(first: string, second: string): number {
  return placeInHelp(first) - placeInHelp(second);
}

/** An option that is in no list stands at the end of its group. */
function placeInHelp(name: string): number {
  const index = ORDER.indexOf(name);
  return index < 0 ? ORDER.indexOf(OTHER_GROUP) : index;
}
