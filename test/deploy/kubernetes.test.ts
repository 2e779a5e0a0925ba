import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Job } from 'kubernetes-models/batch/v1';
import { Service } from 'kubernetes-models/v1';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { shardFromEnvironment } from '../../src/plan/shard-environment.ts';
import { runFake } from '../cli/fake-cli.ts';
import { fileText, ROOT } from './lines.ts';

const [service, job] = parseAllDocuments(fileText('deploy/kubernetes/job.yaml')).map((document) => {
  expect(document.errors).toEqual([]);
  return document.toJS();
});
const pod = job.spec.template;
const [container] = pod.spec.containers;
const args: readonly string[] = container.args;
const flagValue = (flag: string) =>
  args.find((arg) => arg.startsWith(`${flag}=`))?.slice(flag.length + 1) ?? '';

describe('job.yaml', () => {
  it('is a Service and a Job by the schemas of Kubernetes', () => {
    expect(() => new Service(service).validate()).not.toThrow();
    expect(() => new Job(job).validate()).not.toThrow();
    // The schemas notice what is wrong.
    const completions = 'four';
    expect(() => new Job({ ...job, spec: { ...job.spec, completions } }).validate()).toThrow(/completions/);
  });

  it('starts all shards at the same time, one for each index', () => {
    const { completionMode, completions, parallelism } = job.spec;
    expect({ completionMode, parallelism }).toEqual({ completionMode: 'Indexed', parallelism: completions });
    const shards = Array.from({ length: completions }, (_, index) =>
      shardFromEnvironment(flagValue('--shard'), { JOB_COMPLETION_INDEX: String(index) }),
    );
    expect(shards).toEqual([1, 2, 3, 4].map((index) => ({ index, count: completions })));
  });

  it('has the rendezvous at the pod of shard 1', () => {
    // Pods of an Indexed Job are called JOB-INDEX, and are reached at POD.SUBDOMAIN by a headless Service of that name.
    const url = new URL(flagValue('--rendezvous'));
    expect(url.hostname).toBe(`${job.metadata.name}-0.${service.metadata.name}`);
    expect(pod.spec.subdomain).toBe(service.metadata.name);
    expect(service.spec).toMatchObject({ clusterIP: 'None', publishNotReadyAddresses: true });
    expect(pod.metadata.labels).toMatchObject(service.spec.selector);
    expect([service.spec.ports[0].port, container.ports[0].containerPort]).toEqual([
      Number(url.port),
      Number(url.port),
    ]);
  });

  it('writes results where a volume is mounted', () => {
    const [mount] = container.volumeMounts;
    expect(mount.mountPath).toBe(flagValue('--out'));
    expect(pod.spec.volumes.map(({ name }: { name: string }) => name)).toContain(mount.name);
  });

  it('has arguments that sockbench accepts', async () => {
    // Everything else is checked before the folder of the results.
    const nowhere = args.map((arg) => (arg.startsWith('--out=') ? '--out=/dev/null/reports' : arg));
    const here = nowhere.map((arg) => (arg.startsWith('--shard=') ? '--shard=2/4' : arg));
    const { exitCode, stderr } = await runFake(...here);
    expect({ exitCode, stderr }).toEqual({
      exitCode: 2,
      stderr: expect.stringContaining('error: the folder /dev/null/reports cannot be written to'),
    });
  });
});

describe('Containerfile', () => {
  const lines = fileText('deploy/kubernetes/Containerfile').split('\n');

  it('copies paths that exist, and all that the package is made of', () => {
    const copied = lines.flatMap((line) => /^COPY (?!--from)(.*) \S+$/.exec(line)?.[1]?.split(' ') ?? []);
    expect(copied.length).toBeGreaterThan(10);
    expect(copied.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
    const { files, workspaces } = JSON.parse(fileText('package.json'));
    const needed = [...files, ...workspaces].filter(
      (path: string) => !path.startsWith('!') && path !== 'dist',
    );
    const isCopied = (path: string) => copied.some((each) => path === each || path.startsWith(`${each}/`));
    expect(needed.filter((path) => !isCopied(path))).toEqual([]);
  });

  it('starts sockbench', () => {
    expect(lines).toContain('ENTRYPOINT ["sockbench"]');
  });
});
