/** One connection of a bare client. */
export interface BareConnection {
  /** Sends a request whose reply counts as a message. */
  request(): void;
}

/** Connects to a server; resolves when messages can be sent. Calls back for each message that arrives. */
export type OpenBare = (port: number, onMessage: () => void) => Promise<BareConnection>;

const OPENING_AT_ONCE = 100;

/**
 * Carries out a bare client: `node CLIENT PORT CONNECTIONS REQUESTS_PER_SECOND`. It prints a line of JSON when
 * all connections are open, and one for each SIGUSR2. From then on it sends requests at the given rate; 0 only receives.
 */
export async function runBareClient(open: OpenBare): Promise<void> {
  const [port = 0, planned = 0, requestsHz = 0] = process.argv.slice(2).map(Number);
  const connections: BareConnection[] = [];
  let received = 0;
  const onMessage = () => {
    received += 1;
  };
  const printReading = () => {
    const { user, system } = process.cpuUsage();
    const reading = { connections: connections.length, received, cpuUs: user + system };
    process.stdout.write(`${JSON.stringify({ ...reading, rssBytes: process.memoryUsage.rss() })}\n`);
  };
  process.on('SIGUSR2', printReading);
  let started = 0;
  const openOthers = async () => {
    while (started < planned) {
      started += 1;
      connections.push(await open(port, onMessage));
    }
  };
  await Promise.all(Array.from({ length: OPENING_AT_ONCE }, openOthers));
  printReading();
  if (requestsHz > 0) requestAt(requestsHz, connections);
}

/** Sends requests on a constant schedule, over all connections in turn. */
function requestAt(rateHz: number, connections: readonly BareConnection[]): void {
  const startMs = performance.now();
  let sent = 0;
  const dueMs = () => startMs + (sent * 1000) / rateHz;
  const requestDue = () => {
    for (; dueMs() <= performance.now(); sent += 1) connections[sent % connections.length]?.request();
    setTimeout(requestDue, Math.max(0, dueMs() - performance.now()));
  };
  requestDue();
}
