import { type LeftOut, type SkillFolders, skillFolders } from '@spillway/assets/node'
import { isTableError, type ObjectStore, TableError } from '@spillway/core'

export interface OpenSkillFoldersOptions {
  readonly store: ObjectStore
  readonly freshnessSeconds: number
  readonly onError?: ((error: unknown) => void) | undefined
}

/** Skills of folders that are shared whole, found anew as often as tables are looked at. */
export function openSkillFolders(options: OpenSkillFoldersOptions): SkillFolders {
  const { store, freshnessSeconds, onError } = options
  return skillFolders({
    store,
    freshMs: freshnessSeconds * 1000,
    onLeftOut: left => onError?.(leftOutError(left)),
  })
}

/** A folder among skills that is not shared, and why: for the provider. */
function leftOutError({ location, error }: LeftOut): TableError {
  const code = isTableError(error) ? error.code : 'INTERNAL'
  const reason = error instanceof Error ? error.message : String(error)
  return new TableError(code, `a folder among skills is left out: ${reason}`, {
    context: { path: location },
    cause: error,
  })
}
