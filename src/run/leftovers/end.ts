/** Child entry: `node end.ts guarded WORD...` ends processes and groups whose owner has ended, and removes its files. */
import { removeGoneClaim } from './claim.ts';
import { CLAIM_WORD } from './guardian.ts';
import { removeLeftovers } from './remove.ts';

const [, ...words] = process.argv.slice(2);
const isClaim = (word: string) => word.startsWith(CLAIM_WORD);
for (const word of words.filter(isClaim))
  removeGoneClaim(Buffer.from(word.slice(CLAIM_WORD.length), 'hex').toString());
await removeLeftovers(words.filter((word) => !isClaim(word)).map(Number));
