/** What a user's own files import: `import { defineTarget } from 'sockbench'`. */
export { type Config, defineConfig } from './config-file.ts';
export { SockbenchError } from './errors.ts';
export { findStamp, readStamp, type Stamp } from './measure/stamp.ts';
export * from './scenario.ts';
export {
  Arguments,
  chat,
  type FrameCodec,
  type Mapping,
  type OutgoingEvent,
  type OutgoingRequest,
} from './target.ts';
export { defineTarget, type TargetDefinition } from './target-file.ts';
export { decodeEnvelope, type Envelope, encodeEnvelope, type Payload } from './wire.ts';
