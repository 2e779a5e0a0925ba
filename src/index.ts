/** What a user's own files import: `import { defineTarget } from 'sockbench'`. */

export type { ClientHooks, SentEvents } from './contract/hooks.ts';
export {
  Arguments,
  chat,
  type IncomingEvent,
  type Mapping,
  type OutgoingEvent,
  type OutgoingRequest,
  type RefusalEvent,
  type ReplyEvent,
} from './contract/mapping.ts';
export { decodeEnvelope, type Envelope, encodeEnvelope, type Payload } from './contract/protocol.ts';
export { Rejected, requireJsonRpcResult, requireNoError, requireOk } from './contract/replies.ts';
export * from './contract/scenario.ts';
export type { ClientConnection, FrameCodec, PerClient } from './contract/target.ts';
export { SockbenchError } from './errors.ts';
export { findStamp, type Stamp } from './measure/stamp.ts';
export { type Config, defineConfig } from './user-files/config-file.ts';
export { type CsvOptions, csvRows } from './user-files/csv.ts';
export { defineTarget, type TargetDefinition } from './user-files/target-definition.ts';
