import { inSlices, type Steps } from '@spillway/core'
import { foldedPath } from './folded-path.js'
import { type PathRefusalOptions, pathRefusal, quotedName } from './path-fault.js'
import { requireSafePath } from './safe-path.js'

/** Steps are ended after so many paths: about a millisecond. */
const PATHS_IN_A_STEP = 1024

/**
 * Throws where a path of an asset's files is not safe (`requireSafePath`), is there twice, is one file with another on a
 * disk that folds case or normalizes names, or is a file where another needs a folder. The folders above files are held
 * to one spelling too. Takes time linear in all that the paths hold, in steps that let others go on.
 */
export async function requireSafePaths(
  paths: readonly string[],
  options?: PathRefusalOptions,
): Promise<void> {
  await inSlices(safePathsInSteps(paths, options))
}

/** `requireSafePaths`, for work in steps. */
export function* safePathsInSteps(
  paths: readonly string[],
  options?: PathRefusalOptions,
): Steps<void> {
  const names = new NamesOfAsset(options)
  let count = 0
  for (const path of paths) {
    requireSafePath(path, options)
    names.add(path)
    if (++count % PATHS_IN_A_STEP === 0) yield
  }
  yield* names.filesAmongFolders()
}

/** Files and folders by what a disk may take their names for, each with how it was spelled first. */
class NamesOfAsset {
  readonly #files = new Map<string, string>()
  readonly #folders = new Map<string, string>()
  readonly #options: PathRefusalOptions | undefined

  constructor(options: PathRefusalOptions | undefined) {
    this.#options = options
  }

  add(path: string): void {
    const folded = foldedPath(path)
    const first = this.#files.get(folded)
    if (first === path) {
      throw pathRefusal(path, { kind: 'duplicate', reason: 'is there twice' }, this.#options)
    }
    if (first !== undefined) {
      const reason = `is one file with ${quotedName(first)} on disks that fold case or names`
      throw pathRefusal(path, { kind: 'twin', reason }, this.#options)
    }
    this.#files.set(folded, path)
    this.#addFolders(path, folded)
  }

  /** Upwards, until a folder is known: then those above it are as well. */
  #addFolders(path: string, folded: string): void {
    let [end, foldedEnd] = [path.lastIndexOf('/'), folded.lastIndexOf('/')]
    while (end > 0) {
      const [folder, key] = [path.slice(0, end), folded.slice(0, foldedEnd)]
      const first = this.#folders.get(key)
      if (first === folder) return
      if (first !== undefined) {
        const reason = `has a folder that is spelled ${quotedName(first)} elsewhere`
        throw pathRefusal(path, { kind: 'folder-twin', reason }, this.#options)
      }
      this.#folders.set(key, folder)
      end = path.lastIndexOf('/', end - 1)
      foldedEnd = folded.lastIndexOf('/', foldedEnd - 1)
    }
  }

  *filesAmongFolders(): Steps<void> {
    let count = 0
    for (const [key, folder] of this.#folders) {
      const file = this.#files.get(key)
      if (file !== undefined) {
        const reason = `is a file, and ${quotedName(folder)} a folder with files in it`
        throw pathRefusal(file, { kind: 'file-and-folder', reason }, this.#options)
      }
      if (++count % PATHS_IN_A_STEP === 0) yield
    }
  }
}
