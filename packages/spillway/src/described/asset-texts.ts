import type { FoundAsset } from '@spillway/client'

/** Members of the wire that say something to a recipient. Where it lies is for whoever has credentials. */
const TOLD = ['comment', 'description', 'license', 'compatibility', 'allowedTools'] as const

/** What the provider's list says of an asset, by name. */
export function assetTexts({ asset, version }: FoundAsset): readonly (readonly [string, string])[] {
  const told: (readonly [string, string])[] = []
  const members: Readonly<Record<string, unknown>> = { ...asset, ...version }
  if (version !== undefined) told.push(['version', String(version.version)])
  if (version?.aliases?.length) told.push(['aliases', version.aliases.join(', ')])
  for (const name of TOLD) {
    const value = members[name]
    if (typeof value === 'string' && value !== '') told.push([name, value])
  }
  return told
}
