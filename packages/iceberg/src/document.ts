import { ExactNumber } from '@spillway/encoding'
import { z } from 'zod'

/** What table metadata may say (spec, "Table Metadata Fields"), read leniently: unknown members are of no concern. */

const long = z.union([z.bigint(), z.number().int()]).transform(value => BigInt(value))
const integer = z.number().int()
/** What `z.record` of anything makes, at a part of its cost: there may be thousands. */
const texts = z.unknown().transform((value, context): ReadonlyMap<string, string> => {
  if (!isObject(value)) {
    context.issues.push({ code: 'invalid_type', expected: 'record', input: value })
    return z.NEVER
  }
  const found = new Map<string, string>()
  for (const key of Object.keys(value)) {
    const text = value[key]
    if (key !== '__proto__' && text !== null && typeof text !== 'object') {
      found.set(key, String(text))
    }
  }
  return found
})

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false
  return !Array.isArray(value) && !(value instanceof ExactNumber)
}

const partitionFieldDocument = z.object({
  'source-id': integer.optional(),
  'source-ids': z.array(integer).optional(),
  'field-id': integer.optional(),
  name: z.string().optional(),
  transform: z.string(),
})

/** One of `snapshots`: there may be hundreds of thousands. */
export const snapshotDocument = z.object({
  'snapshot-id': long,
  'parent-snapshot-id': long.nullish(),
  'sequence-number': long.nullish(),
  'timestamp-ms': integer,
  'manifest-list': z.string().nullish(),
  manifests: z.array(z.string()).nullish(),
  summary: texts.nullish(),
  'schema-id': integer.nullish(),
  'key-id': z.string().nullish(),
})

/** One of `snapshot-log`. */
export const logDocument = z.object({ 'snapshot-id': long, 'timestamp-ms': integer })

const refDocument = z.object({ 'snapshot-id': long, type: z.enum(['branch', 'tag']) })

const schemaDocument = z.looseObject({
  'schema-id': integer.optional(),
  fields: z.array(z.unknown()),
})

/** All but the histories of snapshots. */
export const tableDocument = z.object({
  'format-version': integer,
  'table-uuid': z.string().nullish(),
  location: z.string().nullish(),
  'last-updated-ms': integer.nullish(),
  'last-column-id': integer.nullish(),
  schema: schemaDocument.nullish(),
  schemas: z.array(schemaDocument).nullish(),
  'current-schema-id': integer.nullish(),
  'partition-spec': z.array(partitionFieldDocument).nullish(),
  'partition-specs': z
    .array(z.object({ 'spec-id': integer, fields: z.array(partitionFieldDocument) }))
    .nullish(),
  'default-spec-id': integer.nullish(),
  properties: texts.nullish(),
  'current-snapshot-id': long.nullish(),
  refs: z.record(z.string(), refDocument).nullish(),
})

export type TableDocument = z.infer<typeof tableDocument>
export type SnapshotDocument = z.infer<typeof snapshotDocument>
export type PartitionFieldDocument = z.infer<typeof partitionFieldDocument>
