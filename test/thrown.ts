import { SockbenchError } from '../src/errors.ts';

/** The SockbenchError that `action` throws; fails when it throws nothing or something else. */
export function thrownBy(action: () => unknown): SockbenchError {
  try {
    action();
  } catch (error) {
    if (error instanceof SockbenchError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
