import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeFiles } from '../support/user-files.ts';
import { runFake } from './fake-cli.ts';

/** An option that names itself in the error of a run that takes it. */
const wrong = (where: string) => `"${where}"`;

/** A target file that says nothing of how to be met but what is given. */
const target = (more = '') =>
  `export default { url: 'http://127.0.0.1:1', request: () => ({ event: 'ask' }), ${more} };`;

const scenario = (defaults: string) => `export default {
  name: 'mine',
  summary: 'asks',
  headline: 'ack',
  options: { items: { value: 'N', default: '1', summary: 'how many', parse: (text) => { throw new Error('items ' + text); } } },
  defaults: { ${defaults} },
  layout: (options, clients) => ({
    rooms: Array.from({ length: clients }, () => []),
    streams: [{ sender: 0, operation: { kind: 'request' }, receivers: [0] }],
  }),
};`;

/** Runs a scenario of a new folder's files, and returns the error with which it is refused. */
async function refusalOf(
  files: Readonly<Record<string, string>>,
  name: string,
  ...flags: string[]
): Promise<string> {
  const folder = writeFiles(files);
  const at = (arg: string) => (Object.hasOwn(files, arg) ? join(folder, arg) : arg);
  const { exitCode, stdout, stderr } = await runFake('run', at(name), ...flags.map(at));
  expect([exitCode, stdout]).toEqual([2, '']);
  return stderr;
}

describe('the rate of a run', () => {
  const FLAG = ['--rate', 'flag'];
  const CONFIG = ['--config', 'config.ts'];
  const config = `export default { rate: 'config', scenarios: { mine: { rate: 'of the scenario' }, other: { rate: 'of another' } } };`;
  const plain = `export default { rate: 'config', scenarios: { other: { rate: 'of another' } } };`;
  const defaults = `rate: 'default'`;

  it.each<[from: string, files: Record<string, string>, flags: string[], rate: string]>([
    ['a flag', { 'config.ts': config, 'mine.ts': scenario(defaults) }, [...FLAG, ...CONFIG], 'flag'],
    [
      "the config's part for the scenario",
      { 'config.ts': config, 'mine.ts': scenario(defaults) },
      CONFIG,
      'of the scenario',
    ],
    ['the config', { 'config.ts': plain, 'mine.ts': scenario(defaults) }, CONFIG, 'config'],
    ["the scenario's defaults", { 'mine.ts': scenario(defaults) }, [], 'default'],
  ])('comes from %s before all that is weaker', async (_, files, flags, rate) => {
    expect(await refusalOf(files, 'mine.ts', ...flags)).toMatch(`error: --rate: ${wrong(rate)} `);
  });
});

describe('the transport of a run', () => {
  /** A scenario whose error names the transport of the run. */
  const over = (defaults = '') => `export default {
    name: 'mine', summary: '', headline: 'ack', options: {}, defaults: { ${defaults} },
    layout: (options, clients, { transport }) => { throw new Error('over ' + transport); },
  };`;
  const POLLING = `transport: 'polling'`;
  const UPGRADE = `transport: 'upgrade'`;
  const CONFIG = ['--config', 'config.ts'];
  const config = `export default { transport: 'polling' };`;

  it.each<[from: string, files: Record<string, string>, flags: string[], transport: string]>([
    [
      'a flag',
      { 'config.ts': config, 'target.ts': target(UPGRADE), 'mine.ts': over(UPGRADE) },
      ['--transport', 'websocket', ...CONFIG],
      'websocket',
    ],
    [
      'the config',
      { 'config.ts': config, 'target.ts': target(UPGRADE), 'mine.ts': over(UPGRADE) },
      CONFIG,
      'polling',
    ],
    ['the target file', { 'target.ts': target(POLLING), 'mine.ts': over(UPGRADE) }, [], 'polling'],
    ["the scenario's defaults", { 'target.ts': target(), 'mine.ts': over(POLLING) }, [], 'polling'],
    ["every run's default", { 'target.ts': target(), 'mine.ts': over() }, [], 'websocket'],
  ])('comes from %s before all that is weaker', async (_, files, flags, transport) => {
    expect(await refusalOf(files, 'mine.ts', '--target', 'target.ts', ...flags)).toMatch(
      `failed: over ${transport}\n`,
    );
  });
});

