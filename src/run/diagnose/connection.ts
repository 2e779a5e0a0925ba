import { type Diagnosis, type Refused, requestUrl } from './diagnosis.ts';
import { type Answer, type LookOptions, lookAt, type Sight } from './look.ts';

const ACCEPT_CERTIFICATE =
  'Give tls: { ca } with the certificate that vouches for it in a target file, or tls: { rejectUnauthorized: false } to accept any.';

/** By the codes of Node.js: nodejs.org/api/tls.html, X509 certificate error codes. */
const CERTIFICATES: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate comes from an authority that is not known here',
  UNABLE_TO_GET_ISSUER_CERT: 'its certificate comes from an authority that is not known here',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate comes from an authority that is not known here',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate comes from an authority that is not known here',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
};

const CHECK_ADDRESS = 'Check host and port.';

const NETWORK: Readonly<Record<string, (host: string) => Diagnosis>> = {
  ECONNREFUSED: (host) => ({
    found: `nobody listens at ${host} (ECONNREFUSED)`,
    hint: 'Start the server, or have sockbench start it with --exec CMD; if it runs, check host and port.',
  }),
  ENOTFOUND: (host) => ({
    found: `there is no host of the name in ${host} (ENOTFOUND)`,
    hint: 'Check how the host is spelt, and whether this machine can look it up.',
  }),
  EAI_AGAIN: (host) => ({
    found: `the name in ${host} could not be looked up (EAI_AGAIN)`,
    hint: 'Check the name service of this machine, or give the address instead of the name.',
  }),
  EHOSTUNREACH: (host) => ({ found: `no way leads to ${host} (EHOSTUNREACH)`, hint: CHECK_ADDRESS }),
  ENETUNREACH: (host) => ({ found: `no way leads to ${host} (ENETUNREACH)`, hint: CHECK_ADDRESS }),
  ETIMEDOUT: noConnection,
};

function noConnection(host: string): Diagnosis {
  return {
    found: `${host} does not take connections and does not refuse them either`,
    hint: 'Check host and port; a firewall in between may drop what is sent there.',
  };
}

/** What keeps a request from being answered as HTTP: the network, TLS, or silence; null when it is answered. */
export async function diagnoseConnection(
  sight: Sight,
  options: LookOptions,
  refused: Refused,
): Promise<Diagnosis | null> {
  const url = requestUrl(refused.connect);
  switch (sight.kind) {
    case 'upgraded':
      return null;
    case 'silent':
      return sight.accepted ? SILENT : noConnection(url.host);
    case 'answer':
      return refusesPlainHttp(sight) && (await speaksTls(url, options)) ? wantsTls(refused) : null;
    case 'failed':
      return (
        NETWORK[sight.error.code ?? '']?.(url.host) ??
        diagnoseCertificate(sight.error) ??
        diagnoseAlert(sight.error) ??
        (url.protocol === 'https:'
          ? await diagnoseTls(sight.error, url, options, refused)
          : await diagnosePlain(sight.error, url, options, refused))
      );
  }
}

const SILENT: Diagnosis = {
  found: 'it accepts connections and never answers',
  hint: 'Check that this is the port of the server and that the server is not stuck; if it is only slow, give it longer with --connect-timeout.',
};

function diagnoseCertificate(error: NodeJS.ErrnoException): Diagnosis | null {
  const { code = '' } = error;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    const names = namesIn(error);
    return {
      found: `its certificate is for another host${names === '' ? '' : `, ${names}`}`,
      hint: 'Give a host that the certificate names, or in a target file tls: { servername } with it, or tls: { rejectUnauthorized: false } to accept any.',
    };
  }
  const found = CERTIFICATES[code];
  return found === undefined ? null : { found: `${found} (${code})`, hint: ACCEPT_CERTIFICATE };
}

/** `DNS:localhost, DNS:example.org` -> `localhost, example.org` */
function namesIn(error: Error): string {
  const isRecord = (value: unknown): value is Record<string, unknown> =>
    typeof value === 'object' && value !== null;
  const certificate = 'cert' in error ? error.cert : null;
  const names = isRecord(certificate) ? certificate['subjectaltname'] : null;
  return typeof names === 'string' ? names.replaceAll(/(DNS|IP Address):/g, '') : '';
}

