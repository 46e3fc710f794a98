import { Random } from '@spillway/testkit'
import { anatomyOf } from './anatomy.js'
import { BYTE_MUTATORS } from './byte-mutators.js'
import { fileKind } from './file-kind.js'
import { sayOtherwise } from './meaning.js'
import type { Anatomy } from './part.js'
import { recordersOf } from './recorded-length.js'
import { mutateSlot } from './slot-mutators.js'
import type { Slot } from './slots.js'
import type { BenchTable } from './tables.js'

/** How a mutant came about: in the bytes as they are stored, inside a part taken out and put back, in one value, in files. */
export type Layer = 'stored' | 'inside' | 'value' | 'file' | 'meaning'

export interface Mutant {
  readonly table: BenchTable
  readonly kind: string
  readonly path: string
  readonly layer: Layer
  /** What was done, in words. */
  readonly mutator: string
  /** Where, for people. */
  readonly where: string
  /** Undefined: the file is gone. */
  readonly changed: ReadonlyMap<string, Uint8Array | undefined>
}

const LAYERS: readonly (readonly [Layer, number])[] = [
  ['stored', 0.25],
  ['inside', 0.25],
  ['value', 0.3],
  ['file', 0.08],
  ['meaning', 0.12],
]

/** The seed of mutant `index` of a run: any of them can be made again alone. */
export function mutantSeed(base: number, index: number): number {
  let seed = (base ^ Math.imul(index + 1, 0x9e3779b1)) >>> 0
  seed = Math.imul(seed ^ (seed >>> 16), 0x85ebca6b) >>> 0
  seed = Math.imul(seed ^ (seed >>> 13), 0xc2b2ae35) >>> 0
  return (seed ^ (seed >>> 16)) >>> 0
}

/** The mutant of a seed: the same on every machine that has the same tables. Undefined where the choice made nothing. */
export function makeMutant(
  tables: readonly BenchTable[],
  seed: number,
  ask: { readonly rows: boolean },
): Mutant | undefined {
  const random = new Random(seed)
  const format = random.pick([
    'delta',
    'delta',
    'delta',
    'iceberg',
    'iceberg',
    'iceberg',
    'hudi',
    'hudi',
    'hudi',
    'parquet',
  ])
  const candidates = tables.filter(table => table.format === format)
  if (candidates.length === 0) return undefined
  return mutate(random.pick(candidates), random, ask)
}

/** As `makeMutant`, of one table. */
export function mutate(
  table: BenchTable,
  random: Random,
  { rows }: { readonly rows: boolean },
): Mutant | undefined {
  const kinds = kindsOf(table)
  if (kinds.size === 0) return undefined
  const kind = rows ? random.pick([...kinds.keys()]) : pickKind([...kinds.keys()], random)
  const path = random.pick(kinds.get(kind)!)
  const layer = pickLayer(random)
  const bytes = table.objects().get(path)!
  const made = change({ table, kind, path, bytes, random, sameKind: kinds.get(kind)! }, layer)
  if (made === undefined) return undefined
  const { changed, mutator, where } = made
  return { table, kind, path, layer: made.layer, mutator, where, changed }
}

interface Choice {
  readonly table: BenchTable
  readonly kind: string
  readonly path: string
  readonly bytes: Uint8Array
  readonly random: Random
  readonly sameKind: readonly string[]
}

type Made = Pick<Mutant, 'changed' | 'mutator' | 'where' | 'layer'>