describe('options of a scenario', () => {
  const files = {
    'mine.ts': scenario(''),
    'config.ts': `export default { scenarios: { mine: { items: 'config' } } };`,
  };

  it('come from --option before the config, and from that before their own defaults', async () => {
    const itemsOf = async (...flags: string[]) =>
      /items (\w+)/.exec(await refusalOf(files, 'mine.ts', ...flags))?.[1];
    expect(await itemsOf('--option', 'items=flag', '--config', 'config.ts')).toBe('flag');
    expect(await itemsOf('--config', 'config.ts')).toBe('config');
    expect(await itemsOf()).toBe('1');
  });

  it.each([
    ['items', '--option items: mine has the options items'],
    ['item=3', '--option item=3: mine has the options items'],
    ['toString=3', '--option toString=3: mine has the options items'],
  ])('are refused when they are not: %s', async (option, message) => {
    expect(await refusalOf(files, 'mine.ts', '--option', option)).toBe(
      `error: ${message}\nWrite --option NAME=VALUE.\n`,
    );
  });

  it.each(['({})', '10n', '(() => 1)', 'Promise.resolve(1)'])(
    'must be parsed to a plain value, not to %s',
    async (value) => {
      const mine = scenario('').replace(/throw new Error\('items ' \+ text\);/, `return ${value};`);
      expect(await refusalOf({ 'mine.ts': mine }, 'mine.ts')).toMatch(
        /^error: --items: options\.items\.parse of mine\.ts .*; it must return text, a number, true, false or null/,
      );
    },
  );

  it('are refused in a config, with where they stand', async () => {
    const config = `export default { scenarios: { mine: { itmes: 3 } } };`;
    const stderr = await refusalOf({ ...files, 'config.ts': config }, 'mine.ts', '--config', 'config.ts');
    expect(stderr).toMatch(
      /^error: .*config\.ts: scenarios\.mine\.itmes is not an option; mine has items\nDid you mean items\?\n$/,
    );
  });
});

