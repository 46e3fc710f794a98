import type { SharesConfig } from '@spillway/server'
import { assetFolders } from '../assets/located-assets.js'
import type { Check } from './check.js'
import { type Own, ownFilesIn } from './own-files.js'

interface SharedFolder {
  /** `lake.kb.docs`; of a folder of skills `lake.kb skills`. */
  readonly name: string
  readonly kind: string
  readonly location: string
}

/** Every folder whose files are all shared, by what recipients call it. */
export function sharedFolders(shares: SharesConfig): readonly SharedFolder[] {
  return assetFolders(shares).map(({ kind, name, location, path: [, i, , j] }) => {
    const share = shares.shares?.[Number(i)]
    const schema = `${share?.name}.${share?.schemas?.[Number(j)]?.name}`
    const isFolder = kind === 'folder of skills'
    return { name: isFolder ? `${schema} skills` : `${schema}.${name}`, kind, location }
  })
}

/** Of whole folders everything is shared: not what the server keeps for itself. */
export async function ownFileChecks(own: Own): Promise<readonly Check[]> {
  const checks: Check[] = []
  for (const { name, kind, location } of sharedFolders(own.config.shares)) {
    const files = await ownFilesIn(location, own)
    if (files.length === 0) continue
    const detail = `recipients of this ${kind} read ${files.join(' and ')}, which the server keeps for itself: move it out of ${location}`
    checks.push({ name, ok: false, detail })
  }
  return checks
}
