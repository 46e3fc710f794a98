import type { Socket } from 'node:net'

/**
 * Requests of one connection that begin in one turn of the event loop. Node hands out all that a pipeline holds at once, and
 * thousands of them, each a few steps, would keep everybody else waiting for a second.
 */
const BEGUN_AT_ONCE = 16

/** Requests of one connection that wait. Beyond them nothing is read from it: what a client pipelines is its own to keep. */
const MAX_WAITING = 64

interface Pipeline {
  begun: number
  readonly waiting: (() => void)[]
}

const pipelines = new WeakMap<Socket, Pipeline>()

/** Begins a request of `socket`: now, or in a later turn and in order. One whose connection has closed by then never begins. */
export function beginInTurn(socket: Socket, begin: () => void): void {
  let pipeline = pipelines.get(socket)
  if (pipeline === undefined) {
    pipeline = { begun: 0, waiting: [] }
    pipelines.set(socket, pipeline)
    nextTurn(socket, pipeline)
  }
  if (pipeline.begun < BEGUN_AT_ONCE) {
    pipeline.begun++
    begin()
    return
  }
  pipeline.waiting.push(begin)
  if (pipeline.waiting.length >= MAX_WAITING) socket.pause()
}

function nextTurn(socket: Socket, pipeline: Pipeline): void {
  setImmediate(() => {
    if (socket.destroyed) {
      pipelines.delete(socket)
      return
    }
    const { waiting } = pipeline
    if (waiting.length === 0) {
      pipelines.delete(socket)
      readOn(socket)
      return
    }
    const next = waiting.splice(0, BEGUN_AT_ONCE)
    pipeline.begun = next.length
    nextTurn(socket, pipeline)
    for (const begin of next) begin()
    // What answers it begins with may have read on.
    if (waiting.length >= MAX_WAITING) socket.pause()
  })
}

/** Node pauses a connection whose answers are not taken, and goes on by itself when they are. */
function readOn(socket: Socket): void {
  const isHeldByNode = (socket as { readonly _paused?: boolean })._paused === true
  if (socket.isPaused() && !isHeldByNode) socket.resume()
}
