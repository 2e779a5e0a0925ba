import { SCOPES } from '../contract/protocol.ts';
import { fail } from '../errors.ts';
import { foreign } from '../foreign.ts';
import { ARRIVALS } from '../plan/arrivals.ts';
import { parseProfile, profileDurationMs } from '../plan/profile.ts';
import { didYouMean, list } from '../text.ts';
import { parseDurationMs } from '../units.ts';
import { type FlowPace, type FlowStep, thinkMs } from './flow.ts';

/** A mapping of YAML. */
export type YamlFields = Readonly<Record<string, unknown>>;
type StepParser = (value: unknown, where: string, fields: YamlFields) => FlowStep;

const DEFAULT_RENDEZVOUS_MS = 60_000;

function badFlow(where: string, problem: string, hint: string): never {
  return fail('BAD_FLOW', `${where}: ${problem}`, hint);
}

function shownText(value: unknown): string {
  return foreign(typeof value === 'string' ? `"${value}"` : (JSON.stringify(value) ?? String(value)), 60);
}

/** Checks that only these fields are given; a field that would be ignored is an error. */
function fieldsOf(value: unknown, known: readonly string[], where: string): YamlFields {
  if (value === null || value === undefined) return {};
  if (typeof value !== 'object' || Array.isArray(value)) {
    badFlow(where, `${shownText(value)} is no list of fields`, `Its fields are ${list(known)}.`);
  }
  const unknown = Object.keys(value).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    badFlow(
      where,
      `there is no field ${shownText(unknown)}; its fields are ${list(known)}`,
      didYouMean(unknown, known),
    );
  }
  return value as YamlFields;
}

const PACE_FIELDS = ['rate', 'for', 'warmup', 'arrival', 'users'] as const;

/** Reads `rate: 50/s, for: 10s, warmup: 2s, arrival: poisson, users: 1`. A rate may be a profile, `10s@5/s,20s@5..50/s`. */
function paceOf(fields: YamlFields, where: string): FlowPace | null {
  const { rate, for: duration, warmup = '0s', arrival = 'constant', users = 'own' } = fields;
  if (rate === undefined) {
    const given = PACE_FIELDS.find((name) => fields[name] !== undefined);
    if (given === undefined) return null;
    return badFlow(where, `${given} has no meaning without a rate`, 'Add rate: 50/s and for: 10s.');
  }
  const isProfile = String(rate).includes('@');
  if (isProfile === (duration !== undefined)) {
    badFlow(
      where,
      isProfile ? 'a profile of rates has its own durations' : 'a rate needs a duration',
      isProfile ? 'Remove for.' : 'Add for: 10s.',
    );
  }
  const known = ARRIVALS.find((each) => each === arrival);
  if (known === undefined)
    badFlow(where, `arrival ${shownText(arrival)} is unknown`, `Write ${list(ARRIVALS)}.`);
  const isCount = Number.isInteger(users) && Number(users) > 0;
  if (users !== 'own' && users !== 'all' && !isCount) {
    badFlow(where, `users ${shownText(users)} is neither a number nor all`, 'Write users: 1, or users: all.');
  }
  const profile = parseProfile(String(rate), isProfile ? 1 : parseDurationMs(String(duration)));
  return {
    profile,
    durationMs: profileDurationMs(profile),
    warmupMs: parseDurationMs(String(warmup)),
    arrival: known ?? 'constant',
    users: users as FlowPace['users'],
  };
}

function parsePublish(value: unknown, where: string): FlowStep {
  const given = typeof value === 'string' ? { room: value } : value;
  const fields = fieldsOf(given, ['scope', 'room', ...PACE_FIELDS], where);
  const { room = null, scope = room === null ? 'everyone' : 'room' } = fields;
  const known = SCOPES.find((each) => each === scope);
  if (known === undefined) {
    return badFlow(
      where,
      `there is no scope ${shownText(scope)}; the scopes are ${list(SCOPES)}`,
      didYouMean(String(scope), SCOPES),
    );
  }
  const needsRoom = known === 'room' || known === 'room-but-me';
  if (needsRoom !== (typeof room === 'string')) {
    badFlow(
      where,
      `the scope ${known} ${needsRoom ? 'needs a room' : 'has no room'}`,
      needsRoom ? 'Add room: NAME.' : 'Remove room.',
    );
  }
  return {
    kind: 'publish',
    scope: known,
    room: needsRoom ? String(room) : null,
    pace: paceOf(fields, where),
  };
}

function parseRendezvous(value: unknown, where: string): FlowStep {
  const given = typeof value === 'number' ? { users: value } : value;
  const { users, timeout } = fieldsOf(given, ['users', 'timeout'], where);
  if (!Number.isInteger(users) || Number(users) < 1) {
    badFlow(where, `users ${shownText(users)} is not a whole number from 1`, 'Write rendezvous: 50.');
  }
  const timeoutMs = timeout === undefined ? DEFAULT_RENDEZVOUS_MS : parseDurationMs(String(timeout));
  return { kind: 'rendezvous', users: Number(users), timeoutMs, place: where };
}

