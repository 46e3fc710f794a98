import { type AssetFolder, TableError } from '@spillway/core'
import { quotedName } from '../paths/path-fault.js'

/** Folders of which it is remembered what was told. */
const MOST_FOLDERS = 1000

/** Tells of names that are left out of listings: once for as long as they are the same. */
export class ToldLeftOut {
  readonly #tell: ((folder: AssetFolder, error: unknown) => void) | undefined
  readonly #told = new Map<string, string>()

  constructor(tell: ((folder: AssetFolder, error: unknown) => void) | undefined) {
    this.#tell = tell
  }

  /** For one listing. */
  begin(folder: AssetFolder): {
    readonly add: (path: string, reason: string) => void
    readonly finish: () => void
  } {
    let count = 0
    let first = ''
    return {
      add: (path, reason) => {
        if (++count === 1) first = `${quotedName(path)}: ${reason}`
      },
      finish: () => {
        const { location } = folder
        const before = this.#told.get(location)
        if (count === 0) this.#told.delete(location)
        const said = `${count} ${count === 1 ? 'name is' : 'names are'} neither listed nor signed; ${first}`
        if (count === 0 || said === before) return
        if (this.#told.size >= MOST_FOLDERS) this.#told.clear()
        this.#told.set(location, said)
        const context = { path: location, feature: 'names of files' }
        this.#tell?.(folder, new TableError('UNSUPPORTED_FEATURE', said, { context }))
      },
    }
  }
}
