import { corrupt, type TableError } from '@spillway/core'
import type { LongJsonValue } from '@spillway/encoding'
import type { z } from 'zod'

/** `json` as `schema` has it; `place` is where in the document of `path` it lies. */
export function checked<Document>(
  schema: z.ZodType<Document>,
  json: LongJsonValue,
  path: string,
  place?: string,
): Document {
  const parsed = schema.safeParse(json)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const where = [...(place === undefined ? [] : [place]), ...issue!.path].join('.')
  throw badMetadata(path, `${where || 'the document'}: ${issue!.message}`)
}

export function badMetadata(path: string, reason: string): TableError {
  return corrupt('Iceberg table metadata', reason, { path })
}
