export {
  atOnce,
  awaited,
  inSlices,
  Lane,
  MANY_COLUMNS,
  nextTurn,
  Pace,
  Slices,
  type Steps,
} from '@spillway/core'
