import { scenarios } from '../../../scenarios/index.ts';
import { whyUnavailable } from '../../../servers/availability.ts';
import { servers } from '../../../servers/index.ts';
import { type ReferenceServer, UNSUPPORTED_SERVERS, UNSUPPORTED_TRANSPORTS } from '../../contract/server.ts';
import { drivers } from '../../drivers/index.ts';
import { DOCUMENT_KINDS } from '../../report/index.ts';
import { wrapText } from '../../report/render/fit.ts';
import type { AddCommand } from '../cli.ts';

/** A row of a table, with an optional second line below its summary. */
interface Row {
  readonly name: string;
  readonly summary: string;
  readonly more?: string;
}

/** A narrower terminal wraps by itself. */
const MIN_LIST_COLUMNS = 60;
/** The maximum number of lines of a text, at any width. */
const MAX_TEXT_LINES = 50;

function section(title: string, rows: readonly Row[], columns: number): string {
  const width = Math.max(...rows.map(({ name }) => name.length));
  const lines = rows.flatMap(({ name, summary, more = '' }) =>
    [summary, more]
      .filter((text) => text !== '')
      .flatMap((text) => wrapText(text, columns - width - 4, MAX_TEXT_LINES))
      .map((line, index) => `  ${(index === 0 ? name : '').padEnd(width)}  ${line}`),
  );
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
      const table = (title: string, rows: readonly Row[]) =>
        section(title, rows, Math.max(cli.outWidth, MIN_LIST_COLUMNS));
      const sections = [
        table('Scenarios', scenarios),
        table('Servers', loaded.map(serverRow)),
        table(
          'Drivers',
          drivers.map(({ name, protocol, summary }) => ({ name: `${name} (${protocol})`, summary })),
        ),
        ...DOCUMENT_KINDS.map(({ noun, formats }) => table(`Formats of a ${noun}`, formats)),
        table(
          'Not supported',
          unsupported.map(([name, { reason, hint }]) => ({ name, summary: reason, more: hint })),
        ),
      ];
      cli.out(sections.join('\n'));
    });
};
