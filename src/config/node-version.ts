import { AppError } from '../core/errors.ts';

/** The oldest Node.js that this runs on, as in `engines` of package.json, which npm only warns of. */
export const LEAST_NODE = [20, 19] as const;

/** The error for a Node.js that is too old; undefined if it is new enough. For use before newer syntax is loaded. */
export function nodeProblem(version: string): AppError | undefined {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  const [leastMajor, leastMinor] = LEAST_NODE;
  if (major > leastMajor || (major === leastMajor && minor >= leastMinor)) return undefined;
  const text = `This is Node.js ${version}, and ${LEAST_NODE.join('.')} or newer is needed. Install it from https://nodejs.org, and start again.`;
  return new AppError('BAD_CONFIG', text);
}
