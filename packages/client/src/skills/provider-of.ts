import { TableError } from '@spillway/core'
import { type FolderName, folderText, parseAssetName } from '../assets/asset-name.js'
import { shownName } from './skill-name.js'
import type { LockedSkill, SkillProvider } from './skill-options.js'

/** An endpoint as it may be written down: without credentials, query or last slash. */
export function plainEndpoint(endpoint: string): string {
  const url = new URL(endpoint)
  url.username = ''
  url.password = ''
  url.search = ''
  url.hash = ''
  return url.href.replace(/\/+$/, '')
}

/** Who shares what the lock has. A profile is sent to no other endpoint than its own. */
export function providerOf(
  { endpoint, source }: LockedSkill,
  providers: readonly SkillProvider[],
): SkillProvider {
  const found = providers.find(each => plainEndpoint(each.endpoint) === endpoint)
  if (found !== undefined) return found
  const given = providers.map(each => plainEndpoint(each.endpoint))
  throw new TableError(
    'NOT_FOUND',
    `${source} is shared by ${endpoint}: expected a profile for it, found ${given.length === 0 ? 'none' : given.join(', ')}`,
  )
}

/** `share.schema.skill`, which says the same when it is read again. */
export function sourceText(folder: FolderName): string {
  const text = folderText(folder)
  const { share, schema, name, version } = parseAssetName(text)
  const isSame = share === folder.share && schema === folder.schema && name === folder.name
  if (isSame && version === undefined) return text
  throw new TableError(
    'UNSUPPORTED_FEATURE',
    `the name ${shownName(text)} cannot be written down: its schema or skill holds a dot or @`,
  )
}

/** The skill of the lock, as its provider has it now. */
export async function lockedFolder(
  { client }: SkillProvider,
  { name, locked }: { readonly name: string; readonly locked: LockedSkill },
  signal: AbortSignal | undefined,
): Promise<FolderName> {
  const { version: _, ...asked } = parseAssetName(locked.source)
  const { folder } = await client.asset(asked, { kind: 'skill', signal })
  if (folder.name === name && sourceText(folder) === locked.source) return folder
  throw new TableError(
    'TABLE_CORRUPT',
    `the server's answer cannot be used: asked for ${locked.source}, it gives ${shownName(folderText(folder))}`,
  )
}
