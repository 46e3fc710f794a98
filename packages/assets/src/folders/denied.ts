import { isTableError, type ObjectStore, TableError } from '@spillway/core'
import { quotedName } from '../paths/path-fault.js'

/**
 * `store`, whose reads of single files and folders say of what this process may not read where it is in the folder at `location`, and what would work: it stays so until
 * the provider does something, and says nothing of what lies elsewhere. Stores that are not this machine's may mean all of them by a
 * refusal: theirs are left as they are.
 */
export function tellingDenied(store: ObjectStore, location: string): ObjectStore {
  const told = (error: unknown) => (isDeniedHere(error) ? denied(error, location) : error)
  return {
    ...store,
    async get(path, options) {
      return store.get(path, options).catch(error => Promise.reject(told(error)))
    },
    async head(path, signal) {
      return store.head(path, signal).catch(error => Promise.reject(told(error)))
    },
    async *listPrefixes(prefix, signal) {
      try {
        yield* store.listPrefixes(prefix, signal)
      } catch (error) {
        throw deniedListing(error, location)
      }
    },
  }
}

/** The same of a listing, which is none without what may not be read. */
export function deniedListing(error: unknown, location: string): unknown {
  const lacking = ', and files would be missing from its listing'
  return isDeniedHere(error) ? denied(error, location, lacking) : error
}

/** The same of a file in a folder that its store has just listed: there a 403 is about the file, and not about who asks. */
export function deniedOfListed(error: unknown, location: string): unknown {
  const isRefused =
    isTableError(error) && error.code === 'STORAGE_UNAVAILABLE' && error.context.status === 403
  return isRefused ? denied(error, location) : error
}

function denied(error: TableError, location: string, lacking = ''): TableError {
  const { path } = error.context
  const below =
    typeof path === 'string' && path.startsWith(location) ? path.slice(location.length) : ''
  const what = below === '' ? 'this folder' : `${quotedName(below)} in this folder`
  return new TableError(
    'PERMISSION_DENIED',
    `the server may not read ${what}${lacking}: its provider lets the server's user read it (a folder: list and enter it), or moves it out`,
    { context: error.context, cause: error },
  )
}

function isDeniedHere(error: unknown): error is TableError {
  if (!isTableError(error) || error.code !== 'STORAGE_UNAVAILABLE') return false
  const { cause } = error
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  return code === 'EACCES' || code === 'EPERM'
}

/** Folders of which it is remembered what was told. */
const MOST_FOLDERS = 1000

/** Tells the provider of what may not be read, which others are told who ask for it: once for as long as it is the same. */
export class ToldDenied<Folder extends { readonly location: string }> {
  readonly #tell: ((folder: Folder, error: unknown) => void) | undefined
  readonly #told = new Map<string, string>()

  constructor(tell: ((folder: Folder, error: unknown) => void) | undefined) {
    this.#tell = tell
  }

  /** `work` of `folder`, as it ends. */
  async of<Result>(folder: Folder, work: Promise<Result>): Promise<Result> {
    try {
      const result = await work
      this.#told.delete(folder.location)
      return result
    } catch (error) {
      if (isTableError(error) && error.code === 'PERMISSION_DENIED') this.#once(folder, error)
      throw error
    }
  }

  #once(folder: Folder, error: TableError): void {
    const { location } = folder
    if (this.#told.get(location) === error.message) return
    if (this.#told.size >= MOST_FOLDERS) this.#told.clear()
    this.#told.set(location, error.message)
    this.#tell?.(folder, error)
  }
}
