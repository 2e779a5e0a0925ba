import { scenarios } from '../../../scenarios/index.ts';
import { whyUnavailable } from '../../../servers/availability.ts';
import { servers } from '../../../servers/index.ts';
import { type ReferenceServer, UNSUPPORTED_SERVERS, UNSUPPORTED_TRANSPORTS } from '../../contract/server.ts';
import { drivers } from '../../drivers/index.ts';
import { DOCUMENT_KINDS } from '../../report/index.ts';
import type { AddCommand } from '../cli.ts';

/** A row of a table, with an optional second line below its summary. */
interface Row {
  readonly name: string;
  readonly summary: string;
  readonly more?: string;
}

function section(title: string, rows: readonly Row[]): string {
  const width = Math.max(...rows.map(({ name }) => name.length));
  const lines = rows.flatMap(({ name, summary, more }) => {
    const first = `  ${name.padEnd(width)}  ${summary}`;
    return more === undefined ? [first] : [first, `  ${''.padEnd(width)}  ${more}`];
  });
  return `${title}\n${lines.join('\n')}\n`;
}

function serverRow(server: ReferenceServer): Row {
  const reason = whyUnavailable(server);
  const row = { name: server.name, summary: `${server.summary}; ${server.transports.join(', ')}` };
  return reason === null ? row : { ...row, more: `cannot run here: ${reason}` };
}

export const addList: AddCommand = (program, cli) => {
  program
    .command('list')
    .description('list scenarios, reference servers, drivers and formats')
    .action(async () => {
      const loaded = await Promise.all(Object.values(servers).map(async (load) => (await load()).server));
      const unsupported = [...UNSUPPORTED_SERVERS, ...UNSUPPORTED_TRANSPORTS];
      const sections = [
        section('Scenarios', scenarios),
        section('Servers', loaded.map(serverRow)),
        section(
          'Drivers',
          drivers.map(({ name, protocol, summary }) => ({ name: `${name} (${protocol})`, summary })),
        ),
        ...DOCUMENT_KINDS.map(({ noun, formats }) => section(`Formats of a ${noun}`, formats)),
        section(
          'Not supported',
          unsupported.map(([name, { reason, hint }]) => ({ name, summary: reason, more: hint })),
        ),
      ];
      cli.out(sections.join('\n'));
    });
};
