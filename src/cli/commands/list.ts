import { scenarios } from '../../../scenarios/index.ts';
import { whyUnavailable } from '../../../servers/availability.ts';
import { servers } from '../../../servers/index.ts';
import { type ReferenceServer, UNSUPPORTED_SERVERS, UNSUPPORTED_TRANSPORTS } from '../../contract/server.ts';
import { drivers } from '../../drivers/index.ts';
import { DOCUMENT_KINDS } from '../../report/index.ts';
import type { AddCommand } from '../cli.ts';

/** A row of a table, with an optional second line below its summary. */
type Row = readonly [name: string, summary: string, more?: string];

function section(title: string, rows: readonly Row[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  const lines = rows.flatMap(([name, summary, more]) => {
    const first = `  ${name.padEnd(width)}  ${summary}`;
    return more === undefined ? [first] : [first, `  ${''.padEnd(width)}  ${more}`];
  });
  return `${title}\n${lines.join('\n')}\n`;
}

function serverRow(server: ReferenceServer): Row {
  const reason = whyUnavailable(server);
  const row = [server.name, `${server.summary}; ${server.transports.join(', ')}`] as const;
  return reason === null ? row : [...row, `cannot run here: ${reason}`];
}

export const addList: AddCommand = (program, cli) => {
  program
    .command('list')
    .description('list scenarios, reference servers, drivers and report formats')
    .action(async () => {
      const loaded = await Promise.all(Object.values(servers).map(async (load) => (await load()).server));
      const sections = [
        section(
          'Scenarios',
          scenarios.map(({ name, summary }) => [name, summary]),
        ),
        section('Servers', loaded.map(serverRow)),
        section(
          'Drivers',
          drivers.map(({ name, protocol, summary }) => [`${name} (${protocol})`, summary]),
        ),
        ...DOCUMENT_KINDS.map(({ noun, formats }) =>
          section(
            `Formats of a ${noun}`,
            formats.map(({ name, summary }) => [name, summary]),
          ),
        ),
        section(
          'Not supported',
          [...UNSUPPORTED_SERVERS, ...UNSUPPORTED_TRANSPORTS].map(([name, { reason, hint }]) => [
            name,
            reason,
            hint,
          ]),
        ),
      ];
      cli.out(sections.join('\n'));
    });
};
