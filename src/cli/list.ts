import { scenarios } from '../../scenarios/index.ts';
import { servers } from '../../servers/index.ts';
import { drivers } from '../drivers/index.ts';
import { formats } from '../report/index.ts';
import type { AddCommand } from './cli.ts';

type Row = readonly [name: string, summary: string];

function section(title: string, rows: readonly Row[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return `${title}\n${rows.map(([name, summary]) => `  ${name.padEnd(width)}  ${summary}`).join('\n')}\n`;
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
        section(
          'Servers',
          loaded.map(({ name, summary, transports }) => [name, `${summary}; ${transports.join(', ')}`]),
        ),
        section(
          'Drivers',
          drivers.map(({ name, protocol, summary }) => [`${name} (${protocol})`, summary]),
        ),
        section(
          'Formats',
          formats.map(({ name, summary }) => [name, summary]),
        ),
      ];
      cli.out(sections.join('\n'));
    });
};
