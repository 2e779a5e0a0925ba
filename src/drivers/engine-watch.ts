import type { Socket } from 'socket.io-client';
import { ENGINE_TYPE } from '../wire/socketio/engine.ts';
import type { ConnectOptions } from './driver.ts';

/** Reports every packet, where somebody wants to see them. */
export function watchPackets(socket: Socket, { onPacket }: ConnectOptions): void {
  if (onPacket === undefined) return;
  const written = ({ type, data }: { readonly type: string; readonly data?: unknown }) =>
    data instanceof Uint8Array
      ? Buffer.from(data)
      : `${ENGINE_TYPE[type as keyof typeof ENGINE_TYPE] ?? '?'}${data === undefined ? '' : String(data)}`;
  const { engine } = socket.io;
  engine.on('packet', (packet) => onPacket('received', written(packet)));
  engine.on('packetCreate', (packet) => onPacket('sent', written(packet)));
}

/** Reports the upgrade, and for each request for messages whether it brought one. */
export function watchEngine(socket: Socket, { transport, onUpgraded, onPolled }: ConnectOptions): void {
  const { engine } = socket.io;
  if (transport === 'upgrade' && onUpgraded !== undefined) {
    if (engine.transport.name === 'websocket') onUpgraded();
    else engine.once('upgrade', onUpgraded);
  }
  if (onPolled === undefined || engine.transport.name !== 'polling') return;
  let messages = 0;
  engine.on('packet', ({ type }) => {
    if (type === 'message') messages += 1;
  });
  engine.transport.on('pollComplete', () => {
    onPolled(messages === 0);
    messages = 0;
  });
}
