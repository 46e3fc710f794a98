export type {
  PathFault,
  PathFaultKind,
  PathRefusalOptions,
} from './paths/path-fault.js'
export { requireSafePaths } from './paths/path-list.js'
export {
  MAX_PATH_BYTES,
  MAX_SEGMENT_BYTES,
  pathFault,
  requireSafePath,
} from './paths/safe-path.js'
