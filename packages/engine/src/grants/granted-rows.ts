import {
  type FileBatch,
  type LiveFiles,
  type Predicate,
  type Selection,
  type Snapshot,
  type TablePart,
  throwIfCancelled,
} from '@spillway/core'
import { partitionGrant } from './partition-grant.js'

/** Files looked at before others get a turn: some ten milliseconds of work. */
const FILES_AT_ONCE = 1024

/** Of each row: not looked at yet, granted, or withheld. */
const GRANTED = 1
const WITHHELD = 2

/** Which rows of a snapshot's batches are granted: found out once a row, not once a page. */
export class GrantedRows {
  readonly #part: TablePart
  readonly #known = new WeakMap<FileBatch, Uint8Array>()

  /** Throws where partition values cannot decide it. */
  constructor(grant: Predicate, snapshot: Snapshot) {
    this.#part = partitionGrant(grant, snapshot)
  }

  /** Those of `rows`, in order, that are granted. */
  async of(files: LiveFiles, rows: Selection, signal?: AbortSignal): Promise<Selection> {
    const known = this.#knownOf(files.batch)
    const fresh = rows.filter(row => known[row] === 0)
    for (let start = 0; start < fresh.length; start += FILES_AT_ONCE) {
      if (start > 0) await nextTurn()
      throwIfCancelled(signal)
      const some = fresh.subarray(start, start + FILES_AT_ONCE)
      // Whatever else is wrong with a file that is withheld is nobody's to know, and stops nobody.
      const partitions = files.partitions?.(some) ?? (await files.files(some, signal))
      for (const [i, partition] of partitions.entries()) {
        known[some[i]!] = this.#part.holds(partition) ? GRANTED : WITHHELD
      }
    }
    return rows.filter(row => known[row] === GRANTED)
  }

  #knownOf(batch: FileBatch): Uint8Array {
    const known = this.#known.get(batch) ?? new Uint8Array(batch.length)
    this.#known.set(batch, known)
    return known
  }
}

const bySnapshot = new WeakMap<Snapshot, Map<string, GrantedRows>>()

/** The rows that `grant` gives of `snapshot`, remembered as long as the snapshot is. */
export function grantedRows(grant: Predicate, snapshot: Snapshot): GrantedRows {
  const byGrant = bySnapshot.get(snapshot) ?? new Map<string, GrantedRows>()
  bySnapshot.set(snapshot, byGrant)
  const key = grantKey(grant)
  const known = byGrant.get(key) ?? new GrantedRows(grant, snapshot)
  byGrant.set(key, known)
  return known
}

/** Equal for equal grants. */
export function grantKey(grant: Predicate): string {
  return JSON.stringify(grant, (_, value: unknown) => {
    if (typeof value === 'bigint') return `${value}n`
    return value instanceof Uint8Array ? [...value] : value
  })
}

function nextTurn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}
