import { TableError } from '@spillway/core'
import type { z } from 'zod'

/** What a request's body says, as `schema` has it; `expected` is what an error shows. */
export function jsonBody<Schema extends z.ZodType>(
  text: string,
  schema: Schema,
  expected: string,
): z.output<Schema> {
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch {
    throw new TableError('INVALID_REQUEST', 'the request body is not JSON')
  }
  const parsed = schema.safeParse(document)
  if (parsed.success) return parsed.data
  throw new TableError('INVALID_REQUEST', `expected ${expected}`)
}