function change(choice: Choice, layer: Layer): Made | undefined {
  const { table, path, bytes, random, kind } = choice
  const one = (made: Omit<Made, 'changed' | 'layer'>, value: Uint8Array): Made => ({
    ...made,
    layer,
    changed: new Map([
      [path, value],
      ...(layer === 'stored' ? [] : recordersOf(table, path, value.length)),
    ]),
  })
  if (layer === 'file') return fileChange(choice)
  if (layer === 'stored') {
    const mutator = random.pick(BYTE_MUTATORS)
    return one({ mutator: mutator.name, where: 'the stored bytes' }, mutator.apply(bytes, random))
  }
  if (layer === 'meaning') {
    // Its size is recorded, and said otherwise it has another.
    if (kind === 'bootstrap source') return undefined
    const said = tryTo(() => sayOtherwise(path, bytes, random))
    return said && one({ mutator: said.name, where: kind }, said.bytes)
  }
  const anatomy = anatomyOfClean(choice)
  if (anatomy === undefined || anatomy.parts.length === 0) return undefined
  const index = random.integer(0, anatomy.parts.length - 1)
  const part = anatomy.parts[index]!
  if (layer === 'inside') {
    const mutator = random.pick(BYTE_MUTATORS)
    const inner = mutator.apply(part.bytes, random)
    const whole = tryTo(() => anatomy.assemble(index, inner))
    return whole && one({ mutator: mutator.name, where: part.name }, whole)
  }
  const slots = slotsOfClean(part)
  if (slots.length === 0) return undefined
  const slot = random.pick(slots)
  const { name, bytes: inner } = mutateSlot(part.bytes, { slot, slots, random })
  const whole = tryTo(() => anatomy.assemble(index, inner))
  return whole && one({ mutator: name, where: `${part.name}: ${slot.path}` }, whole)
}

function fileChange({ path, bytes, random, table, sameKind }: Choice): Made {
  const made = (mutator: string, where: string, value: Uint8Array | undefined): Made => ({
    mutator,
    where,
    layer: 'file',
    changed: new Map([[path, value]]),
  })
  const other = random.pick(random.chance(0.7) ? sameKind : [...table.objects().keys()])
  switch (random.integer(0, 4)) {
    case 0:
      return made('file removed', 'the file', undefined)
    case 1:
      return made('file emptied', 'the file', new Uint8Array(0))
    case 2:
      return made("another file's bytes", other, table.objects().get(other)!)
    case 3: {
      const changed = new Map([
        [path, table.objects().get(other)!],
        [other, bytes],
      ])
      return { mutator: 'two files swapped', where: other, layer: 'file', changed }
    }
    default:
      return made('file of zeros', 'the file', new Uint8Array(bytes.length))
  }
}

const kinds = new WeakMap<BenchTable, ReadonlyMap<string, readonly string[]>>()

function kindsOf(table: BenchTable): ReadonlyMap<string, readonly string[]> {
  const known = kinds.get(table)
  if (known !== undefined) return known
  const found = new Map<string, string[]>()
  for (const path of table.objects().keys()) {
    const kind = fileKind(table.format, path)
    if (kind !== undefined) found.set(kind, [...(found.get(kind) ?? []), path])
  }
  kinds.set(table, found)
  return found
}

/** Planning never opens the data files of a format that lists them elsewhere: only a few mutants are spent on them. */
function pickKind(all: readonly string[], random: Random): string {
  const planned = all.filter(kind => kind !== 'data' && kind !== 'partition metadata')
  return planned.length === 0 || random.chance(0.04) ? random.pick(all) : random.pick(planned)
}

function pickLayer(random: Random): Layer {
  let left = random.fraction()
  for (const [layer, share] of LAYERS) {
    left -= share
    if (left < 0) return layer
  }
  return 'stored'
}

/** Taken apart once: clean files are asked for again and again. */
const anatomies = new WeakMap<Uint8Array, Anatomy | 'none'>()
const slotLists = new WeakMap<Uint8Array, readonly Slot[]>()

function anatomyOfClean({ path, bytes }: Choice): Anatomy | undefined {
  const known = anatomies.get(bytes)
  if (known !== undefined) return known === 'none' ? undefined : known
  const made = tryTo(() => anatomyOf(path, bytes))
  anatomies.set(bytes, made ?? 'none')
  return made
}

function slotsOfClean(part: Anatomy['parts'][number]): readonly Slot[] {
  const known = slotLists.get(part.bytes)
  if (known !== undefined) return known
  const slots = tryTo(() => part.slots(part.bytes)) ?? []
  slotLists.set(part.bytes, slots)
  return slots
}

/** What the bench cannot take apart (an odd file among the fixtures) makes no mutant of this layer. */
function tryTo<Result>(work: () => Result): Result | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}
