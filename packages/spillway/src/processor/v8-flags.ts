import { setFlagsFromString } from 'node:v8'

/** The newest Node that flags were tried on: V8 may forget one some day, and would complain of it aloud. */
const NEWEST = 24

/** Of this process, from now on. Without it all is as right, and slower. */
export function setV8Flag(flag: string): void {
  const [major = 0] = process.versions.node.split('.').map(Number)
  if (major <= NEWEST) setFlagsFromString(flag)
}
