import { Pace, type ReadBudgets, requireWithin, type Steps } from '@spillway/core'
import type { LongJsonValue } from '@spillway/encoding'
import type { z } from 'zod'
import { checked } from './check-document.js'
import {
  partitionFieldDocument,
  type RefDocument,
  refDocument,
  type SchemaDocument,
  schemaDocument,
  sourceId,
  specDocument,
  type TableDocument,
} from './document.js'

/** A field of a partition spec. */
export interface SpecField {
  readonly id: number | undefined
  readonly name: string | undefined
  readonly transform: string
  readonly sourceIds: readonly number[] | undefined
}

interface SpecFields {
  readonly id: number
  readonly fields: readonly SpecField[]
}

/** What the lists of a metadata file hold, and its refs. */
export interface DocumentLists {
  readonly schemas: readonly SchemaDocument[]
  /** Undefined where the document has no list of them. */
  readonly specs: readonly SpecFields[] | undefined
  /** Of version 1, beside the list. */
  readonly spec: readonly SpecField[] | undefined
  readonly refs: ReadonlyMap<string, RefDocument> | undefined
}

/** Checks what may be hundreds of thousands, in steps. */
export function readLists(
  document: TableDocument,
  path: string,
  budgets: ReadBudgets,
): Steps<DocumentLists> {
  return new ListReader(path, budgets).all(document)
}

/** Checks in a step: about a millisecond. */
const STEP_BYTES = 32 * 1024

class ListReader {
  readonly #path: string
  readonly #budgets: ReadBudgets
  readonly #pace = new Pace(STEP_BYTES)

  constructor(path: string, budgets: ReadBudgets) {
    this.#path = path
    this.#budgets = budgets
  }

  *all(document: TableDocument): Steps<DocumentLists> {
    const { schemas, 'partition-spec': spec, 'partition-specs': specs, refs } = document
    return {
      schemas: yield* this.#items(schemaDocument, schemas ?? [], 'schemas'),
      spec: spec ? yield* this.#specFields(spec, 'partition-spec') : undefined,
      specs: specs ? yield* this.#specs(specs) : undefined,
      refs: refs ? yield* this.#refs(refs.members) : undefined,
    }
  }

  *#items<Item>(
    schema: z.ZodType<Item>,
    list: readonly LongJsonValue[],
    place: string,
  ): Steps<readonly Item[]> {
    const items: Item[] = []
    for (const [i, each] of list.entries()) {
      items.push(checked(schema, each, this.#path, `${place}.${i}`))
      if (this.#pace.isOver(0)) yield
    }
    return items
  }

  *#specs(list: readonly LongJsonValue[]): Steps<readonly SpecFields[]> {
    const specs: SpecFields[] = []
    for (const [i, each] of list.entries()) {
      const place = `partition-specs.${i}`
      const { 'spec-id': id, fields } = checked(specDocument, each, this.#path, place)
      specs.push({ id, fields: yield* this.#specFields(fields, `${place}.fields`) })
      if (this.#pace.isOver(0)) yield
    }
    return specs
  }

  *#specFields(list: readonly LongJsonValue[], place: string): Steps<readonly SpecField[]> {
    this.#requireFew(list, 'a partition spec', 'fields')
    const fields: SpecField[] = []
    for (const [i, each] of list.entries()) {
      const field = checked(partitionFieldDocument, each, this.#path, `${place}.${i}`)
      const { name, transform, 'field-id': id, 'source-id': source } = field
      const sources = field['source-ids']
      if (sources !== undefined) this.#requireFew(sources, 'a partition field', 'source columns')
      const ids = sources && (yield* this.#items(sourceId, sources, `${place}.${i}.source-ids`))
      const sourceIds = ids ?? (source === undefined ? undefined : [source])
      fields.push({ id, name, transform, sourceIds })
      if (this.#pace.isOver(0)) yield
    }
    return fields
  }

  *#refs(
    members: readonly (readonly [string, LongJsonValue])[],
  ): Steps<ReadonlyMap<string, RefDocument>> {
    const refs = new Map<string, RefDocument>()
    for (const [name, each] of members) {
      if (name === '__proto__') continue
      refs.set(name, checked(refDocument, each, this.#path, `refs.${name}`))
      if (this.#pace.isOver(name.length)) yield
    }
    return refs
  }

  /** No more than there may be columns: each manifest has a value for each of them. */
  #requireFew(list: readonly LongJsonValue[], what: string, unit: string): void {
    requireWithin(this.#budgets, 'columns', { what, observed: list.length, unit, path: this.#path })
  }
}
