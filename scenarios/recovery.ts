import { defineScenario, fail, option, parseDurationMs } from '../src/contract/scenario.ts';
import { INCLUDE_SENDER, roomsWithPublisher } from './reconnect-storm.ts';

/** When the first cut begins, and how long a client is back before the second one. */
const FIRST_AT_MS = 2000;
const BETWEEN_MS = 1000;

/** Of each length: after an event, before any event of the session, and twice in a row. */
const WAYS = 3;
const MAX_LENGTHS = 10;

function parseCuts(text: string): string {
  const lengths = text.split(',').map((each) => each.trim());
  const tooShort = lengths.find((each) => parseDurationMs(each) <= 0);
  if (tooShort !== undefined) fail('BAD_OPTION', `"${tooShort}" is not above 0`, 'Give a longer cut.');
  if (lengths.length > MAX_LENGTHS)
    fail('BAD_OPTION', `"${text}" has ${lengths.length} lengths`, `The maximum is ${MAX_LENGTHS}.`);
  return lengths.join(',');
}

function groupCount(cuts: string): number {
  return WAYS * cuts.split(',').length;
}

export const recovery = defineScenario({
  name: 'recovery',
  summary: 'groups of receivers are cut off for given times; what each got again, missed and lost',
  headline: 'delivery',
  options: {
    cuts: option('LIST', '1s,3s', 'lengths of the cuts, unless --disrupt is given', parseCuts),
    includeSender: INCLUDE_SENDER,
  },
  defaults: { rate: '20/s', duration: '15s', reconnect: 'fixed delay=100ms' },
  disrupt({ cuts }) {
    const groups = groupCount(cuts);
    return cuts
      .split(',')
      .flatMap((length, index) => {
        const secondAtMs = FIRST_AT_MS + parseDurationMs(length) + BETWEEN_MS;
        const cut = (atMs: number, way: number, more = '') =>
          `reset at=${atMs}ms for=${length} group=${WAYS * index + way}/${groups}${more}`;
        return [
          cut(FIRST_AT_MS, 1),
          cut(FIRST_AT_MS, 2, ' offset=off'),
          cut(FIRST_AT_MS, 3),
          cut(secondAtMs, 3),
        ];
      })
      .join(', ');
  },
  layout({ cuts, includeSender }, clients) {
    const groups = groupCount(cuts);
    if (clients <= groups)
      fail(
        'TOO_FEW_CLIENTS',
        `--cuts ${cuts} needs ${groups} groups of receivers and a publisher; --clients is ${clients}`,
        `Give --clients ${groups + 1} or more, or fewer lengths.`,
      );
    return roomsWithPublisher(1, clients, { includeSender });
  },
});
