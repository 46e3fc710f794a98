import { type FooterEdit, inSlices, Slices, type Steps } from '@spillway/core'
import { FormatError } from '../../bytes/format-error.js'
import {
  documentInSteps,
  THRIFT,
  type ThriftField,
  type ThriftFields,
  type ThriftItem,
  writtenInSteps,
} from '../../thrift/thrift-document.js'

// parquet.thrift: FileMetaData, SchemaElement, RowGroup, ColumnChunk and ColumnMetaData.
const FILE = { schema: 2, rowGroups: 4, keyValue: 5, columnOrders: 7 }
const ELEMENT = { name: 4, children: 5 }
const ROW_GROUP = { columns: 1, sorting: 4 }
const CHUNK_METADATA = 3
const PATH_IN_SCHEMA = 3
const KEY = 1
/** Levels of a schema that are followed: it is read as deep. */
const MAX_DEPTH = 200

/** What says how values are to be read, and not what columns are called. */
const KEPT_KEYS = /^org\.apache\.spark\.(?:version|timeZone|legacy)/
const utf8 = new TextEncoder()
const text = new TextDecoder()

/**
 * A footer under which columns of the same file have other names, or are not there: the pages are found where they were.
 * What writers noted about the schema besides is left out, for it tells of the old one. In slices: footers of wide tables are
 * of megabytes.
 */
export function viewFooter(
  metadata: Uint8Array,
  edits: readonly FooterEdit[],
): Promise<Uint8Array> {
  return inSlices(viewInSteps(metadata, edits), new Slices(), next => next())
}

function* viewInSteps(metadata: Uint8Array, edits: readonly FooterEdit[]): Steps<Uint8Array> {
  const file = yield* documentInSteps(metadata)
  const schema = viewSchema(structsIn(file, FILE.schema), new Map(edits))
  yield
  const fields: ThriftField[] = []
  for (const field of file.fields) {
    fields.push(
      field.id === FILE.rowGroups
        ? listOf(field, yield* viewGroups(structs(field), schema))
        : viewField(field, schema),
    )
    yield
  }
  return yield* writtenInSteps({ fields }, metadata.length)
}

function* viewGroups(
  groups: readonly ThriftFields[],
  schema: ViewedSchema,
): Steps<readonly ThriftFields[]> {
  const viewed: ThriftFields[] = []
  for (const group of groups) {
    viewed.push(viewGroup(group, schema))
    yield
  }
  return viewed
}

function viewField(field: ThriftField, { elements, leaves }: ViewedSchema): ThriftField {
  switch (field.id) {
    case FILE.schema:
      return listOf(field, elements)
    case FILE.keyValue:
      return listOf(field, structs(field).filter(isKept))
    case FILE.columnOrders:
      return listOf(
        field,
        structs(field).filter((_, leaf) => leaves[leaf] !== null),
      )
    default:
      return field
  }
}

interface ViewedSchema {
  readonly elements: readonly ThriftFields[]
  /** By leaf of the file: its path in the view, or null where it is not in it. */
  readonly leaves: readonly (readonly string[] | null)[]
}

function viewSchema(
  elements: readonly ThriftFields[],
  edits: ReadonlyMap<number, string | null>,
): ViewedSchema {
  const kept: ThriftFields[] = []
  const leaves: (readonly string[] | null)[] = []
  let next = 0
  /** Answers whether the element, and with it what is below, is in the view. */
  const visit = (above: readonly string[] | null, depth: number): boolean => {
    if (depth > MAX_DEPTH) throw new FormatError('the schema is nested too deep')
    const index = next++
    const element = elements[index]
    if (element === undefined) throw new FormatError('the schema ends inside a group')
    const children = Number(numberIn(element, ELEMENT.children) ?? 0n) / 2
    const edit = edits.get(index)
    const name = edit ?? nameOf(element)
    const path = above === null || edit === null ? null : index === 0 ? [] : [...above, name]
    const at = kept.length
    if (path !== null) kept.push(element)
    if (children === 0 && index > 0) leaves.push(path)
    let count = 0
    for (let i = 0; i < children; i++) if (visit(path, depth + 1)) count++
    if (path === null) return false
    if (children > 0 && count === 0) throw new FormatError(`nothing is left of ${name}`)
    kept[at] = renamed(element, { name, count })
    return true
  }
  visit([], 0)
  if (next !== elements.length) throw new FormatError('schema elements outside the root')
  return { elements: kept, leaves }
}

function renamed(
  { fields }: ThriftFields,
  { name, count }: { readonly name: string; readonly count: number },
): ThriftFields {
  return {
    fields: fields.map(field => {
      if (field.id === ELEMENT.name) return { ...field, value: utf8.encode(name) }
      return field.id === ELEMENT.children ? { ...field, value: BigInt(count) * 2n } : field
    }),
  }
}

function viewGroup(group: ThriftFields, { leaves }: ViewedSchema): ThriftFields {
  const isWhole = leaves.every(path => path !== null)
  return {
    fields: group.fields.flatMap(field => {
      // Columns are named there by their numbers, which change.
      if (field.id === ROW_GROUP.sorting && !isWhole) return []
      if (field.id !== ROW_GROUP.columns) return [field]
      const chunks = structs(field)
      if (chunks.length !== leaves.length) throw new FormatError('a row group of other columns')
      const viewed = chunks.flatMap((chunk, leaf) => {
        const path = leaves[leaf]
        return path === null || path === undefined ? [] : [viewChunk(chunk, path)]
      })
      return [listOf(field, viewed)]
    }),
  }
}

function viewChunk(chunk: ThriftFields, path: readonly string[]): ThriftFields {
  const renamePath = ({ fields }: ThriftFields): ThriftFields => ({
    fields: fields.map(field =>
      field.id === PATH_IN_SCHEMA
        ? { ...field, value: { of: THRIFT.binary, items: path.map(name => utf8.encode(name)) } }
        : field,
    ),
  })
  return {
    fields: chunk.fields.map(field =>
      field.id === CHUNK_METADATA ? { ...field, value: renamePath(asStruct(field.value)) } : field,
    ),
  }
}

function isKept(pair: ThriftFields): boolean {
  const key = pair.fields.find(({ id }) => id === KEY)?.value
  return key instanceof Uint8Array && KEPT_KEYS.test(text.decode(key))
}

function structsIn({ fields }: ThriftFields, id: number): readonly ThriftFields[] {
  const field = fields.find(each => each.id === id)
  if (field === undefined) throw new FormatError(`a footer without field ${id}`)
  return structs(field)
}

function structs({ value }: ThriftField): readonly ThriftFields[] {
  if (typeof value === 'object' && 'items' in value) return value.items.map(asStruct)
  throw new FormatError('a footer with something else where a list belongs')
}

function asStruct(value: ThriftItem): ThriftFields {
  if (typeof value === 'object' && 'fields' in value) return value
  throw new FormatError('a footer with something else where a struct belongs')
}

function numberIn({ fields }: ThriftFields, id: number): bigint | undefined {
  const value = fields.find(each => each.id === id)?.value
  return typeof value === 'bigint' ? value : undefined
}

function nameOf({ fields }: ThriftFields): string {
  const value = fields.find(({ id }) => id === ELEMENT.name)?.value
  if (value instanceof Uint8Array) return text.decode(value)
  throw new FormatError('a schema element without a name')
}

function listOf(field: ThriftField, items: readonly ThriftFields[]): ThriftField {
  return { ...field, value: { of: THRIFT.struct, items } }
}
