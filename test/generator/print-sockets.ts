/** Opens the sockets that the plan of argument 1 asks for, waits for a due time with them, and prints what they are. */
import { messageOf } from '../../src/errors.ts';
import { openSockets } from '../../src/generator/sockets.ts';

const clock = { nowNs: () => Math.round(performance.now() * 1e6) };
const asked = process.argv[2] === 'kernel' ? 'kernel' : 'auto';
try {
  const { kind, problem, loop } = openSockets({ sockets: asked }, new URL('ws://127.0.0.1:1'), clock);
  const dueNs = clock.nowNs() + 5.5e6;
  if (loop !== null) await new Promise<void>((resolve) => loop.before(dueNs, resolve));
  loop?.spin(dueNs);
  console.log(JSON.stringify({ kind, problem, isEarly: loop !== null && clock.nowNs() < dueNs }));
} catch (error) {
  console.log(JSON.stringify({ error: messageOf(error) }));
}
