import { endpointOf } from '../../contract/address.ts';
import { type Answer, type Diagnosis, type LookAt, type Refused, requestUrl, type Sight } from './look.ts';

const ACCEPT_CERTIFICATE =
  'In a target file, give the certificate of its issuer as tls: { ca }, or tls: { rejectUnauthorized: false } to accept any certificate.';

/** By error codes of Node.js: nodejs.org/api/tls.html, X509 certificate error codes. */
const CERTIFICATES: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate was issued by an unknown authority',
  UNABLE_TO_GET_ISSUER_CERT: 'its certificate was issued by an unknown authority',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate was issued by an unknown authority',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate was issued by an unknown authority',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
};

const CHECK_ADDRESS = 'Check host and port.';

const NETWORK: Readonly<Record<string, (host: string) => Diagnosis>> = {
  ECONNREFUSED: (host) => ({
    found: `no server listens at ${host} (ECONNREFUSED)`,
    hint: 'Start the server, or let --exec CMD start it. If it runs, check host and port.',
  }),
  ENOTFOUND: (host) => ({
    found: `the host name in ${host} does not exist (ENOTFOUND)`,
    hint: 'Check the spelling of the host name, and the name resolution of this machine.',
  }),
  EAI_AGAIN: (host) => ({
    found: `the host name in ${host} could not be resolved (EAI_AGAIN)`,
    hint: 'Check the name resolution of this machine, or give the IP address.',
  }),
  EHOSTUNREACH: (host) => ({ found: `there is no route to ${host} (EHOSTUNREACH)`, hint: CHECK_ADDRESS }),
  ENETUNREACH: (host) => ({ found: `there is no route to ${host} (ENETUNREACH)`, hint: CHECK_ADDRESS }),
  ETIMEDOUT: noConnection,
};

function noConnection(host: string): Diagnosis {
  return {
    found: `${host} neither accepts nor refuses connections`,
    hint: 'Check host and port. A firewall may drop the packets.',
  };
}

/** A request was not answered in HTTP because of the network, TLS, or silence; null when it was answered. */
export async function diagnoseConnection(
  sight: Sight,
  { connect }: Refused,
  look: LookAt,
): Promise<Diagnosis | null> {
  const url = requestUrl(connect);
  const plainUrl = connect.url.replace(/^(http|ws)s:/, '$1:');
  const wantsTls = {
    found: 'it speaks TLS, not plain HTTP',
    hint: `Use ${plainUrl.replace(/^(http|ws):/, '$1s:')}.`,
  };
  switch (sight.kind) {
    case 'upgraded':
      return null;
    case 'silent':
      if (sight.hasBegun) return INCOMPLETE;
      return sight.accepted ? SILENT : noConnection(url.host);
    case 'answer':
      return refusesPlainHttp(sight) && (await speaksTls(url, look)) ? wantsTls : null;
    case 'failed': {
      const { error } = sight;
      const { code = '' } = error;
      const known = NETWORK[code]?.(url.host) ?? diagnoseCertificate(error) ?? diagnoseAlert(error);
      if (known !== null) return known;
      const isClosed = code === 'ECONNRESET' || code === 'EPIPE';
      if (url.protocol === 'https:')
        return isClosed ? CLOSES : await diagnoseNoTls(code, url, plainUrl, look);
      // A TLS port answers an HTTP request in TLS, or closes the connection.
      if (!isClosed && !code.startsWith('HPE_')) return null;
      if (await speaksTls(url, look)) return wantsTls;
      if (isClosed) return CLOSES;
      return code === 'HPE_INVALID_CONSTANT'
        ? { found: `the service at this port does not speak HTTP${beginningOf(error)}`, hint: CHECK_ADDRESS }
        : malformed(error);
    }
  }
}

const SILENT: Diagnosis = {
  found: 'it accepts connections but never answers',
  hint: 'Check that this is the port of the server, and that the server is not blocked. If it is only slow, increase --connect-timeout.',
};

const INCOMPLETE: Diagnosis = {
  found: 'it begins to answer, but does not complete its answer in time',
  hint: 'Check that this is the port of the server, and read its log, or that of the proxy in front of it. If it is only slow, increase --connect-timeout.',
};