/** The server ended the TLS handshake and said why. */
function diagnoseAlert(error: Error): Diagnosis | null {
  const alert = alertOf(error);
  if (alert === null) return null;
  return {
    found: `it ends the TLS handshake with "${alert}"`,
    hint: /certificate|handshake failure|unknown ca/.test(alert)
      ? 'It may want a certificate of the client: give tls: { cert, key } in a target file.'
      : 'Check which versions of TLS and which ciphers it takes.',
  };
}

/** The alert in OpenSSL's words: `...:tlsv13 alert certificate required:...:SSL alert number 116`. */
function alertOf({ message }: Error): string | null {
  return /:[^:]*alert ([^:]+):.*SSL alert number/.exec(message)?.[1] ?? null;
}

/** TLS was asked for, and what came back is none. */
async function diagnoseTls(
  { code = '' }: NodeJS.ErrnoException,
  url: URL,
  options: LookOptions,
  { connect }: Refused,
): Promise<Diagnosis | null> {
  if (isClosing(code)) return CLOSES;
  if (!/^(EPROTO|ERR_SSL_)/.test(code)) return null;
  const plain = await lookAt(withProtocol(url, 'http:'), options);
  return plain.kind === 'answer' || plain.kind === 'upgraded'
    ? { found: 'it speaks plain HTTP, not TLS', hint: `Write ${connect.url.replace(/^(http|ws)s:/, '$1:')}.` }
    : { found: 'what listens there does not speak TLS', hint: CHECK_ADDRESS };
}

/** HTTP was asked for, and what came back is none: a port for TLS closes, or answers in TLS. */
async function diagnosePlain(
  error: NodeJS.ErrnoException,
  url: URL,
  options: LookOptions,
  refused: Refused,
): Promise<Diagnosis | null> {
  const { code = '' } = error;
  const isForeign = code.startsWith('HPE_');
  if (!isForeign && !isClosing(code)) return null;
  if (await speaksTls(url, options)) return wantsTls(refused);
  return isForeign
    ? { found: `what listens there does not speak HTTP${beginningOf(error)}`, hint: CHECK_ADDRESS }
    : CLOSES;
}

function isClosing(code: string): boolean {
  return code === 'ECONNRESET' || code === 'EPIPE';
}

const CLOSES: Diagnosis = {
  found: 'it accepts connections and closes them without an answer',
  hint: 'Check that this is the port of the server, and look into its log, or into that of the proxy in front of it.',
};

function wantsTls({ connect }: Refused): Diagnosis {
  const url = connect.url.replace(/^(http|ws):/, '$1s:');
  return { found: 'it speaks TLS, not plain HTTP', hint: `Write ${url}.` };
}

/** As nginx, Apache, Go and others answer plain HTTP on a port for TLS. */
function refusesPlainHttp({ status, body }: Answer): boolean {
  return status === 400 && /https/i.test(body);
}

async function speaksTls(url: URL, options: LookOptions): Promise<boolean> {
  const tls = { ...options.tls, rejectUnauthorized: false };
  const sight = await lookAt(withProtocol(url, 'https:'), { ...options, tls });
  return sight.kind === 'failed' ? alertOf(sight.error) !== null : sight.kind !== 'silent';
}

/** The same port, given or not, spoken to in the other way. */
function withProtocol(url: URL, protocol: string): URL {
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  return new URL(`${protocol}//${url.hostname}:${port}${url.pathname}${url.search}`);
}

/** How the answer of something that is no web server begins, when it can be read. */
function beginningOf(error: Error): string {
  const packet = 'rawPacket' in error && Buffer.isBuffer(error.rawPacket) ? error.rawPacket : null;
  const [line = ''] = (packet?.toString('latin1') ?? '').split(/[\r\n]/);
  return /^[\x20-\x7e]{3,}$/.test(line) ? ` (its answer begins "${line.slice(0, 40)}")` : '';
}
