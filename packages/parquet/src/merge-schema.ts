import {
  atOnce,
  type DataType,
  type Field,
  isPrimitive,
  type PrimitiveType,
  type Steps,
  TableError,
  typeName,
} from '@spillway/core'

/** The columns of one file, for messages. */
export interface FileColumns {
  readonly path: string
  readonly fields: readonly Field[]
}

export interface MergedSchema {
  readonly fields: readonly Field[]
  /** True where some file holds a column in a narrower type than the table. */
  readonly widened: boolean
}

/**
 * One schema for files that may differ: columns go by name, a column that a file lacks is null there, and a narrower
 * type becomes the wider one where every value stays the same. A column of the null type is of the type that other files
 * have it in. Anything else is refused. A step for each file: it may have many columns.
 */
export function* mergeSchemas(files: readonly FileColumns[]): Steps<MergedSchema> {
  const merge = new SchemaMerge()
  for (const file of files) {
    yield* merge.add(file)
    yield
  }
  return { fields: merge.finish(), widened: merge.widened }
}

/** Fields that are merged in a step: about a millisecond. */
const FIELDS_IN_A_STEP = 1024

/** Recipients have no type that holds nothing but null. Writers put such columns into files as 32-bit integers. */
const NOTHING: DataType = 'int'

class SchemaMerge {
  #merged: readonly Field[] | undefined
  #first = ''
  #nextId = 0
  widened = false

