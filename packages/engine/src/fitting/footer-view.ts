import {
  columnIndex,
  type Field,
  type FindColumn,
  type FooterEdit,
  isPrimitive,
  type ParquetShape,
  type ShapeNode,
  type Steps,
} from '@spillway/core'
import { type FitOptions, misfitOf } from './fit.js'

/**
 * Edits under which a recipient who goes by name finds in a file what the table does: every column under the table's own
 * name, and nothing else. Undefined where names alone do not do it, or where elements cannot be named.
 */
export function* footerView(
  shape: ParquetShape,
  options: FitOptions,
): Steps<readonly FooterEdit[] | undefined> {
  if (options.lookup.by !== 'name') return undefined
  const view = new View(options)
  const columns = view.level(options.fields, shape.columns)
  if (columns === undefined || columns.length === 0) return undefined
  const viewed = { columns, hasFieldIds: shape.hasFieldIds }
  const misfit = yield* misfitOf(viewed, { ...options, find: byExactName })
  return misfit === undefined ? view.edits : undefined
}

/** In a view every column of the table has its name, and no other has. */
const byExactName: FindColumn = (field, columns) => columnIndex(columns).named(field.name)

class View {
  readonly edits: FooterEdit[] = []
  readonly #options: FitOptions

  constructor(options: FitOptions) {
    this.#options = options
  }

  /** The columns of one level as they are seen; undefined where one of them cannot be edited. */
  level(fields: readonly Field[], columns: readonly ShapeNode[]): readonly ShapeNode[] | undefined {
    const { find, lookup } = this.#options
    const owners = new Map(fields.map(field => [find(field, columns), field]))
    const seen: ShapeNode[] = []
    for (const [i, node] of columns.entries()) {
      if (node.element === undefined) return undefined
      const field = owners.get(i)
      // A column of nulls alone, of no type, reads as it does where it is not there.
      const isNull = node.annotation === 'null' && !lookup.annotations.has('null')
      if (field === undefined || isNull) {
        this.edits.push([node.element, null])
        continue
      }
      const below = this.#below(field, node)
      if (below === undefined) return undefined
      if (node.name !== field.name) this.edits.push([node.element, field.name])
      seen.push({ ...node, name: field.name, children: below })
    }
    return seen
  }

  #below({ type }: Field, node: ShapeNode): readonly ShapeNode[] | undefined {
    if (isPrimitive(type) || type.kind !== node.kind) return node.children
    if (type.kind === 'struct') {
      const fields = this.level(type.fields, node.children)
      return fields?.length === 0 ? undefined : fields
    }
    const inside = type.kind === 'list' ? [type.element] : [type.key, type.value]
    const children: ShapeNode[] = []
    for (const [i, field] of inside.entries()) {
      const child = node.children[i]!
      const below = this.#below(field, child)
      if (below === undefined) return undefined
      children.push({ ...child, children: below })
    }
    return children
  }
}
