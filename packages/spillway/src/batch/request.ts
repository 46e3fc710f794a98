import { type JsonValue, TableError } from '@spillway/core'
import { z } from 'zod'

const integer = z
  .union([z.number().int(), z.bigint(), z.string().regex(/^-?\d{1,40}$/)])
  .transform(value => BigInt(value))

const requestSchema = z.strictObject({
  id: z.unknown().optional(),
  op: z.enum(['inspect', 'plan', 'count', 'rows']),
  location: z.string().min(1),
  format: z.enum(['delta', 'iceberg', 'hudi', 'parquet']).optional(),
  metadataFile: z.string().min(1).optional(),
  rebase: z.array(z.strictObject({ from: z.string(), to: z.string() })).optional(),
  auxiliaryLocations: z.array(z.string().min(1)).optional(),
  version: integer.optional(),
  snapshotId: integer.optional(),
  ref: z.string().min(1).optional(),
  timestamp: z.string().optional(),
  view: z.enum(['snapshot', 'read-optimized']).optional(),
  where: z.string().optional(),
  jsonPredicate: z.unknown().optional(),
  limit: integer.optional(),
  columns: z.array(z.string()).optional(),
})

export type BatchRequest = z.infer<typeof requestSchema>

/** One request of the contract; anything else about it is refused by name. */
export function parseRequest(value: JsonValue): BatchRequest {
  const parsed = requestSchema.safeParse(value)
  if (!parsed.success) {
    throw new TableError('INVALID_REQUEST', parsed.error.issues.map(issueText).join('; '))
  }
  const request = parsed.data
  if (request.columns !== undefined && request.op !== 'rows') {
    throw new TableError('INVALID_REQUEST', `columns belongs to rows, not to ${request.op}`)
  }
  if (request.limit !== undefined && request.limit < 0n) {
    throw new TableError('INVALID_REQUEST', `limit must be 0 or more, found ${request.limit}`)
  }
  return request
}

function issueText(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') {
    const known = Object.keys(requestSchema.shape).join(', ')
    return `unknown key ${issue.keys.join(', ')}; the keys are ${known}`
  }
  const where = issue.path.length === 0 ? 'the request' : issue.path.map(String).join('.')
  return `${where}: ${issue.message}`
}
