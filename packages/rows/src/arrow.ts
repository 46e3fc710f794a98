// An entry of its own: what loads Arrow is a fifth of what a command loads, and most answers are no Arrow.
export { arrowIpc } from './values/arrow-ipc.js'
export { arrowBatch, arrowSchema, arrowTable, toArrow } from './values/to-arrow.js'
