import type { BatchSpill, ColumnStats, Selection, SpillKey } from '@spillway/core'
import { addStats, FrameWriter, readSpilled, readStats } from '@spillway/encoding'
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
    const found = await Promise.all(columns.map(column => this.#read(column)))
    const missing = columns.filter((_, i) => found[i] === undefined)
    if (missing.length === 0) return found as readonly ColumnStats[]
    const read = await this.#raw.stats(missing, rows)
    // Of some rows alone is not what the next who asks may need.
    if (rows.length === this.#length) {
      for (const [i, column] of missing.entries()) this.#write(column, read[i]!)
    }
    let next = 0
    return found.map(stats => stats ?? read[next++]!)
  }

  #read(column: StatsColumn): Promise<ColumnStats | undefined> {
    const decode = (frames: Parameters<typeof readStats>[0]) =>
      readStats(frames, 'stats', this.#length)
    return readSpilled(this.#place.spill, this.#keyOf(column), decode)
  }

  #write(column: StatsColumn, stats: ColumnStats): void {
    const writer = new FrameWriter()
    addStats(writer, 'stats', stats)
    this.#place.spill.write(this.#keyOf(column), writer.finish(null))
  }

  #keyOf({ key }: StatsColumn): SpillKey {
    const { table, object } = this.#place
    return { layout: LAYOUT, table, object: JSON.stringify([object, key]) }
  }
}
