import type { DataType, Field } from '@spillway/core'
import type { ParquetLeafInfo, ParquetNode } from './parquet-types.js'

/**
 * The file's columns as fields of a schema: lists and maps in the three-level form and in the older two-level ones
 * (parquet-format, "Backward-compatibility rules"). Ids are the file's field ids where it has them, else new.
 */
export function parquetFields(footer: {
  readonly root: ParquetNode
  readonly leaves: readonly ParquetLeafInfo[]
}): readonly Field[] {
  const translator = new FieldTranslator(footer.root, footer.leaves)
  return footer.root.children.map(child => translator.field(child))
}

class FieldTranslator {
  readonly #leaves: readonly ParquetLeafInfo[]
  readonly #reserved = new Set<number>()
  readonly #taken = new Set<number>()
  #fresh = 0

  constructor(root: ParquetNode, leaves: readonly ParquetLeafInfo[]) {
    this.#leaves = leaves
    this.#reserve(root)
  }

  field(node: ParquetNode, name = node.name): Field {
    if (node.repetition === 'repeated') return this.#bareList(node, name)
    return {
      ...this.#named(node, name),
      type: this.#type(node),
      nullable: node.repetition === 'optional',
    }
  }

  /** A repeated field outside a list or map group is a required list of required elements. */
  #bareList(node: ParquetNode, name: string): Field {
    const element = { ...this.#named(node, 'element'), type: this.#type(node), nullable: false }
    const type: DataType = { kind: 'list', element }
    return { id: this.#newId(), name, physicalName: node.name, nullable: false, type }
  }

  #type(node: ParquetNode): DataType {
    if (node.leaf !== undefined) return this.#leaves[node.leaf]!.type
    if (node.logicalType?.kind === 'variant') return { kind: 'opaque', name: 'variant' }
    const only = node.children.length === 1 ? node.children[0]! : undefined
    if (only?.repetition === 'repeated') {
      if (node.logicalType?.kind === 'list')
        return { kind: 'list', element: this.#element(node, only) }
      const [key, value] = only.children
      if (node.logicalType?.kind === 'map' && key !== undefined && value !== undefined) {
        return { kind: 'map', key: this.field(key, 'key'), value: this.field(value, 'value') }
      }
    }
    return { kind: 'struct', fields: node.children.map(child => this.field(child)) }
  }

  #element(list: ParquetNode, repeated: ParquetNode): Field {
    const only = repeated.children.length === 1 ? repeated.children[0]! : undefined
    const twoLevel =
      only === undefined || repeated.name === 'array' || repeated.name === `${list.name}_tuple`
    if (!twoLevel) return this.field(only, 'element')
    return { ...this.#named(repeated, 'element'), type: this.#type(repeated), nullable: false }
  }

  #named(node: ParquetNode, name: string) {
    return { id: this.#idOf(node), name, physicalName: node.name }
  }

  #idOf(node: ParquetNode): number {
    const id = node.fieldId
    if (id === undefined || this.#taken.has(id)) return this.#newId()
    this.#taken.add(id)
    return id
  }

  #newId(): number {
    do this.#fresh++
    while (this.#reserved.has(this.#fresh))
    return this.#fresh
  }

  #reserve(node: ParquetNode): void {
    if (node.fieldId !== undefined) this.#reserved.add(node.fieldId)
    for (const child of node.children) this.#reserve(child)
  }
}
