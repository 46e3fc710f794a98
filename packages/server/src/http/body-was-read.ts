import { TableError } from '@spillway/core'

/** Nobody knows what stood in a body that something else has read: asking without it would ask something else. */
export function bodyWasRead(): TableError {
  return new TableError(
    'INVALID_REQUEST',
    'the request body was read by something in front of the server: its provider must mount it before any body parser, or behind one that keeps the bytes',
  )
}
