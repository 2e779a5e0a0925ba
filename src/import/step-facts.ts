import type { ExpectedAnswer, Step } from './model.ts';

/** Whether something is done with what was awaited. */
export function isUsed({ data, matches, captures }: ExpectedAnswer): boolean {
  return data !== undefined || matches.length > 0 || captures.length > 0;
}

export function camelCase(namespace: string): string {
  const words = namespace
    .toLowerCase()
    .split(/[^a-z]+/)
    .filter((word) => word !== '');
  const [first = 'other', ...rest] = words;
  return [first, ...rest.map((word) => word.charAt(0).toUpperCase() + word.slice(1))].join('');
}

/** Namespaces that steps use, in the order of their first use. */
export function namespacesIn(steps: readonly Step[]): Set<string> {
  return new Set(
    steps.flatMap((step) => {
      if (step.kind === 'emit') return [step.namespace];
      if (step.kind === 'send') return [''];
      return step.kind === 'loop' ? [...namespacesIn(step.body)] : [];
    }),
  );
}

/** Namespaces that are connected after they were used or connected. */
export function reopenedIn(steps: readonly Step[]): Set<string> {
  const open = new Set<string>();
  const reopened = new Set<string>();
  for (const step of steps) {
    if (step.kind === 'connect' && open.has(step.namespace)) reopened.add(step.namespace);
    if (step.kind === 'connect') open.add(step.namespace);
    else for (const namespace of namespacesIn([step])) open.add(namespace);
  }
  return reopened;
}

/** The name of a series from that of an event: `Send Message` gives `send_message_ack`. */
export function seriesNameOf(event: string, suffix: 'ack' | 'response'): string {
  const words = event
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .replace(/^[_0-9]+/, '');
  const name = words.slice(0, 40).replace(/_+$/, '');
  return `${name === '' ? 'event' : name}_${suffix}`;
}
