import { list } from '../../text.ts';
import { formatDurationMs } from '../../units.ts';
import type { Finding, FindingCode } from '../findings.ts';
import { shardLabel } from './labels.ts';
import type { ShardResult } from './shard-set.ts';

/** Findings that the figures of all shards together show again, or show to be wrong. */
const OF_THE_WHOLE: ReadonlySet<FindingCode> = new Set<FindingCode>([
  'rate_not_held',
  'generator_busy',
  'send_lag',
  'receive_uncertainty',
  'clients_lost',
  'sender_lost',
  'send_failed',
  'too_few_samples',
  'nothing_arrived',
  'server_overloaded',
  'machine_overloaded',
  'imperfect_delivery',
  'corrupted_deliveries',
  'slow_readers',
  'unexpected_deliveries',
  'failed',
  'rejected',
  'all_rejected',
  'latency_grows',
  'late_at_end',
  'uncertain_receive_times',
  'warmup_unstable',
  // A merge says by itself who was late.
  'shard_late',
]);

/** Shards that one sentence names, and sentences of one list. The others are in the results of the shards. */
const MAX_NAMED_SHARDS = 5;
const MAX_SENTENCES = 300;
/** Sentences of a file are longer than this only where it was forged. */
const MAX_SENTENCE = 4000;

/** A shard that a finding comes from. */
type FindingSource = Pick<ShardResult['shard'], 'index' | 'count' | 'host'>;

/** The sentences of one list of findings, each with the shards that it comes from. */
class Sentences {
  readonly #said = new Map<string, { readonly finding: Finding; readonly shards: FindingSource[] }>();

  add(finding: Finding, shard: FindingSource): void {
    const key = `${finding.code} ${finding.message}`;
    const known = this.#said.get(key) ?? { finding, shards: [] };
    this.#said.set(key, known);
    // A shard may say the same twice.
    if (!known.shards.includes(shard)) known.shards.push(shard);
  }

  /** Each sentence once, after the names of its shards unless all of them say it. */
  take(shards: number): Finding[] {
    const first = ({ shards: [source] }: { readonly shards: readonly FindingSource[] }) => source?.index ?? 0;
    const said = [...this.#said.values()].sort((a, b) => first(a) - first(b)).slice(0, MAX_SENTENCES);
    return said.map(({ finding: { code, message }, shards: sources }) => {
      if (sources.length === shards && shards > 1) return { code, message };
      const named = sources.slice(0, MAX_NAMED_SHARDS).map(shardLabel);
      if (sources.length > named.length) named.push(`${sources.length - named.length} more`);
      return { code, message: `${list(named)}: ${message.slice(0, MAX_SENTENCE)}` };
    });
  }
}

/** What the shards found that only they could find. */
export class CarriedFindings {
  readonly #late: Finding[] = [];
  readonly #invalid = new Sentences();
  readonly #findings = new Sentences();
  readonly #notes = new Sentences();
  #shards = 0;

  add(result: ShardResult): void {
    const { status } = result;
    const { index, count, host, lateMs } = result.shard;
    const shard: FindingSource = { index, count, host };
    this.#shards += 1;
    if (lateMs > 0) {
      const message = `${shardLabel(shard)} began ${formatDurationMs(Math.ceil(lateMs))} after the others`;
      this.#late.push({ code: 'shard_late', message });
    }
    // A run that lost its clients ended early for that reason.
    const isCarried = ({ code }: Finding) =>
      !OF_THE_WHOLE.has(code) || (code === 'clients_lost' && status === 'partial');
    for (const finding of result.invalid.filter(isCarried)) this.#invalid.add(finding, shard);
    for (const finding of result.findings.filter(isCarried)) this.#findings.add(finding, shard);
    for (const finding of result.notes.filter(isCarried)) this.#notes.add(finding, shard);
  }

  take(): { readonly invalid: Finding[]; readonly findings: Finding[]; readonly notes: Finding[] } {
    return {
      invalid: [...this.#late.slice(0, MAX_SENTENCES), ...this.#invalid.take(this.#shards)],
      findings: this.#findings.take(this.#shards),
      notes: this.#notes.take(this.#shards),
    };
  }
}
