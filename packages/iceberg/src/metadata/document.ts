import { ExactNumber } from '@spillway/core'
import { type LongJsonValue, LongObject } from '@spillway/encoding'
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

/** A list whose items are checked one by one, in steps: there may be hundreds of thousands. */
const list = z.unknown().transform((value, context): readonly LongJsonValue[] => {
  if (Array.isArray(value)) return value as readonly LongJsonValue[]
  context.issues.push({ code: 'invalid_type', expected: 'array', input: value })
  return z.NEVER
})

/** An object whose members are. */
const record = z.unknown().transform((value, context): LongObject => {
  if (value instanceof LongObject) return value
  if (isObject(value)) return new LongObject(Object.entries(value) as [string, LongJsonValue][])
  context.issues.push({ code: 'invalid_type', expected: 'record', input: value })
  return z.NEVER
})

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false
  return !Array.isArray(value) && !(value instanceof ExactNumber || value instanceof LongObject)
}

export const text = z.string()

/** One of the fields of a partition spec. */
export const partitionFieldDocument = z.object({
  'source-id': integer.optional(),
  'source-ids': list.optional(),
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
  manifests: list.nullish(),
  summary: texts.nullish(),
  'schema-id': integer.nullish(),
  'key-id': z.string().nullish(),
})

/** One of `snapshot-log`. */
export const logDocument = z.object({ 'snapshot-id': long, 'timestamp-ms': integer })

/** One of `refs`. */
export const refDocument = z.object({ 'snapshot-id': long, type: z.enum(['branch', 'tag']) })

/** One of `schemas`. */
export const schemaDocument = z.object({ 'schema-id': integer.optional(), fields: list })

/** One of `partition-specs`. */
export const specDocument = z.object({ 'spec-id': integer, fields: list })

/** All but the histories of snapshots, and without what is in lists. */
export const tableDocument = z.object({
  'format-version': integer,
  'table-uuid': z.string().nullish(),
  location: z.string().nullish(),
  'last-updated-ms': integer.nullish(),
  'last-column-id': integer.nullish(),
  schema: schemaDocument.nullish(),
  schemas: list.nullish(),
  'current-schema-id': integer.nullish(),
  'partition-spec': list.nullish(),
  'partition-specs': list.nullish(),
  'default-spec-id': integer.nullish(),
  properties: texts.nullish(),
  'current-snapshot-id': long.nullish(),
  refs: record.nullish(),
})

/** One of `source-ids`. */
export const sourceId = integer

export type TableDocument = z.infer<typeof tableDocument>
export type RefDocument = z.infer<typeof refDocument>
export type SchemaDocument = z.infer<typeof schemaDocument>
export type SnapshotDocument = z.infer<typeof snapshotDocument>
