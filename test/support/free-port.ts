export { freePort } from '../../servers/cluster/redis-process.ts';
