import { ThriftWriter } from '@spillway/testkit'
import { ThriftSkimmer } from '../../../encoding/src/thrift/thrift-skim.js'

/** What a footer says of one leaf in one row group, right or wrong. Bounds are PLAIN, without a length. */
export interface Claims {
  /** In the deprecated fields. */
  readonly oldMin?: Uint8Array
  readonly oldMax?: Uint8Array
  readonly min?: Uint8Array
  readonly max?: Uint8Array
  readonly nullCount?: number
}

export interface ClaimingOptions {
  /** Undefined leaves what the file said. */
  readonly claims: (leaf: number, group: number) => Claims | undefined
  /** False takes the column orders away, which says that bounds are of the old kind. */
  readonly orders?: boolean
}

interface Edit {
  readonly start: number
  readonly end: number
  readonly bytes: Uint8Array
}

/** A Parquet file whose footer claims something else; every other byte is as it was. */
export function withClaims(file: Uint8Array, options: ClaimingOptions): Uint8Array {
  const length = Buffer.from(file.buffer, file.byteOffset).readUInt32LE(file.length - 8)
  const start = file.length - 8 - length
  const footer = edited(file.subarray(start, start + length), options)
  const tail = Buffer.alloc(8)
  tail.writeUInt32LE(footer.length)
  tail.write('PAR1', 4, 'latin1')
  return Buffer.concat([file.subarray(0, start), footer, tail])
}

function edited(footer: Uint8Array, { claims, orders = true }: ClaimingOptions): Uint8Array {
  const skimmer = new ThriftSkimmer(footer)
  const edits: Edit[] = []
  for (
    let id = skimmer.next(0), before = 0;
    id > 0;
    before = skimmer.offset, id = skimmer.next(id)
  ) {
    if (id === 4) editGroups(skimmer, claims, edits)
    else skimmer.skip()
    // Nothing comes behind them that counts on their id.
    if (id === 7 && !orders) edits.push({ start: before, end: skimmer.offset, bytes: EMPTY })
  }
  const parts: Uint8Array[] = []
  let at = 0
  for (const { start, end, bytes } of edits) {
    parts.push(footer.subarray(at, start), bytes)
    at = end
  }
  return Buffer.concat([...parts, footer.subarray(at)])
}

const EMPTY = new Uint8Array(0)

function editGroups(
  skimmer: ThriftSkimmer,
  claims: ClaimingOptions['claims'],
  edits: Edit[],
): void {
  const groups = skimmer.structCount()
  for (let group = 0; group < groups; group++) {
    eachField(skimmer, 1, () => {
      const columns = skimmer.structCount()
      for (let leaf = 0; leaf < columns; leaf++) {
        eachField(skimmer, 3, () =>
          eachField(skimmer, 12, () => {
            const start = skimmer.offset
            skimmer.skip()
            const claimed = claims(leaf, group)
            if (claimed === undefined) return
            edits.push({ start, end: skimmer.offset, bytes: statisticsOf(claimed) })
          }),
        )
      }
    })
  }
}

function eachField(skimmer: ThriftSkimmer, wanted: number, visit: () => void): void {
  for (let id = skimmer.next(0); id > 0; id = skimmer.next(id)) {
    if (id === wanted) visit()
    else skimmer.skip()
  }
}

function statisticsOf({ oldMin, oldMax, min, max, nullCount }: Claims): Uint8Array {
  const out = new ThriftWriter()
  if (oldMax !== undefined) out.bytes(1, oldMax)
  if (oldMin !== undefined) out.bytes(2, oldMin)
  if (nullCount !== undefined) out.int(3, nullCount, 'i64')
  if (max !== undefined) out.bytes(5, max)
  if (min !== undefined) out.bytes(6, min)
  return out.finish()
}
