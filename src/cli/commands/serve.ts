import { integer, type OptionTable, option } from '../../contract/options.ts';
import { EXIT } from '../../errors.ts';
import { PLAN_OPTIONS } from '../../plan/options.ts';
import { SETTING_NAMES, SETTING_OPTIONS } from '../../plan/settings.ts';
import { startReference } from '../../run/server/server-process.ts';
import type { AddCommand } from '../cli.ts';
import { addOptions, type Flags, readFlags } from '../flags.ts';
import { planReference } from '../reference.ts';
import { resolveServer } from '../resolve.ts';
import { requireSettings } from '../target-fit.ts';

const SERVE_OPTIONS = { ...SETTING_OPTIONS, allowRemote: PLAN_OPTIONS.allowRemote };
const LISTEN_OPTIONS = {
  host: option('HOST', '127.0.0.1', 'address to listen on'),
  port: option('PORT', '3000', 'port to listen on; 0 takes a free one', integer(0, 65535)),
} as const satisfies OptionTable;

const STARTS_WITHIN_MS = 10_000;

export const addServe: AddCommand = (program, cli, finish) => {
  const command = program
    .command('serve')
    .description('start a reference server and keep it running until Ctrl-C')
    .argument('<server>', 'name of a reference server (see list)');
  addOptions(command, { ...LISTEN_OPTIONS, ...SERVE_OPTIONS });
  command.action(async (name: string, flags: Flags) => {
    const server = await resolveServer(name);
    const settings = readFlags(SERVE_OPTIONS, flags);
    const listen = readFlags(LISTEN_OPTIONS, flags);
    const given = SETTING_NAMES.filter((setting) => flags[setting] !== undefined);
    requireSettings(given, server.settings, `the server "${name}"`);
    const { promise: ended, resolve: end } = Promise.withResolvers<string | null>();
    const signal = cli.listenForStop();
    signal.addEventListener('abort', () => end(null), { once: true });
    const running = await startReference(name, planReference(server, settings, null), listen, {
      cpus: null,
      env: {},
      timeoutMs: STARTS_WITHIN_MS,
      signal,
      onDied: end,
    });
    cli.out(`${name} listens at ${running.url}\n`);
    const died = await ended;
    if (died !== null) cli.err(`the server ended with ${died}\n`);
    await running.stop();
    finish(died === null ? EXIT.passed : EXIT.invalid);
  });
};
