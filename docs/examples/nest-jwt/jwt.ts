import { createHmac, timingSafeEqual } from 'node:crypto';

const { JWT_SECRET = 'only for this example' } = process.env;

export interface Claims {
  /** The user. */
  readonly sub: string;
  /** Expiry, in seconds since 1970. */
  readonly exp: number;
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function signature(text: string): Buffer {
  return createHmac('sha256', JWT_SECRET).update(text).digest();
}

/** Returns a JSON Web Token, signed with HMAC and SHA-256. */
export function sign(claims: Claims): string {
  const text = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims)}`;
  return `${text}.${signature(text).toString('base64url')}`;
}

/** Returns the claims of a token. Throws if the signature is invalid or the token has expired. */
export function verify(token: string): Claims {
  const [header = '', payload = '', given = ''] = token.split('.');
  const expected = signature(`${header}.${payload}`);
  const received = Buffer.from(given, 'base64url');
  if (received.length !== expected.length || !timingSafeEqual(received, expected)) {
    throw new Error('invalid token');
  }
  const claims: Claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
  if (!(claims.exp * 1000 > Date.now())) throw new Error('the token has expired');
  return claims;
}
