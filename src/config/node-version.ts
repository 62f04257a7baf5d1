import { AppError } from '../core/errors.ts';

/** The oldest Node.js that this runs on, as in `engines` of package.json, which npm only warns of. */
export const LEAST_NODE = [20, 19] as const;

/** What to tell a person whose Node.js is too old, before anything is loaded that it cannot load. */
export function nodeProblem(version: string): AppError | undefined {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  const [leastMajor, leastMinor] = LEAST_NODE;
  if (major > leastMajor || (major === leastMajor && minor >= leastMinor)) return undefined;
  const text = `This is Node.js ${version}, and ${LEAST_NODE.join('.')} or newer is needed. Install it from https://nodejs.org, and start again.`;
  return new AppError('BAD_CONFIG', text);
}
