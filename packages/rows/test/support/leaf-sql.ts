import { leafKey, type PrimitiveType, physicalKind, TableError, typeName } from '@spillway/core'
import type { ParquetFooter, ParquetNode } from '@spillway/encoding'

/** How DuckDB reaches a leaf: through struct fields, at most one list or map, and struct fields below that. */
export interface LeafPath {
  readonly leaf: number
  readonly steps: readonly LeafStep[]
}

type LeafStep =
  | { readonly kind: 'column' | 'field'; readonly index: number }
  | { readonly kind: 'elements' | 'keys' | 'values' }

export interface LeafSql {
  readonly sql: string
  /** True where a row has a list of values. */
  readonly repeated: boolean
}

/**
 * Every leaf by its path, as the file spells it and, under maps, as `key_value`, `key` and `value`. Leaves that DuckDB
 * would show in another shape (lists in lists, older list layouts) are left out.
 */
export function parquetPaths(footer: ParquetFooter): ReadonlyMap<string, LeafPath> {
  const paths = new Map<string, LeafPath>()
  for (const [index, child] of footer.root.children.entries()) {
    if (child.repetition === 'repeated') continue
    collect(child, { spellings: [[child.name]], steps: [{ kind: 'column', index }] }, paths)
  }
  return paths
}

interface Here {
  readonly spellings: readonly (readonly string[])[]
  readonly steps: readonly LeafStep[]
}

function collect(node: ParquetNode, here: Here, into: Map<string, LeafPath>): void {
  if (node.leaf !== undefined) {
    for (const spelling of here.spellings)
      into.set(leafKey(spelling), { leaf: node.leaf, steps: here.steps })
    return
  }
  const kind = node.logicalType?.kind
  if (kind === 'map') collectMap(node, here, into)
  else if (kind === 'list') collectList(node, here, into)
  else if (kind !== 'variant') collectStruct(node, here, into)
}

function collectStruct(node: ParquetNode, here: Here, into: Map<string, LeafPath>): void {
  for (const [index, child] of node.children.entries()) {
    if (child.repetition === 'repeated') continue
    collect(child, below(here, [child.name], { kind: 'field', index }), into)
  }
}

function collectMap(node: ParquetNode, here: Here, into: Map<string, LeafPath>): void {
  const entries = node.children[0]
  if (entries?.children.length !== 2 || isRepeated(here)) return
  for (const [i, child] of entries.children.entries()) {
    const spelled = here.spellings.flatMap(path => [
      [...path, 'key_value', i === 0 ? 'key' : 'value'],
      [...path, entries.name, child.name],
    ])
    const step: LeafStep = { kind: i === 0 ? 'keys' : 'values' }
    collect(child, { spellings: spelled, steps: [...here.steps, step] }, into)
  }
}

/** The three-level layout alone: the others are not told apart by shape. */
function collectList(node: ParquetNode, here: Here, into: Map<string, LeafPath>): void {
  const repeated = node.children[0]
  const element = repeated?.children[0]
  if (repeated === undefined || element === undefined || isRepeated(here)) return
  if (
    repeated.children.length !== 1 ||
    repeated.name === 'array' ||
    repeated.name.endsWith('_tuple')
  )
    return
  collect(element, below(here, [repeated.name, element.name], { kind: 'elements' }), into)
}

function below({ spellings, steps }: Here, names: readonly string[], step: LeafStep): Here {
  return { spellings: spellings.map(path => [...path, ...names]), steps: [...steps, step] }
}

function isRepeated({ steps }: Here): boolean {
  return steps.some(({ kind }) => kind !== 'column' && kind !== 'field')
}

/** The expression of a leaf, each value in the form that its column holds. */
export function leafSql({ steps }: LeafPath, type: PrimitiveType, path: string): LeafSql {
  let sql = ''
  let item: string | undefined
  for (const step of steps) {
    switch (step.kind) {
      case 'column':
        sql = `c${step.index}`
        break
      case 'field':
        if (item === undefined) sql = `struct_extract_at(${sql}, ${step.index + 1})`
        else item = `struct_extract_at(${item}, ${step.index + 1})`
        break
      case 'elements':
        item = 'x'
        break
      case 'keys':
      case 'values':
        sql = `map_${step.kind}(${sql})`
        item = 'x'
    }
  }
  if (item === undefined) return { sql: bufferSql(sql, type, path), repeated: false }
  const value = bufferSql(item, type, path)
  return { sql: value === 'x' ? sql : `list_transform(${sql}, lambda x: ${value})`, repeated: true }
}

/** Casts to what a vector's buffer holds as a Column does, so that whole buffers are copied. */
function bufferSql(sql: string, type: PrimitiveType, path: string): string {
  switch (type) {
    case 'boolean':
    case 'int':
      return `CAST(${sql} AS INTEGER)`
    case 'date':
      return `CAST(${sql} - DATE '1970-01-01' AS INTEGER)`
    case 'long':
      return `CAST(${sql} AS BIGINT)`
    case 'float':
    case 'double':
      return `CAST(${sql} AS DOUBLE)`
    case 'timestamp':
    case 'timestamptz':
      return `epoch_us(${sql})`
    case 'timestamp_ns':
      return `epoch_ns(${sql})`
    case 'string':
      return `encode(CAST(${sql} AS VARCHAR))`
    case 'binary':
      return sql
    default:
      if (typeof type === 'object' && type.kind === 'decimal' && physicalKind(type) === 'int64') {
        return `CAST(${sql} * ${10n ** BigInt(type.scale)} AS BIGINT)`
      }
      throw new TableError(
        'UNSUPPORTED_FEATURE',
        `a ${typeName(type)} leaf of ${path} is not read by DuckDB`,
        {
          context: { path },
        },
      )
  }
}
