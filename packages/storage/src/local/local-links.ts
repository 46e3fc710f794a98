import { TableError } from '@spillway/core'

/** A folder on the way of a listing. */
export interface WalkedFolder {
  /** Without links. */
  readonly real: string
  /** Reached by a link, its own or of a folder above. */
  readonly isLinked: boolean
}

/** Folders that are there by more than one way are listed by each of them, so often in one listing. */
const MOST_REVISITS = 1000

/** The folders of one listing that were reached by links: links make ways without end of few folders. */
export class LinkedFolders {
  readonly #seen = new Set<string>()
  #revisits = 0

  /** True where a folder holds itself: it would be walked for ever. */
  isLoop({ real, isLinked }: WalkedFolder, above: readonly WalkedFolder[]): boolean {
    return isLinked && above.some(each => each.real === real)
  }

  /** Throws where the same folders are come to again and again: thirty of two links each have a thousand million ways. */
  enter({ real, isLinked }: WalkedFolder, uri: string): void {
    if (!isLinked) return
    if (!this.#seen.has(real)) this.#seen.add(real)
    else if (++this.#revisits > MOST_REVISITS) {
      throw new TableError(
        'UNSUPPORTED_FEATURE',
        `links lead to the same folders more than ${MOST_REVISITS} times: a listing of all ways has no end; remove some of them`,
        { context: { feature: 'links', path: uri } },
      )
    }
  }
}