/** Node.js found the answer to be HTTP, and a part of it to be wrong. */
function malformed(error: Error): Diagnosis {
  const [, what = error.message] = /^Parse Error: (.+)/.exec(error.message) ?? [];
  return {
    found: `its answer is not valid HTTP (${what})`,
    hint: 'Check that this is the port of the server, and the proxy in front of it.',
  };
}

function diagnoseCertificate(error: NodeJS.ErrnoException): Diagnosis | null {
  const { code = '' } = error;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    const names = namesIn(error);
    return {
      found: `its certificate is for another host${names === '' ? '' : `, ${names}`}`,
      hint: 'Use a host that the certificate names. Or, in a target file, give that host as tls: { servername }, or tls: { rejectUnauthorized: false } to accept any certificate.',
    };
  }
  const found = CERTIFICATES[code];
  return found === undefined ? null : { found: `${found} (${code})`, hint: ACCEPT_CERTIFICATE };
}

/** `DNS:localhost, DNS:example.org` -> `localhost, example.org` */
function namesIn(error: Error): string {
  const { subjectaltname: names = '' } = (error as { cert?: { subjectaltname?: string } }).cert ?? {};
  return names.replaceAll(/(DNS|IP Address):/g, '');
}

/** The server ended the TLS handshake with an alert. */
function diagnoseAlert(error: Error): Diagnosis | null {
  const alert = alertOf(error);
  if (alert === null) return null;
  return {
    found: `it ends the TLS handshake with "${alert}"`,
    hint: /certificate|handshake failure|unknown ca/.test(alert)
      ? 'It may require a client certificate: give tls: { cert, key } in a target file.'
      : 'Check which TLS versions and ciphers it accepts.',
  };
}

/** The alert in an OpenSSL error: `...:tlsv13 alert certificate required:...:SSL alert number 116`. */
function alertOf({ message }: Error): string | null {
  return /:[^:]*alert ([^:]+):.*SSL alert number/.exec(message)?.[1] ?? null;
}

/** The answer to a TLS handshake is not TLS. */
async function diagnoseNoTls(
  code: string,
  url: URL,
  plainUrl: string,
  look: LookAt,
): Promise<Diagnosis | null> {
  if (!/^(EPROTO|ERR_SSL_)/.test(code)) return null;
  const plain = await look(withProtocol(url, 'http:'));
  return plain.kind === 'answer' || plain.kind === 'upgraded'
    ? { found: 'it speaks plain HTTP, not TLS', hint: `Use ${plainUrl}.` }
    : { found: 'the service at this port does not speak TLS', hint: CHECK_ADDRESS };
}

const CLOSES: Diagnosis = {
  found: 'it accepts connections and closes them without an answer',
  hint: 'Check that this is the port of the server, and read its log, or that of the proxy in front of it.',
};

/** The answer of nginx, Apache, Go and others to plain HTTP on a TLS port. */
function refusesPlainHttp({ status, body }: Answer): boolean {
  return status === 400 && /https/i.test(body);
}

async function speaksTls(url: URL, look: LookAt): Promise<boolean> {
  const sight = await look(withProtocol(url, 'https:'), { tls: { rejectUnauthorized: false } });
  return sight.kind === 'failed' ? alertOf(sight.error) !== null : sight.kind !== 'silent';
}

/** The same port with another protocol. */
function withProtocol(url: URL, protocol: string): URL {
  const { port } = endpointOf(url);
  return new URL(`${protocol}//${url.hostname}:${port}${url.pathname}${url.search}`);
}

/** The printable start of an answer that is not HTTP. */
function beginningOf(error: Error): string {
  const packet = 'rawPacket' in error && Buffer.isBuffer(error.rawPacket) ? error.rawPacket : null;
  const [line = ''] = (packet?.toString('latin1') ?? '').split(/[\r\n]/);
  return /^[\x20-\x7e]{3,}$/.test(line) ? ` (its answer begins "${line.slice(0, 40)}")` : '';
}