describe('a target file', () => {
  it('is named when its URL is not supported, instead of the flag', async () => {
    const files = { 'target.ts': `export default { url: 'localhost:3000' };` };
    expect(await refusalOf(files, 'ack-roundtrip', '--target', 'target.ts')).toMatch(
      /^error: .*target\.ts: url: localhost:3000 is not a supported URL; supported schemes: http:, https:, ws:, wss:\n/,
    );
  });

  it('may speak plain HTTP at its URL, with the settings of that', async () => {
    const files = { 'target.ts': target(`protocol: 'http', transport: 'short-polling'`) };
    // Everything else is in order: the missing declaration is the first that can be complained of.
    const flags = ['--target', 'target.ts', '--poll-interval', '50ms'];
    expect(await refusalOf(files, 'broadcast-latency', ...flags)).toMatch(
      'needs the target to declare publish and delivery',
    );
    expect(await refusalOf(files, 'broadcast-latency', ...flags, '--parser', 'msgpack')).toMatch(
      '--parser is not supported by a server that speaks http; supported: --poll-interval',
    );
  });

  it('is asked only for what the scenario needs', async () => {
    const files = { 'target.ts': target() };
    const needs = async (name: string, ...flags: string[]) =>
      /needs the target to declare (.*), and/.exec(
        await refusalOf(files, name, '--target', 'target.ts', ...flags),
      )?.[1];
    expect(await needs('broadcast-latency')).toBe('publish and delivery');
    expect(await needs('room-fanout')).toBe('join, publish and delivery');
    expect(await needs('ack-roundtrip', '--direction', 'server')).toBe('askMe and asked');
    expect(await needs('stream-reply')).toBe('streamRequest and streamed');
    expect(await needs('message-types', '--type', 'text')).toBe('echo and echoed');
    expect(await needs('observe')).toBe('observe');
  });

  it.each([
    [`request: () => null`, /request of target\.ts \(line 1\) returned null; it must return \{ event: NAME/],
    [`reply: async () => 'a'`, /reply of target\.ts .*is async; .* and the function must not be async/],
    [`request: () => { throw null; }`, /request of target\.ts \(line 1\) failed: it threw null/],
    [
      `request: () => ({ event: 'a', data: 10n })`,
      /request of target\.ts returned data that cannot be sent: .*BigInt/,
    ],
    [
      `request: () => { const a = {}; a.a = a; return { event: 'a', data: a }; }`,
      /cannot be sent: .*circular/,
    ],
    [`request: () => ({ event: 'a', data: Symbol('b') })`, /cannot be sent: it is no JSON/],
    [`auth: () => 'token'`, /auth of target\.ts \(line 1\) returned 'token'; it must return an object/],
    [`headers: ({ values }) => ({ a: values.none })`, /headers of target\.ts .*returned \{ a: undefined \}/],
    [`query: () => { throw new Error('no query'); }`, /query of target\.ts \(line \d+\) failed: no query/],
    [`clients: () => null`, /clients of target\.ts .*returned null/],
    [
      `request: () => ({ event: '/foo,ask' })`,
      /the event "\/foo,ask" is in the namespace \/foo, which clients do not enter\nAdd it to namespaces/,
    ],
    [
      `namespaces: ({ number }) => ['chat', \`/game-\${number}\`], answer: { '/chat,ping': () => null, '/game-1,ping': () => null }`,
      /the event "\/game-1,ping" is in the namespace \/game-1,/,
    ],
    [`get auth() { throw new Error('a getter'); }`, /target\.ts.*: a field could not be read: a getter/],
  ])('whose functions fail is refused before anything starts: %s', async (more, message) => {
    const files = { 'target.ts': target(more) };
    expect(await refusalOf(files, 'ack-roundtrip', '--target', 'target.ts')).toMatch(message);
  });

  it('whose rooms share a name is refused', async () => {
    const fields = `rooms: () => 'lobby', join: () => [], publish: () => ({ event: 'a' }), delivery: { event: 'a' }`;
    const stderr = await refusalOf({ 'target.ts': target(fields) }, 'room-fanout', '--target', 'target.ts');
    expect(stderr).toBe(
      'error: rooms of target.ts returned "lobby" for room-0 and for room-1\nReturn another name for each number.\n',
    );
  });

  it.each([
    ['null', /its layout has no lists called rooms and streams/],
    ['Promise.resolve({})', /layout of mine\.ts .*the function must not be async/],
    ['{ rooms: [null], streams: [] }', /no lists called rooms and streams/],
    ['{ rooms: [[]], streams: [null] }', /stream 0 of its layout has no list of receivers/],
    ['{ rooms: [[]], streams: [{ sender: 0, receivers: [0] }] }', /stream 0 .* has the operation undefined/],
    [
      `{ rooms: [[]], streams: [{ sender: 0, receivers: [0], operation: { kind: 'x' } }] }`,
      /has the operation x/,
    ],
    [
      `{ rooms: [[]], streams: [{ sender: NaN, receivers: [0], operation: { kind: 'request' } }] }`,
      /names client NaN/,
    ],
    [
      `{ rooms: [[]], streams: [{ sender: 0, receivers: [0], operation: { kind: 'stream-reply', replies: NaN } }] }`,
      /has no number of replies/,
    ],
  ])('a scenario with the layout %s is refused', async (layout, message) => {
    const mine = scenario('')
      .replace(/layout: .*/s, `layout: () => (${layout}) };`)
      .replace(/throw [^;]*;/, 'return 1;');
    const flags = ['--target', 'target.ts', '--clients', '1'];
    expect(await refusalOf({ 'mine.ts': mine, 'target.ts': target() }, 'mine.ts', ...flags)).toMatch(message);
  });

  it('whose clients are too few is refused before anything starts', async () => {
    const files = { 'target.ts': target(`clients: './clients.csv'`), 'clients.csv': 'user\nann\n' };
    expect(await refusalOf(files, 'ack-roundtrip', '--target', 'target.ts', '--clients', '2')).toBe(
      'error: ./clients.csv has 1 row, which is not enough for client 2\nGive --clients 1 or less, or add a row for each client.\n',
    );
  });
});
