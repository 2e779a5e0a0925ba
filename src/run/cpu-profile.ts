import { relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { z } from 'zod';
import { ownFilePath } from '../package.ts';
import { KEPT_FUNCTIONS, type ProfiledFunction, type StoredProfile } from '../result/stored-profile.ts';

/** A CPU profile in the format of V8 (`Profiler.Profile` of the DevTools protocol): a tree of calls, and samples of it. */
const cpuProfileSchema = z.object({
  nodes: z.array(
    z.object({
      id: z.int(),
      callFrame: z.object({
        functionName: z.string(),
        scriptId: z.string().default('0'),
        url: z.string(),
        /** From 0; -1 for native code. */
        lineNumber: z.int(),
        columnNumber: z.int(),
      }),
      children: z.array(z.int()).optional(),
    }),
  ),
  /** In microseconds on a clock of V8. */
  startTime: z.number(),
  endTime: z.number(),
  /** The node of each sample, and the time since the sample before, in microseconds. */
  samples: z.array(z.int()),
  timeDeltas: z.array(z.number()),
});

export type CpuProfile = z.infer<typeof cpuProfileSchema>;
type Node = CpuProfile['nodes'][number];

/** Reads a profile. Throws for a text that is none. */
export function parseCpuProfile(text: string): CpuProfile {
  return cpuProfileSchema.parse(JSON.parse(text));
}

/**
 * The part of a profile between two times, in microseconds since its start. The tree keeps all of its nodes. A sample
 * lasts until the next one, so that the first sample before the part tells what ran at its beginning.
 */
export function cutCpuProfile(profile: CpuProfile, fromUs: number, toUs: number): CpuProfile {
  const samples: number[] = [];
  const timeDeltas: number[] = [];
  let atUs = 0;
  let lastUs = fromUs;
  for (const [index, node] of profile.samples.entries()) {
    atUs += profile.timeDeltas[index] ?? 0;
    if (atUs < fromUs || atUs > toUs) continue;
    samples.push(node);
    timeDeltas.push(atUs - lastUs);
    lastUs = atUs;
  }
  const startTime = profile.startTime + fromUs;
  return { ...profile, startTime, endTime: profile.startTime + toUs, samples, timeDeltas };
}

/** The folder whose functions are those of the probe, as a URL. */
const PROBE_FOLDER = pathToFileURL(ownFilePath('measure/')).href;

function isOfProbe({ callFrame: { url } }: Node): boolean {
  return url.startsWith(PROBE_FOLDER) || url.startsWith(fileURLToPath(PROBE_FOLDER));
}

/** The nodes of the probe, with everything that it calls. */
function probeNodes(nodes: readonly Node[]): ReadonlySet<number> {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const found = new Set<number>();
  const open = nodes.filter(isOfProbe);
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (found.has(node.id)) continue;
    found.add(node.id);
    for (const child of node.children ?? []) {
      const next = byId.get(child);
      if (next !== undefined) open.push(next);
    }
  }
  return found;
}

/** How long the samples of each node lasted, in microseconds: each until the next one. */
function selfTimes({ samples, timeDeltas, startTime, endTime }: CpuProfile): ReadonlyMap<number, number> {
  const selfUs = new Map<number, number>();
  const leftUs = endTime - startTime - timeDeltas.reduce((sum, deltaUs) => sum + deltaUs, 0);
  for (const [index, node] of samples.entries()) {
    const lastedUs = Math.max(0, timeDeltas[index + 1] ?? leftUs);
    selfUs.set(node, (selfUs.get(node) ?? 0) + lastedUs);
  }
  return selfUs;
}

/** The place of a function: relative to `root` where it lies in it, from `node_modules/` on in a dependency. */
function fileOf(url: string, root: string): string {
  const path = url.startsWith('file:') && URL.canParse(url) ? fileURLToPath(url) : url;
  const dependency = path.lastIndexOf('node_modules/');
  if (dependency !== -1) return path.slice(dependency);
  const fromHere = path.startsWith('/') ? relative(root, path) : path;
  return fromHere.startsWith('..') ? path : fromHere;
}

/** What is stored of a profile beside its file. Files below `root` are named from there. */
export function summarizeCpuProfile(
  profile: CpuProfile,
  root: string,
): Omit<StoredProfile, 'pid' | 'file' | 'intervalUs'> {
  const ofProbe = probeNodes(profile.nodes);
  const selfUs = selfTimes(profile);
  const functions = new Map<string, ProfiledFunction>();
  let [busyMs, probeMs] = [0, 0];
  for (const node of profile.nodes) {
    const selfMs = (selfUs.get(node.id) ?? 0) / 1000;
    const { functionName, url, lineNumber } = node.callFrame;
    if (selfMs === 0 || functionName === '(idle)') continue;
    if (ofProbe.has(node.id)) {
      probeMs += selfMs;
      continue;
    }
    busyMs += selfMs;
    const [name, file, line] = [
      functionName || '(anonymous)',
      fileOf(url, root),
      Math.max(0, lineNumber + 1),
    ];
    const key = JSON.stringify([name, file, line]);
    const known = functions.get(key)?.selfMs ?? 0;
    functions.set(key, { name, file, line, selfMs: known + selfMs });
  }
  return {
    sampledMs: (profile.endTime - profile.startTime) / 1000,
    busyMs,
    probeMs,
    functions: [...functions.values()].sort((a, b) => b.selfMs - a.selfMs).slice(0, KEPT_FUNCTIONS),
  };
}
