import { OWN_LIMITS, REFUSED_BY_OWN_SYSTEM } from '../../drivers/reason.ts';

/** A limit of the system that the generator runs on, and what to do about it. */
export interface SystemLimit {
  readonly found: string;
  readonly remedy: string;
}

const NO_PORTS: SystemLimit = {
  found: 'the generator has no local port left for connections to this server',
  remedy:
    'widen net.ipv4.ip_local_port_range, give more addresses by --source-addresses, or use a lower rate or fewer --clients',
};

const NO_MEMORY: SystemLimit = {
  found: 'the system of the generator has no memory for another socket',
  remedy: 'free memory, or use fewer clients (--clients)',
};

const LIMITS_BY_CODE: Readonly<Record<(typeof OWN_LIMITS)[number], SystemLimit>> = {
  EMFILE: {
    found: 'a generator process may open no more files',
    remedy: 'raise its limit (ulimit -n), or use more --workers or fewer --clients',
  },
  ENFILE: {
    found: 'the system of the generator may open no more files',
    remedy: 'raise fs.file-max, or use fewer --clients',
  },
  EADDRNOTAVAIL: NO_PORTS,
  EADDRINUSE: NO_PORTS,
  ENOBUFS: NO_MEMORY,
  ENOMEM: NO_MEMORY,
};

/** Explains why the system of the generator, and not the server, refused a connection; null for any other reason. */
export function explainSystemLimit(reason: string): SystemLimit | null {
  const [, rest] = reason.split(REFUSED_BY_OWN_SYSTEM);
  if (rest === undefined) return null;
  const code = OWN_LIMITS.find((each) => rest.includes(each));
  if (code === undefined) return null;
  const { found, remedy } = LIMITS_BY_CODE[code];
  return { found: `${found} (${code})`, remedy };
}
