/** What the packages artillery-engine-sockbench and artillery-plugin-sockbench load. Not meant for other use. */
export { SockbenchEngine } from './engine.ts';
export { SockbenchPlugin } from './plugin.ts';
