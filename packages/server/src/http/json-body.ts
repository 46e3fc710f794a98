import { hasFewValues, TableError } from '@spillway/core'
import type { z } from 'zod'

export interface JsonBodyOptions {
  /** What an error shows. */
  readonly expected: string
  /** Members and items that are read. A few by default. */
  readonly mostValues?: number | undefined
}

const MOST_VALUES = 100

/**
 * What a request's body says, as `schema` has it. Values are counted before any is made: a million brackets, members or wrong items
 * would each cost more than the whole request may.
 */
export function jsonBody<Schema extends z.ZodType>(
  text: string,
  schema: Schema,
  { expected, mostValues = MOST_VALUES }: JsonBodyOptions,
): z.output<Schema> {
  if (!hasFewValues(text, mostValues)) {
    throw new TableError(
      'INVALID_REQUEST',
      `expected ${expected}, found a body of more than ${mostValues} values`,
    )
  }
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
