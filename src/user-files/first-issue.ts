import type { z } from 'zod';

/**
 * The first thing that is wrong with a user's definition, and where: `delivery.event: Invalid input`. `whole` is what
 * to call the definition itself.
 */
export function firstIssue({ issues }: z.ZodError, whole: string): string {
  const [issue] = issues;
  if (issue === undefined) return `${whole}: Invalid input`;
  const where = issue.path.length === 0 ? whole : issue.path.join('.');
  // Why a key is not allowed stands one level further in.
  const reason = issue.code === 'invalid_key' ? issue.issues[0]?.message : issue.message;
  return `${where}: ${reason ?? issue.message}`;
}