  finish(): readonly Field[] {
    return (this.#merged ?? []).map(field => this.#numbered(field))
  }

  *add({ path, fields }: FileColumns): Steps<void> {
    if (this.#merged === undefined) {
      this.#merged = fields
      this.#first = path
      return
    }
    const where = { path, first: this.#first, above: [] }
    this.#merged = yield* this.#fieldsInSteps(this.#merged, fields, where)
  }

  /** Ids of the files mean nothing to each other: the table's count in schema order. */
  #numbered(field: Field): Field {
    const id = ++this.#nextId
    return { ...field, id, type: this.#numberedType(field.type) }
  }

  #numberedType(type: DataType): DataType {
    if (isVoid(type)) return NOTHING
    if (isPrimitive(type)) return type
    switch (type.kind) {
      case 'struct':
        return { ...type, fields: type.fields.map(field => this.#numbered(field)) }
      case 'list':
        return { ...type, element: this.#numbered(type.element) }
      case 'map':
        return { ...type, key: this.#numbered(type.key), value: this.#numbered(type.value) }
    }
  }

  /** Fields of a struct, merged; the columns of the table itself go in steps. */
  #fields(known: readonly Field[], found: readonly Field[], where: Where): readonly Field[] {
    return atOnce(this.#fieldsInSteps(known, found, where))
  }

  *#fieldsInSteps(
    known: readonly Field[],
    found: readonly Field[],
    where: Where,
  ): Steps<readonly Field[]> {
    const there = new Map(found.map(field => [field.name, field]))
    yield
    const here = new Set(known.map(({ name }) => name))
    yield
    const merged: Field[] = []
    for (const field of known) {
      const other = there.get(field.name)
      merged.push(
        other === undefined ? { ...field, nullable: true } : this.#field(field, other, where),
      )
      if (merged.length % FIELDS_IN_A_STEP === 0) yield
    }
    const fresh = found.filter(({ name }) => !here.has(name))
    yield
    if (fresh.length > 0) refuseCase(fresh, known, where)
    return [...merged, ...fresh.map(field => ({ ...field, nullable: true }))]
  }

  #field(known: Field, found: Field, where: Where): Field {
    const nullable = known.nullable || found.nullable
    const type = this.#type(known.type, found.type, {
      ...where,
      above: [...where.above, known.name],
    })
    const narrower = [...(known.earlierTypes ?? []), known.type, found.type].filter(
      (each): each is PrimitiveType =>
        isPrimitive(each) && typeName(each) !== typeName(type) && !isVoid(each),
    )
    const earlierTypes = [...new Map(narrower.map(each => [typeName(each), each])).values()]
    return { ...known, nullable, type, ...(earlierTypes.length > 0 && { earlierTypes }) }
  }

  #type(known: DataType, found: DataType, where: Where): DataType {
    // Nulls are of every type: no file has to be read in another way for them.
    if (isVoid(found)) return known
    if (isVoid(known)) return found
    if (isPrimitive(known) && isPrimitive(found)) {
      if (typeName(known) === typeName(found)) return known
      const moments = momentsOfBoth(known, found)
      if (moments !== undefined) return moments
      const wider = widerType(known, found)
      if (wider === undefined) throw conflict(known, found, where)
      this.widened = true
      return wider
    }
    if (typeof known === 'object' && typeof found === 'object') {
      if (known.kind === 'struct' && found.kind === 'struct') {
        return { ...known, fields: this.#fields(known.fields, found.fields, where) }
      }
      if (known.kind === 'list' && found.kind === 'list') {
        return { ...known, element: this.#field(known.element, found.element, where) }
      }
      if (known.kind === 'map' && found.kind === 'map') {
        const key = this.#field(known.key, found.key, where)
        return { ...known, key, value: this.#field(known.value, found.value, where) }
      }
    }
    throw conflict(known, found, where)
  }
}

/**
 * Files of one folder may hold nanoseconds and microseconds, as versions of pandas write. Neither type holds every value of both:
 * of microseconds, the years; of nanoseconds, what is no whole microsecond, which is refused where it is read.
 */
function momentsOfBoth(a: DataType, b: DataType): DataType | undefined {
  const types = new Set([a, b])
  if (types.has('timestamp') && types.has('timestamp_ns')) return 'timestamp'
  return types.has('timestamptz') && types.has('timestamptz_ns') ? 'timestamptz' : undefined
}

function isVoid(type: DataType): boolean {
  return typeof type === 'object' && type.kind === 'opaque' && type.name === 'void'
}

interface Where {
  readonly path: string
  readonly first: string
  readonly above: readonly string[]
}

/** The type that holds every value of both, unchanged; undefined where there is none. */
function widerType(a: DataType, b: DataType): DataType | undefined {
  return holds(a, b) ? a : holds(b, a) ? b : decimalOfBoth(a, b)
}

function holds(wide: DataType, narrow: DataType): boolean {
  if (wide === 'long') return narrow === 'int'
  if (typeof wide === 'object' && wide.kind === 'decimal') {
    const digits = narrow === 'int' ? 10 : narrow === 'long' ? 19 : Number.POSITIVE_INFINITY
    return wide.precision - wide.scale >= digits
  }
  return wide === 'double' && (narrow === 'float' || narrow === 'int')
}

function decimalOfBoth(a: DataType, b: DataType): DataType | undefined {
  if (
    typeof a !== 'object' ||
    typeof b !== 'object' ||
    a.kind !== 'decimal' ||
    b.kind !== 'decimal'
  ) {
    return undefined
  }
  const scale = Math.max(a.scale, b.scale)
  const precision = Math.max(a.precision - a.scale, b.precision - b.scale) + scale
  return precision > 38 ? undefined : { kind: 'decimal', precision, scale }
}

function refuseCase(fresh: readonly Field[], known: readonly Field[], where: Where): void {
  const names = new Map(known.map(({ name }) => [name.toLowerCase(), name]))
  const alike = fresh.find(({ name }) => names.has(name.toLowerCase()))
  if (alike === undefined) return
  throw new TableError(
    'UNSUPPORTED_FEATURE',
    `columns ${names.get(alike.name.toLowerCase())} and ${alike.name} of different files differ in case alone`,
    { context: { path: where.path, expected: where.first } },
  )
}

function conflict(known: DataType, found: DataType, { path, first, above }: Where): TableError {
  return new TableError(
    'UNSUPPORTED_FEATURE',
    `column ${above.join('.')} is ${typeName(known)} in some files and ${typeName(found)} in others: no type holds both`,
    { context: { path, expected: first } },
  )
}
