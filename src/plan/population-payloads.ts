import type { Layout } from '../contract/scenario.ts';
import { type PayloadContent, type PayloadContents, sizeOfFile } from '../measure/payload-contents.ts';
import type { PayloadType } from '../measure/stamp.ts';
import { contentsOf } from './payload-plan.ts';
import type { Plan } from './plan.ts';
import { populationsOfClients } from './population-plan.ts';

/**
 * Returns what the payloads of a run hold: those of its plan, or of the population of their sender. Throws as
 * {@link contentsOf} does.
 */
export function contentsOfRun(plan: Plan, { streams }: Pick<Layout, 'streams'>): PayloadContents {
  const ofRun = contentsOf(plan);
  const { populations, payloadType, seed } = plan;
  if (populations.every(({ payload }) => payload === null)) return ofRun;
  const ofPopulations = populations.map(({ payload, payloadBytes }) =>
    payload === null ? ofRun : contentsOf({ payload, payloadBytes, payloadType, seed }),
  );
  const populationOf = populationsOfClients(plan);
  const ofStreams = streams.map(({ sender }) => ofPopulations[populationOf[sender] ?? -1] ?? ofRun);
  const sending = new Set(ofStreams);
  const largest: PayloadContents['largest'] = (type) => {
    const all = [...sending].map((contents) => contents.largest(type));
    return all.toSorted((a, b) => sizeOf(b, type) - sizeOf(a, type))[0] ?? ofRun.largest(type);
  };
  return { of: (stamp) => (ofStreams[stamp.stream] ?? ofRun).of(stamp), largest };
}

function sizeOf(content: PayloadContent, type: PayloadType): number {
  return content.kind === 'file' ? sizeOfFile(content.file, type) : content.payloadBytes;
}
