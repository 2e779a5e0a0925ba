import { isAwayAt } from '../../measure/absence.ts';

/** When clients were away, as their workers have reported it so far. */
export class AwayTimes {
  readonly #byClient = new Map<number, Array<{ readonly fromNs: number; backNs: number }>>();

  /** Takes `away` of a snapshot. An absence that goes on is reported again. */
  add(away: Float64Array): void {
    for (let at = 0; at + 2 < away.length; at += 3) {
      const [client = 0, fromNs = 0, backNs = Number.POSITIVE_INFINITY] = away.subarray(at, at + 3);
      const spans = this.#byClient.get(client) ?? [];
      this.#byClient.set(client, spans);
      const known = spans.findLast((span) => span.fromNs === fromNs);
      if (known === undefined) spans.push({ fromNs, backNs });
      else known.backNs = backNs;
    }
  }

  /** How many of some clients were away at a time. */
  countAt(timeNs: number, isMeant: (client: number) => boolean): number {
    let away = 0;
    for (const [client, spans] of this.#byClient) {
      if (spans.some((span) => isAwayAt(span, timeNs)) && isMeant(client)) away += 1;
    }
    return away;
  }
}
