/** One delivery in a hundred has each fault. */
export const FAULT_EVERY = 100;

/** A stalling server blocks for `lengthMs` once every `everyMs`. */
export const STALL = { lengthMs: 100, everyMs: 1000 } as const;

/** Faults of the server `mixed`, which touch different messages of each receiver. */
export const MIXED = ['drop', 'duplicate', 'swap'] as const;
export type MixedFault = (typeof MIXED)[number];

/** Whether message `index` has this fault for the receiver at `place`; never the first or last ten of a hundred. */
export function isFaulted(fault: MixedFault, index: number, place: number): boolean {
  const apart = MIXED.indexOf(fault) * 28;
  return index % FAULT_EVERY === 10 + ((place * 7 + apart) % 80);
}

/** The number of deliveries with one of the faults, of `messages` to each of `receivers`. */
export function countFaulted(fault: MixedFault, messages: number, receivers: number): number {
  let count = 0;
  for (let index = 0; index < messages; index++) {
    for (let place = 0; place < receivers; place++) if (isFaulted(fault, index, place)) count += 1;
  }
  return count;
}

/**
 * What a server does to the text of a measured message, by the name of the fault: `sbm`, then stream, number, intended
 * time, lag and code in base 36 with commas, then filling. `index` is the place of the message among those measured.
 */
export const TEXT_FAULTS: Readonly<Record<string, (text: string, index: number) => string>> = {
  /** One message in a hundred has a number far above those sent. */
  'invented-numbers': (text, index) =>
    index % FAULT_EVERY === 50 ? withField(text, 1, (seq) => seq + 5_000_000) : text,
  /** Every second message has a number of its own, ever farther from those sent. */
  'invented-messages': (text, index) =>
    index % 2 === 1 ? withField(text, 1, () => 1_000_000 + index * 1000) : text,
  /** One message in a hundred was due a second before it was. */
  'earlier-times': (text, index) =>
    index % FAULT_EVERY === 50 ? withField(text, 2, (timeNs) => timeNs - 1e9) : text,
  /** One message in a hundred lacks its last character. */
  'cut-payloads': (text, index) => (index % FAULT_EVERY === 50 ? text.slice(0, -1) : text),
  /** One message in a hundred has another last character. */
  'changed-payloads': (text, index) => (index % FAULT_EVERY === 50 ? `${text.slice(0, -1)}!` : text),
};

function withField(text: string, field: number, change: (value: number) => number): string {
  const fields = text.slice(3).split(',');
  fields[field] = change(Number.parseInt(fields[field] ?? '', 36)).toString(36);
  return text.slice(0, 3) + fields.join(',');
}
