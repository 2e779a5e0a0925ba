/** The fields of a target for what a client does in the life of its connection. */
import { z } from 'zod';
import type { ClientHooks } from '../contract/hooks.ts';
import { messageOf } from '../errors.ts';
import { parseDurationMs } from '../units.ts';
import type { TargetField } from './mapping-fields.ts';
import { ANSWER_EVENTS, ANYTHING, EVENTS_OR_NULL, eventually, PREPARED_VALUES } from './results.ts';
import { fn } from './user-file.ts';

const positiveDuration = z.string().superRefine((value, { addIssue }) => {
  try {
    if (parseDurationMs(value) <= 0) addIssue('expected a duration above 0');
  } catch (error) {
    addIssue(messageOf(error));
  }
});

export const LIFE_FIELDS = {
  prepare: {
    schema: fn.optional(),
    about: 'Prepares a client: logs in over HTTP, fetches a token. Its result is added to `client.values`.',
    called:
      'Once for each client, when the server is up and before the client connects: `(client)`. May be async.',
    results: eventually(PREPARED_VALUES),
  },
  opened: {
    schema: fn.optional(),
    about: 'What a client does first: says hello, authenticates, subscribes, waits until it is ready.',
    called: 'For each connection when it is open, before `join`: `(connection, client)`. May be async.',
    results: ANYTHING,
  },
  answer: {
    schema: z.record(z.string(), fn).optional(),
    about: 'What a client sends back for events of the server, by the name of the event.',
    called: 'For each such event, from the first byte on: `(data, client)`. May be async.',
    results: { '*': eventually(ANSWER_EVENTS) },
  },
  acknowledge: {
    schema: z.record(z.string(), z.unknown()).optional(),
    about:
      'The acknowledgement of events for which the server asks for one, by the name of the event: a value, or a function.',
    called:
      'For each such event, from the first byte on: `(data, client)`. May be async. `delivery` and `echoed` have their own.',
    default: 'none is sent',
    results: { '*': ANYTHING },
  },
  keepAlive: {
    schema: z.strictObject({ every: positiveDuration, send: fn }).optional(),
    about: 'What a client sends every so often while it is connected; `every` is a duration: `25s`.',
    called: 'Each time, for each connection: `send(client)`. May be async.',
    results: { send: eventually(EVENTS_OR_NULL) },
  },
  leave: {
    schema: fn.optional(),
    about: 'What a client does before it closes its connection.',
    called:
      'For each connection that is still open, within a second in all: `(connection, client)`. May be async.',
    results: ANYTHING,
  },
} as const satisfies Record<keyof ClientHooks, TargetField>;