/** Seconds as Artillery writes them, a duration with a unit, or a template. */
function parseThink(value: unknown, where: string): FlowStep {
  if (typeof value === 'number' && value >= 0) return { kind: 'think', time: value * 1000 };
  if (typeof value !== 'string')
    return badFlow(where, `${shownText(value)} is no time`, 'Write think: 2, in seconds, or think: 500ms.');
  return { kind: 'think', time: value.includes('{{') ? value : thinkMs(value) };
}

function parseLoop(value: unknown, where: string, { count = 1 }: YamlFields): FlowStep {
  if (!Array.isArray(value))
    return badFlow(
      where,
      `${shownText(value)} is no list of steps`,
      'Write loop: with a list, and count: 10.',
    );
  const isCount =
    (typeof count === 'number' && Number.isInteger(count) && count >= 0) || /^\d+$|\{\{/.test(String(count));
  if (!isCount) badFlow(where, `count ${shownText(count)} is not a whole number`, 'Write count: 10.');
  return { kind: 'loop', steps: parseSteps(value, where), count: count as string | number };
}

/** Every step, by its name in YAML. */
const STEPS: Readonly<Record<FlowStep['kind'], StepParser>> = {
  join(value, where) {
    const rooms = [value].flat();
    if (rooms.length > 0 && rooms.every((room) => typeof room === 'string')) return { kind: 'join', rooms };
    return badFlow(where, `${shownText(value)} is no room`, 'Write join: lobby, or join: [lobby, news].');
  },
  publish: parsePublish,
  request: (value, where) => ({ kind: 'request', pace: paceOf(fieldsOf(value, PACE_FIELDS, where), where) }),
  emit(value, where) {
    const { event, data } = fieldsOf(
      typeof value === 'string' ? { event: value } : value,
      ['event', 'data'],
      where,
    );
    if (typeof event !== 'string')
      return badFlow(where, 'emit has no event', 'Write emit: { event: NAME, data: ... }.');
    return { kind: 'emit', event, data };
  },
  think: parseThink,
  loop: parseLoop,
  log: (value) => ({ kind: 'log', text: String(value) }),
  rendezvous: parseRendezvous,
  stay(value, where) {
    fieldsOf(value, [], where);
    return { kind: 'stay' };
  },
};

const STEP_NAMES = Object.keys(STEPS);

/**
 * Reads the flow of a scenario. Artillery does not check the flow of a custom engine, so everything is checked here.
 *
 *     flow        = list of step
 *     step        = "join: ROOM" | "publish" | "request" | "emit: { event, data }" | "think: SECONDS"
 *                 | "loop: [step...], count: N" | "log: TEXT" | "rendezvous: USERS" | "stay"
 *     publish     = "publish: { scope, room, PACE }" | "publish: ROOM"
 *     request     = "request: { PACE }"
 *     PACE        = "rate: RATE, for: TIME, warmup: TIME, arrival: constant|poisson, users: N|all"
 *
 * Throws BAD_FLOW, or BAD_QUANTITY for a value with a wrong unit.
 */
export function parseFlow(flow: unknown, scenario: string): readonly FlowStep[] {
  if (!Array.isArray(flow) || flow.length === 0) {
    return badFlow(
      `scenario "${foreign(scenario, 60)}"`,
      'it has no flow',
      `Its steps are ${list(STEP_NAMES)}.`,
    );
  }
  return parseSteps(flow, `scenario "${foreign(scenario, 60)}"`);
}

function parseSteps(flow: readonly unknown[], scenario: string): readonly FlowStep[] {
  const steps = flow
    .flat()
    .map((given: unknown, index) => parseStep(given, `${scenario}, step ${index + 1}`));
  for (const [index, step] of steps.entries()) {
    const isShared =
      (step.kind === 'publish' || step.kind === 'request') && step.pace !== null && step.pace.users !== 'own';
    if (!isShared || steps[index - 1]?.kind === 'rendezvous') continue;
    badFlow(
      `${scenario}, step ${index + 1}`,
      'users share a rate only directly after a rendezvous',
      'Put rendezvous: 50 before it.',
    );
  }
  return steps;
}

function parseStep(given: unknown, where: string): FlowStep {
  const fields: YamlFields = typeof given === 'string' ? { [given]: null } : ((given ?? {}) as YamlFields);
  const names = Object.keys(fields).filter((name) => !(name === 'count' && 'loop' in fields));
  const [name = ''] = names;
  const parse = Object.hasOwn(STEPS, name) ? STEPS[name as FlowStep['kind']] : undefined;
  if (parse === undefined) {
    return badFlow(
      where,
      `there is no step ${shownText(name)}; the steps are ${list(STEP_NAMES)}`,
      didYouMean(name, STEP_NAMES),
    );
  }
  if (names.length > 1)
    badFlow(where, `it has two names, ${list(names)}`, 'Write each step as an entry of its own.');
  return parse(fields[name], `${where}, ${name}`, fields);
}
