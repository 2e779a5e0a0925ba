import { createHmac } from 'node:crypto';

const { KEY_SECRET = 'only for this example' } = process.env;

/** Returns the key of a device. */
export function keyOf(device: string): string {
  return createHmac('sha256', KEY_SECRET).update(device).digest('hex');
}
