import { type Code, callCode, literal, objectCode } from './code.ts';
import type { ConnectOptionsPart, ImportedScript } from './model.ts';
import { isTemplate, type ValueWriter, variablesIn } from './templates.ts';

type Entry = readonly [key: string, value: Code];

/** Writes headers or a query, whose values are text. */
function textEntries(value: unknown, writer: ValueWriter): Code {
  const entries = Object.entries(Object(value) as Record<string, unknown>).map(
    ([key, each]): [string, unknown] => [
      key,
      typeof each === 'string' ? each : typeof each === 'object' ? JSON.stringify(each) : String(each),
    ],
  );
  const code = writer.value(Object.fromEntries(entries));
  if (typeof code === 'string' || code.kind !== 'object') return code;
  // Even a variable alone becomes text.
  const items = entries.map(([, text], index): [string, Code] => [
    code.items[index]?.[0] ?? '',
    isTemplate(text) ? asSource(String(text), writer) : literal(String(text)),
  ]);
  return { kind: 'object', items };
}

function asSource(text: string, writer: ValueWriter): string {
  const code = writer.string(text);
  return code.startsWith('process.env') ? `${code} ?? ''` : code;
}

/** The options of every connection, by where they belong: those with variables of users belong to the scenario. */
export function splitConnect(
  connect: ConnectOptionsPart,
): Readonly<Record<'target' | 'users', ConnectOptionsPart>> {
  const entries = Object.entries(connect);
  const isOfUsers = ([, value]: [string, unknown]) => variablesIn(value).length > 0;
  return {
    target: Object.fromEntries(entries.filter((entry) => !isOfUsers(entry))),
    users: Object.fromEntries(entries.filter(isOfUsers)),
  };
}

/** Writes `auth`, `headers`, `query` and `url`. */
export function connectEntries(
  { url, auth, headers, query }: ConnectOptionsPart,
  writer: ValueWriter,
): Entry[] {
  const entries: Entry[] = [];
  if (url !== undefined) entries.push(['url', writer.string(url)]);
  if (auth !== undefined) entries.push(['auth', writer.value(auth)]);
  if (headers !== undefined) entries.push(['headers', textEntries(headers, writer)]);
  if (query !== undefined) entries.push(['query', textEntries(query, writer)]);
  return entries;
}

/** Writes `user.open({ ... })`. A namespace is put behind the path of the target, as Artillery does. */
export function openCode(
  script: Pick<ImportedScript, 'url' | 'connect' | 'engine'>,
  namespace: string,
  step: ConnectOptionsPart,
  writer: ValueWriter,
): Code {
  const { users } = splitConnect(script.connect);
  const headers =
    users.headers === undefined ? step.headers : { ...Object(users.headers), ...Object(step.headers) };
  const options = { ...users, ...step, ...(headers === undefined ? {} : { headers }) };
  const entries = connectEntries(options, writer);
  const path = URL.canParse(script.url) ? new URL(script.url).pathname.replace(/\/$/, '') : '';
  if (namespace !== '') entries.unshift(['namespace', literal(`${path}/${namespace.replace(/^\//, '')}`)]);
  return entries.length === 0 ? callCode('user.open') : callCode('user.open', objectCode(entries));
}
