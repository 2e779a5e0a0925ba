/** Writes clients.csv with a token per user: `npm run tokens -- 100`. */
import { writeFileSync } from 'node:fs';
import { sign } from './jwt.ts';

const [count = '100'] = process.argv.slice(2);
const inOneDay = Math.floor(Date.now() / 1000) + 24 * 3600;

const rows = Array.from({ length: Number(count) }, (_, number) => {
  const user = `user-${number}`;
  return `${user},${sign({ sub: user, exp: inOneDay })}`;
});
writeFileSync(new URL('clients.csv', import.meta.url), `user,token\n${rows.join('\n')}\n`);
