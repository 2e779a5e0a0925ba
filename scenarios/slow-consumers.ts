import {
  defineScenario,
  fail,
  integer,
  option,
  parseByteRateHz,
  requireAtMost,
} from '../src/contract/scenario.ts';
import { INCLUDE_SENDER, roomsWithPublisher } from './reconnect-storm.ts';

function parseSlow(text: string): string {
  const share = /^(\d+(?:\.\d+)?)%$/.exec(text)?.[1];
  if (share === undefined) return String(integer(1)(text));
  if (Number(share) > 0 && Number(share) < 100) return text;
  return fail('BAD_OPTION', `"${text}" is not a share between 0% and 100%`, 'Write it like 10%.');
}

/** Checks what --disrupt reads. */
function parseRead(text: string): string {
  parseByteRateHz(text);
  return text.replaceAll(' ', '');
}

export const slowConsumers = defineScenario({
  name: 'slow-consumers',
  summary: 'some receivers stop reading, or read slowly; latency of the others before and meanwhile',
  headline: 'delivery',
  options: {
    slow: option('LIST', '10%', 'receivers that read slowly: a share or a number', parseSlow),
    read: option('RATE', '0', 'what each of them reads, such as 10KiB/s', parseRead),
    includeSender: INCLUDE_SENDER,
  },
  defaults: { rate: '100/s', duration: '20s' },
  disrupt: ({ slow, read }) => `slow at=50% clients=${slow} read=${read}`,
  layout: ({ slow, includeSender }, clients) => {
    // Besides the publisher, at least one client reads.
    if (!slow.endsWith('%'))
      requireAtMost('slow', Number(slow), clients - 2, 'receivers beside one that reads');
    return roomsWithPublisher(1, clients, { includeSender });
  },
});
