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
  'server_overloaded',
  'imperfect_delivery',
  'corrupted_deliveries',
  'unexpected_deliveries',
  'failed',
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

/** The sentences of one list of findings, each with the shards that it comes from. */
class Sentences {
  readonly #shards = new Map<string, { readonly finding: Finding; readonly labels: string[] }>();

  add(finding: Finding, label: string): void {
    const key = `${finding.code} ${finding.message}`;
    const known = this.#shards.get(key) ?? { finding, labels: [] };
    this.#shards.set(key, known);
    known.labels.push(label);
  }

  /** Each sentence once, after the names of its shards unless all of them say it. */
  take(shards: number): Finding[] {
    return [...this.#shards.values()]
      .slice(0, MAX_SENTENCES)
      .map(({ finding: { code, message }, labels }) => {
        if (labels.length === shards && shards > 1) return { code, message };
        const named = labels.slice(0, MAX_NAMED_SHARDS);
        if (labels.length > named.length) named.push(`${labels.length - named.length} more`);
        return { code, message: `${list(named)}: ${message}` };
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
    const { shard, status } = result;
    const label = shardLabel(shard);
    this.#shards += 1;
    if (shard.lateMs > 0) {
      const message = `${label} began ${formatDurationMs(Math.ceil(shard.lateMs))} after the others`;
      this.#late.push({ code: 'shard_late', message });
    }
    // A run that lost its clients ended early for that reason.
    const isCarried = ({ code }: Finding) =>
      !OF_THE_WHOLE.has(code) || (code === 'clients_lost' && status === 'partial');
    for (const finding of result.invalid.filter(isCarried)) this.#invalid.add(finding, label);
    for (const finding of result.findings.filter(isCarried)) this.#findings.add(finding, label);
    for (const finding of result.notes.filter(isCarried)) this.#notes.add(finding, label);
  }

  take(): { readonly invalid: Finding[]; readonly findings: Finding[]; readonly notes: Finding[] } {
    return {
      invalid: [...this.#late.slice(0, MAX_SENTENCES), ...this.#invalid.take(this.#shards)],
      findings: this.#findings.take(this.#shards),
      notes: this.#notes.take(this.#shards),
    };
  }
}
