import { isMainThread } from 'node:worker_threads';
import type { NativeLibrary } from './libc.ts';

/** Node's own event loop, as a wait for other things sees it. */
export interface NodeLoop {
  /** A descriptor that is readable when Node has events to handle. */
  readonly fd: number;
  /** In how many milliseconds Node's next timer is due; 0 when Node has something to do now, -1 when it has no timer. */
  timeoutMs(): number;
}

/**
 * Returns the loop of this thread through functions of libuv, which Node.js exports for addons: uv_backend_fd and
 * uv_backend_timeout exist to embed a loop in another. Null in a worker thread, whose loop has no name.
 */
export function nodeLoopOf(library: NativeLibrary): NodeLoop | null {
  if (!isMainThread) return null;
  try {
    const loop = library.func('uint64_t uv_default_loop()')();
    const backendTimeout = library.func('int uv_backend_timeout(uint64_t)');
    const fd = library.func('int uv_backend_fd(uint64_t)')(loop);
    return fd < 0 ? null : { fd, timeoutMs: () => backendTimeout(loop) };
  } catch {
    // A Node.js that exports nothing of libuv.
    return null;
  }
}
