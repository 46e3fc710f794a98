import {
  atOnce,
  type DataType,
  type Field,
  isPrimitive,
  isTableError,
  mappedNamesInSteps,
  NAME_MAPPING,
  type Steps,
} from '@spillway/core'
import { longJsonInSteps } from '@spillway/encoding'
import { everyField, FIELDS_IN_A_STEP, mapFields, type SchemaHistory } from './schema.js'

/** What tells which names columns had, and how their files spell them. */
export interface NameHistory extends SchemaHistory {
  readonly properties: ReadonlyMap<string, string>
}

/**
 * The fields, with the names by which readers that fall back on names find them in files without ids: the oldest that the
 * table's name mapping knows, or else the table's own. A name that ever was another column's finds the wrong one in files
 * that have ids, so such a field gets a name that no file has, as do all without a mapping where schemas are missing.
 */
export function withPhysicalNames(
  fields: readonly Field[],
  history: NameHistory,
): readonly Field[] {
  return atOnce(withPhysicalNamesInSteps(fields, history))
}

/** Fields with their physical names, of very many columns, in steps. */
export function* withPhysicalNamesInSteps(
  fields: readonly Field[],
  { schemas, properties, isHistoryWhole }: NameHistory,
): Steps<readonly Field[]> {
  const mapping = properties.get(NAME_MAPPING)
  const mapped =
    mapping === undefined ? undefined : yield* mappedNamesInSteps(yield* parsed(mapping))
  const owners = yield* ownersOf(schemas, fields)
  return yield* new Naming({ owners, mapped, isHistoryWhole }).named(fields, '')
}

/** The JSON that `text` holds, in steps; undefined where it is none. */
function* parsed(text: string): Steps<unknown> {
  try {
    return yield* longJsonInSteps(new TextEncoder().encode(text))
  } catch (error) {
    if (isTableError(error) && error.code === 'TABLE_CORRUPT') return undefined
    throw error
  }
}

interface NamingOptions {
  readonly owners: ReadonlyMap<string, number | typeof SEVERAL>
  readonly mapped: ReadonlyMap<number, readonly string[]> | undefined
  readonly isHistoryWhole: boolean
}

class Naming {
  readonly #options: NamingOptions
  #looks: number

  constructor(options: NamingOptions) {
    this.#options = options
    this.#looks = 0
  }

  *named(siblings: readonly Field[], above: string): Steps<readonly Field[]> {
    const wished = yield* this.#wished(siblings)
    const lowered = new Map<string, number>()
    for (const name of wished) {
      const lower = name.toLowerCase()
      lowered.set(lower, (lowered.get(lower) ?? 0) + 1)
      if (this.#isStep()) yield
    }
    const all = new Set(wished)
    const named: Field[] = []
    for (const [i, field] of siblings.entries()) {
      const name = wished[i]!
      const isOnly = lowered.get(name.toLowerCase()) === 1
      const isOwn = isOnly && this.#isOwn(field, name, above)
      const physicalName = isOwn ? name : unusedName(field, this.#isTaken(above, all))
      const type = yield* this.#below(field.type, `${above}\u001f${field.id}`)
      named.push({ ...field, physicalName, type })
      if (this.#isStep()) yield
    }
    return named
  }

  *#wished(siblings: readonly Field[]): Steps<readonly string[]> {
    const names: string[] = []
    for (const { id, name } of siblings) {
      names.push(this.#mapped(id) ?? name)
      if (this.#isStep()) yield
    }
    return names
  }

  #mapped(id: number): string | undefined {
    return this.#options.mapped?.get(id)?.[0]
  }

  #isOwn({ id }: Field, name: string, above: string): boolean {
    const { owners, isHistoryWhole } = this.#options
    const isKnown = isHistoryWhole || this.#mapped(id) !== undefined
    return isKnown && (owners.get(`${above}\u001f${name}`) ?? id) === id
  }

  #isTaken(above: string, wished: ReadonlySet<string>): (name: string) => boolean {
    return name => this.#options.owners.has(`${above}\u001f${name}`) || wished.has(name)
  }

  #below(type: DataType, above: string): Steps<DataType> {
    const isStruct = !isPrimitive(type) && type.kind === 'struct'
    return mapFields(type, fields =>
      isStruct ? this.named(fields, above) : this.#inside(fields, above),
    )
  }

  /** What is in a list or a map goes by its place. */
  *#inside(fields: readonly Field[], above: string): Steps<readonly Field[]> {
    const inside: Field[] = []
    for (const field of fields) {
      inside.push({ ...field, type: yield* this.#below(field.type, `${above}\u001f${field.id}`) })
    }
    return inside
  }

  #isStep(): boolean {
    return ++this.#looks % FIELDS_IN_A_STEP === 0
  }
}

const SEVERAL = 'several'

/** A name that no column had; ids keep those of siblings apart. */
function unusedName({ name, id }: Field, isTaken: (name: string) => boolean): string {
  let unused = `${name}-${id}`
  while (isTaken(unused)) unused += `-${id}`
  return unused
}

/** Every name that a column ever had, below the ids around it, with the id of the one that had it. */
function* ownersOf(
  schemas: NameHistory['schemas'],
  now: readonly Field[],
): Steps<ReadonlyMap<string, number | typeof SEVERAL>> {
  const owners = new Map<string, number | typeof SEVERAL>()
  const idsOf = ({ id }: Field, above: string) => `${above}\u001f${id}`
  let looks = 0
  const add = function* (schema: readonly Field[]): Steps<void> {
    for (const [{ id, name }, above] of everyField(schema, '', idsOf)) {
      const key = `${above}\u001f${name}`
      owners.set(key, (owners.get(key) ?? id) === id ? id : SEVERAL)
      if (++looks % FIELDS_IN_A_STEP === 0) yield
    }
    if (++looks % FIELDS_IN_A_STEP === 0) yield
  }
  for (const schema of schemas.values()) yield* add(schema)
  yield* add(now)
  return owners
}
