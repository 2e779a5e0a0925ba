/** Entry of a thread: interrupts what the main thread runs at the time in `workerData`, in milliseconds since the epoch. */
import { Session } from 'node:inspector';
import { workerData } from 'node:worker_threads';

setTimeout(() => {
  const session = new Session();
  session.connectToMainThread();
  session.post('Runtime.terminateExecution');
}, workerData - Date.now());
