import { defineScenario, fail, integer, option, parseDurationMs } from '../src/contract/scenario.ts';
import { INCLUDE_SENDER, roomsWithPublisher } from './reconnect-storm.ts';

function parseMean(text: string): string {
  return parseDurationMs(text) > 0
    ? text
    : fail('BAD_OPTION', `"${text}" is not above 0`, 'Give a longer time.');
}

export const churn = defineScenario({
  name: 'churn',
  summary: 'receivers leave and join all the time while messages flow; only members expect a message',
  headline: 'delivery',
  options: {
    rooms: option('R', '1', 'number of rooms, each with one publisher', integer(1)),
    meanStay: option(
      'TIME',
      '10s',
      'mean time from joining to leaving, unless --disrupt is given',
      parseMean,
    ),
    meanAway: option('TIME', '2s', 'mean time from leaving to connecting again', parseMean),
    includeSender: INCLUDE_SENDER,
  },
  defaults: { rate: '50/s', duration: '20s', reconnect: 'immediate' },
  disrupt: ({ meanStay, meanAway }) => `leave at=0s every=${meanStay} for=${meanAway} arrival=poisson`,
  layout: ({ rooms, includeSender }, clients) => roomsWithPublisher(rooms, clients, { includeSender }),
});
