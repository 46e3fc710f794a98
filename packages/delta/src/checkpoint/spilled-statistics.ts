import { createHash } from 'node:crypto'
import type { BatchSpill, ColumnStats, Selection, SpillKey } from '@spillway/core'
import { addStats, type Frames, FrameWriter, readSpilled, readStats } from '@spillway/encoding'
import type { RawAdds, RawStatistics } from '../files/raw-statistics.js'
import type { StatsColumn } from '../statistics/stats-columns.js'

/** Changes with how statistics are decoded from a checkpoint, or are written below. */
const LAYOUT = 'delta-stats-1'

/** Where the parts of a batch outlive the process. */
export interface SpillPlace extends Pick<SpillKey, 'table' | 'object'> {
  readonly spill: BatchSpill
}

/** Statistics that are decoded from a checkpoint once, and then found beside the process: a file for each column of a batch. */
export class SpilledStatistics implements RawStatistics {
  readonly #raw: RawStatistics
  readonly #length: number
  readonly #place: SpillPlace

  constructor(raw: RawStatistics, length: number, place: SpillPlace) {
    this.#raw = raw
    this.#length = length
    this.#place = place
  }

  get byteLength(): number {
    return this.#raw.byteLength
  }

  adds(): RawAdds {
    return this.#raw.adds()
  }

  async stats(columns: readonly StatsColumn[], rows: Selection): Promise<readonly ColumnStats[]> {
    const found = await Promise.all(columns.map(column => this.#read(column, rows)))
    const missing = columns.filter((_, i) => found[i] === undefined)
    if (missing.length === 0) return found as readonly ColumnStats[]
    const read = await this.#raw.stats(missing, rows)
    for (const [i, column] of missing.entries()) this.#write(column, rows, read[i]!)
    let next = 0
    return found.map(stats => stats ?? read[next++]!)
  }

  /** Of the very rows, or of all. */
  async #read(column: StatsColumn, rows: Selection): Promise<ColumnStats | undefined> {
    const decode = (frames: Frames) => readStats(frames, 'stats', this.#length)
    const { spill } = this.#place
    const some = await readSpilled(spill, this.#keyOf(column, rows), decode)
    if (some !== undefined || rows.length === this.#length) return some
    return readSpilled(spill, this.#keyOf(column), decode)
  }

  #write(column: StatsColumn, rows: Selection, stats: ColumnStats): void {
    const writer = new FrameWriter()
    addStats(writer, 'stats', stats)
    this.#place.spill.write(this.#keyOf(column, rows), writer.finish(null))
  }

  /** Few rows are read first, and all when others are asked for: whoever asks the same again finds what it was told. */
  #keyOf({ key }: StatsColumn, rows?: Selection): SpillKey {
    const { table, object } = this.#place
    const some = rows === undefined || rows.length === this.#length ? 'all' : digestOf(rows)
    return { layout: LAYOUT, table, object: JSON.stringify([object, key, some]) }
  }
}

function digestOf(rows: Selection): string {
  return createHash('sha256').update(rows).digest('base64')
}
