import { atOnce, type DataType, type Field, type Steps } from '@spillway/core'
import type { ParquetFooter } from '../footer/parquet-metadata.js'
import { COLUMNS_IN_A_STEP, type ParquetShapeNode, shapeColumns } from './parquet-shape.js'

/** The file's columns as fields of a schema. Ids are the file's field ids where it has them, else new. */
export function parquetFields(footer: Pick<ParquetFooter, 'root' | 'leaves'>): readonly Field[] {
  return atOnce(parquetFieldsInSteps(footer))
}

/** `parquetFields` in steps: files have 30,000 columns. */
export function* parquetFieldsInSteps(
  footer: Pick<ParquetFooter, 'root' | 'leaves'>,
): Steps<readonly Field[]> {
  const columns = yield* shapeColumns(footer)
  const translator = new FieldTranslator(columns)
  const fields: Field[] = []
  for (const column of columns) {
    fields.push(translator.field(column))
    if (fields.length % COLUMNS_IN_A_STEP === 0) yield
  }
  return fields
}

class FieldTranslator {
  readonly #reserved = new Set<number>()
  readonly #taken = new Set<number>()
  #fresh = 0

  constructor(columns: readonly ParquetShapeNode[]) {
    for (const column of columns) this.#reserve(column)
  }

  field(node: ParquetShapeNode, name = node.name): Field {
    const id = this.#idOf(node)
    return { id, name, physicalName: node.name, type: this.#type(node), nullable: node.nullable }
  }

  #type({ kind, type, children }: ParquetShapeNode): DataType {
    switch (kind) {
      case 'leaf':
        return type!
      case 'struct':
        return { kind, fields: children.map(child => this.field(child)) }
      case 'list':
        return { kind, element: this.field(children[0]!, 'element') }
      case 'map':
        return {
          kind,
          key: this.field(children[0]!, 'key'),
          value: this.field(children[1]!, 'value'),
        }
    }
  }

  #idOf({ fieldId }: ParquetShapeNode): number {
    if (fieldId === undefined || this.#taken.has(fieldId)) return this.#newId()
    this.#taken.add(fieldId)
    return fieldId
  }

  #newId(): number {
    do this.#fresh++
    while (this.#reserved.has(this.#fresh))
    return this.#fresh
  }

  #reserve({ fieldId, children }: ParquetShapeNode): void {
    if (fieldId !== undefined) this.#reserved.add(fieldId)
    for (const child of children) this.#reserve(child)
  }
}
