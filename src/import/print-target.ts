import { type Code, commentCode, layOut, literal, objectCode } from './code.ts';
import type { ImportedScript } from './model.ts';
import { noteText } from './notes.ts';
import { connectEntries, splitConnect } from './print-connect.ts';
import { ValueWriter } from './templates.ts';

const CODEC = `  // Users send and receive whole messages: each one is an event of this name.
  codec: {
    encode: ({ data }) => String(data),
    decode: (message) => ({ event: 'message', data: parsed(message.toString()) }),
  },`;

const PARSED = `
/** A message as JSON where it is JSON. */
function parsed(message: string): unknown {
  try {
    return JSON.parse(message);
  } catch {
    return message;
  }
}
`;

/** Writes the target file of a script. */
export function printTarget(script: ImportedScript, scriptName: string): string {
  const { engine, transport, path, isMsgpack, tls, connect, constants, notes } = script;
  const writer = new ValueWriter(new Map([...constants].filter(([name]) => name !== 'target')), new Set());
  const entries: Array<readonly [string, Code]> = [['url', urlCode(script, writer)]];
  if (engine !== 'ws') entries.push(['transport', literal(transport)]);
  if (path !== null) entries.push(['path', writer.string(path)]);
  if (isMsgpack) entries.push(['parser', literal('msgpack')]);
  if (Object.keys(tls).length > 0) {
    entries.push(['tls', objectCode(Object.entries(tls).map(([key, value]) => [key, writer.value(value)]))]);
  }
  entries.push(...connectEntries(splitConnect(connect).target, writer));
  const said = notes.filter(({ place }) => place === 'target');
  return [
    '/**',
    ...commentCode(`The server that ${scriptName} tests with Artillery.`, 0, ' * '),
    ...(said.length === 0 ? [] : [' *']),
    ...said.flatMap((note) => commentCode(noteText(note), 0, ' * ')),
    ' */',
    "import { defineTarget } from 'sockbench';",
    '',
    'export default defineTarget({',
    ...entries.map(([key, code]) => layOut(`${key}: `, code, ',', 2)),
    ...(engine === 'ws' ? [CODEC] : []),
    '});',
    ...(engine === 'ws' ? [PARSED] : ['']),
  ].join('\n');
}

/** Both clients take either form of a URL; here it selects the protocol. */
function urlCode({ url, engine }: ImportedScript, writer: ValueWriter): string {
  const fitting = engine === 'ws' ? url.replace(/^http/i, 'ws') : url.replace(/^ws/i, 'http');
  const code = writer.string(fitting);
  return code.startsWith('`${process.env') && code.endsWith(']}`') && !code.includes('}${')
    ? `${code.slice(3, -2)} ?? ''`
    : code;
}
