import { requireWithin } from '../errors/budgets.js'
import { TableError } from '../errors/errors.js'
import type { ObjectMeta, ObjectStore } from './object-store.js'
import { budgetsOf } from './store-budgets.js'

export interface ReadListedOptions {
  /** `end` is exclusive. The whole object unless given. */
  readonly range?: { readonly start: number; readonly end: number } | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Exactly the bytes of a listed object, or of a range of it; undefined where it is gone. An answer of another length is
 * asked for once more, since a read may be cut and an object replaced while it is read; then it is refused.
 */
export async function readListed(
  store: ObjectStore,
  file: Pick<ObjectMeta, 'path' | 'size'>,
  { range, signal }: ReadListedOptions = {},
): Promise<Uint8Array | undefined> {
  const { path, size } = file
  const expected = range === undefined ? size : range.end - range.start
  const what = range === undefined ? 'an object' : 'a part of an object'
  requireWithin(budgetsOf(store), 'objectBytes', { what, observed: expected, unit: 'bytes', path })
  const options = { range, signal }
  let found = 0
  for (let attempt = 0; attempt < 2; attempt++) {
    const answer = await store.get(path, options)
    if (answer === undefined) return undefined
    found = answer.bytes.length
    if (found === expected) return answer.bytes
  }
  const from = range === undefined ? '' : ` from byte ${range.start} on`
  throw new TableError(
    'TABLE_CORRUPT',
    `expected ${expected} bytes${from} as the object was listed, found ${found}, twice: ${path}`,
    { context: { path, expected, found } },
  )
}

/**
 * The whole of an object of which no listing told the length; undefined where there is none. Longer than `maxBytes`, it is
 * refused without being held: no more is asked for than that and one byte.
 */
export async function readWhole(
  store: ObjectStore,
  path: string,
  {
    what = 'an object',
    signal,
  }: { readonly what?: string; readonly signal?: AbortSignal | undefined } = {},
): Promise<{ readonly bytes: Uint8Array; readonly meta: ObjectMeta } | undefined> {
  const budgets = budgetsOf(store)
  const range = { start: 0, end: budgets.objectBytes + 1 }
  let found = 0
  let size = 0
  for (let attempt = 0; attempt < 2; attempt++) {
    const answer = await store.get(path, { range, signal })
    if (answer === undefined) return undefined
    found = answer.bytes.length
    size = Math.max(found, answer.meta.size)
    requireWithin(budgets, 'objectBytes', { what, observed: size, unit: 'bytes', path })
    if (found === answer.meta.size) return answer
  }
  throw new TableError(
    'TABLE_CORRUPT',
    `expected ${what} of ${size} bytes, found ${found}, twice: ${path}`,
    { context: { path, expected: size, found } },
  )
}
