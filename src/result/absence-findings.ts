import { type FindingKind, note } from './finding-kinds.ts';

/** The findings of runs whose clients lose their connections and come back. */
export const ABSENCE_FINDINGS = {
  not_back: note(
    'server',
    'Clients that lost their connection did not come back.',
    'check what the server answered, and allow more attempts (--reconnect) or more time (--duration)',
  ),
  connections_left: note(
    'server',
    'The server had more connections than there were clients after these had come back.',
    'check that the server ends connections whose client is gone; HTTP requests of the target count too',
  ),
} as const satisfies Readonly<Record<string, FindingKind>>;
