import { scenarios } from '../../../scenarios/index.ts';
import { whyUnavailable } from '../../../servers/availability.ts';
import { servers } from '../../../servers/index.ts';
import type { ReferenceServer } from '../../contract/server.ts';
import { UNAVAILABLE_SERVERS, UNAVAILABLE_TRANSPORTS } from '../../contract/unavailable.ts';
import { drivers } from '../../drivers/index.ts';
import { formats } from '../../report/index.ts';
import type { AddCommand } from '../cli.ts';

/** A row may have a second line, under its summary. */
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
  const { name, summary, transports } = server;
  const reason = whyUnavailable(server);
  const what = `${summary}; ${transports.join(', ')}`;
  return reason === null ? [name, what] : [name, what, `cannot run here: ${reason}`];
}

export const addList: AddCommand = (program, cli) => {
  program
    .command('list')
    .description('show scenarios, reference servers, drivers and report formats')
    .action(async () => {
      const loaded = await Promise.all(Object.values(servers).map(async (load) => (await load()).server));
      const sections = [
        section(
          'Scenarios',
          scenarios.map(({ name, summary }) => [name, summary]),
        ),
        section('Servers, which run here unless they say why not', loaded.map(serverRow)),
        section(
          'Drivers',
          drivers.map(({ name, protocol, summary }) => [`${name} (${protocol})`, summary]),
        ),
        section(
          'Formats',
          formats.map(({ name, summary }) => [name, summary]),
        ),
        section(
          'Not to be had',
          Object.entries({ ...UNAVAILABLE_SERVERS, ...UNAVAILABLE_TRANSPORTS }).map(
            ([name, { reason, hint }]) => [name, reason, hint],
          ),
        ),
      ];
      cli.out(sections.join('\n'));
    });
};
