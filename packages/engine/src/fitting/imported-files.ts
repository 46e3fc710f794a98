import {
  type ColumnLookup,
  columnFinder,
  type DataFile,
  type FindColumn,
  type FooterEdit,
  type LiveFiles,
  type ParquetShape,
  type Selection,
  type Snapshot,
  type Steps,
} from '@spillway/core'
import type { ExactRows } from '../recipient/exact-rows.js'
import type { Misfit } from '../recipient/misfit.js'
import { tableWideNeeds, underPhysicalNames } from '../recipient/table-wide.js'
import { misfitOf } from './fit.js'
import { footerView } from './footer-view.js'

/** How a recipient misreads files of one shape, and the footer that would help, if any does. */
export interface FoundMisfit {
  readonly misfit: Misfit
  readonly view?: readonly FooterEdit[] | undefined
}

/**
 * Files that a Delta table was made over. Delta itself finds their columns in any case, and takes partition columns from
 * its log though a file may hold them too; not every recipient does.
 */
export class ImportedFiles {
  readonly #snapshot: Snapshot
  readonly #lookup: ColumnLookup
  readonly #widens: boolean
  readonly #known = new Map<ParquetShape, FoundMisfit | undefined>()

  private constructor({ snapshot, accepts }: ExactRows, lookup: ColumnLookup) {
    this.#snapshot = snapshot
    this.#lookup = lookup
    this.#widens = accepts.features.has('typeWidening')
  }

  /** Undefined where the recipient finds columns as the table does, or every file is rewritten. */
  static of(exact: ExactRows): ImportedFiles | undefined {
    const { snapshot, accepts } = exact
    if (snapshot.shapesFrom === 'footers' || tableWideNeeds(snapshot, accepts).length > 0) {
      return undefined
    }
    const lookup = accepts.lookup?.(snapshot)
    return lookup && new ImportedFiles(exact, lookup)
  }

  suspects(files: LiveFiles, rows: Selection): Selection {
    return files.imported?.(rows) ?? rows.subarray(0, 0)
  }

  /** Of a file that may be imported, of `shape`. */
  *misfit({ imported }: DataFile, shape: ParquetShape): Steps<FoundMisfit | undefined> {
    if (imported !== true) return undefined
    if (!this.#known.has(shape)) this.#known.set(shape, yield* this.#compare(shape))
    return this.#known.get(shape)
  }

  *#compare(shape: ParquetShape): Steps<FoundMisfit | undefined> {
    const { fields } = underPhysicalNames(this.#snapshot).schema
    const options = {
      fields,
      find: this.#finder(shape),
      lookup: this.#lookup,
      widens: this.#widens,
      isConstant: () => false,
      looksForNanos: true,
    }
    const misfit = yield* misfitOf(shape, options)
    if (misfit === undefined) return undefined
    const view = yield* footerView(shape, options)
    return { misfit, view }
  }

  /** The log says a partition column's value, whatever the file holds. */
  #finder(shape: ParquetShape): FindColumn {
    const { fromPartitions } = this.#lookup
    const find = columnFinder(this.#snapshot, shape)
    return (field, columns) => (fromPartitions.has(field.id) ? undefined : find(field, columns))
  }
}
