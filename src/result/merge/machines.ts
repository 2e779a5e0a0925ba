import { foreign } from '../../foreign.ts';
import { shardText } from '../../plan/shard.ts';
import { list } from '../../text.ts';
import type { Finding } from '../findings.ts';
import { environmentFingerprint } from '../fingerprint.ts';
import type { MergedShard, ProcessTelemetry, RunResult } from '../run-result.ts';
import type { HostClocks } from './host-clocks.ts';
import type { ShardResult } from './shard-set.ts';

/** Values of one field that a note names. */
const MAX_NAMED_VALUES = 3;
const SHOWN_CHARACTERS = 60;

/** The machines of all shards: where each one ran, and what its processes used. */
export class Machines {
  readonly #shards: Array<Omit<MergedShard, 'clockBoundNs' | 'clockProblem'>> = [];
  readonly #processes: Array<{ readonly index: number; readonly telemetry: RunResult['telemetry'] }> = [];
  /** By field: its values, and the first shard that has each. */
  readonly #values = new Map<string, Map<string, number>>();

  add(result: ShardResult): void {
    const { shard, startedAt, environment, clock, telemetry, tool } = result;
    const { index, count, host, rendezvous, meeting, lateMs } = shard;
    this.#shards.push({
      ...{ index, count, host, rendezvous, meeting, lateMs, startedAt, environment, clock },
      toolVersion: tool.version,
    });
    // Processes of all hosts stay apart.
    const named = (process: ProcessTelemetry) => ({
      ...process,
      role: `shard ${index}, ${foreign(process.role, SHOWN_CHARACTERS)} (${foreign(host, SHOWN_CHARACTERS)})`,
    });
    const { servers, workers } = telemetry;
    this.#processes.push({ index, telemetry: { servers: servers.map(named), workers: workers.map(named) } });
    for (const [field, value] of Object.entries(comparedOf(result))) {
      const values = this.#values.get(field) ?? new Map<string, number>();
      this.#values.set(field, values);
      values.set(value, Math.min(index, values.get(value) ?? index));
    }
  }

  get telemetry(): RunResult['telemetry'] {
    const byIndex = this.#processes.toSorted((a, b) => a.index - b.index);
    return {
      servers: byIndex.flatMap(({ telemetry }) => telemetry.servers),
      workers: byIndex.flatMap(({ telemetry }) => telemetry.workers),
    };
  }

  /** The shards by index, with how their clocks compare. */
  shards(clocks: HostClocks): MergedShard[] {
    return this.#shards
      .toSorted((a, b) => a.index - b.index)
      .map((shard) => ({ ...shard, ...clocks.boundOf(shard.index) }));
  }

  /** The environment of the first shard, which stands for the run. */
  get environment(): RunResult['environment'] | undefined {
    return this.#shards.find(({ index }) => index === 1)?.environment;
  }

  /** Names what the machines and programs of the shards do not have in common; null when they are alike. */
  noteDifferences(): Finding | null {
    const differing = [...this.#values].filter(([, values]) => values.size > 1);
    if (differing.length === 0) return null;
    const count = this.#shards.length;
    const texts = differing.map(([field, values]) => {
      const named = [...values].sort(([, a], [, b]) => a - b).slice(0, MAX_NAMED_VALUES);
      const each = named.map(
        ([value, index]) => `${foreign(value, SHOWN_CHARACTERS)} (shard ${shardText({ index, count })})`,
      );
      if (values.size > each.length) each.push(`${values.size - each.length} more`);
      return `${foreign(field, SHOWN_CHARACTERS)} ${list(each)}`;
    });
    return {
      code: 'shards_differ',
      message: `the shards ran on different machines or programs: ${texts.join('; ')}`,
    };
  }
}

/** What matters where shards are compared; which CPUs each process was bound to does not. */
function comparedOf(result: ShardResult): Readonly<Record<string, string>> {
  const { commit, dirty, packages } = result.environment;
  const {
    'CPUs of the server': _,
    'CPUs of the generator': __,
    ...fields
  } = environmentFingerprint(result) as Record<string, string>;
  return {
    ...fields,
    ...packages,
    commit: commit === null ? '-' : `${commit.slice(0, 12)}${dirty === true ? ' with changes' : ''}`,
  };
}
