import { type AssetKind, type AssetName, TableError } from '@spillway/core'
import { schemaPath } from '../http/paths.js'

/** An asset as people name it. */
export interface VersionedName extends AssetName {
  /** Of a model a number or an alias; of a volume or a skill the `snapshotId` of a listing. */
  readonly version?: string | undefined
  /** `sha256:…` of the canonical manifest: its files are these, or the asset is refused. */
  readonly digest?: string | undefined
}

/** The folder of a volume, of a skill, or of one version of a model. */
export type FolderName = AssetName &
  ({ readonly kind: 'volume' | 'skill' } | { readonly kind: 'model'; readonly version: number })

/** A share's name may hold dots, the others may not; a version may, behind its `@`. */
const NAME = /^(.+)\.([^.@]+)\.([^.@]+)(?:@([^@]+))?$/s
const MOST_CHARACTERS = 4096

const DIGEST = /@(sha256:[^@]*)$/
const WHOLE_DIGEST = /^sha256:[0-9a-f]{64}$/

/**
 * `share.schema.name`, `share.schema.model@3`, `share.schema.model@champion` into their parts. A digest, `@sha256:…`, stands last.
 */
export function parseAssetName(text: string): VersionedName {
  const digest = DIGEST.exec(text.slice(0, MOST_CHARACTERS + 1))?.[1]
  if (digest !== undefined) {
    requireDigest(digest)
    return { ...parseAssetName(text.slice(0, -digest.length - 1)), digest }
  }
  const match = text.length > MOST_CHARACTERS ? null : NAME.exec(text)
  if (match === null) {
    throw new TableError(
      'INVALID_REQUEST',
      `expected share.schema.asset, share.schema.asset@version or share.schema.asset@sha256:…, found ${JSON.stringify(text.slice(0, 200))}`,
    )
  }
  const [, share, schema, name, version] = match
  return {
    share: share!,
    schema: schema!,
    name: name!,
    ...(version === undefined ? {} : { version }),
  }
}

/** Throws `INVALID_REQUEST` where it is not spelled as digests are. */
export function requireDigest(digest: string): void {
  if (WHOLE_DIGEST.test(digest)) return
  throw new TableError(
    'INVALID_REQUEST',
    `expected a digest as sha256: and 64 lower-case hexadecimal digits, found ${JSON.stringify(digest.slice(0, 100))}`,
  )
}

/** `share.schema.name`, with the version of a model behind it. */
export function folderText(folder: FolderName): string {
  const name = `${folder.share}.${folder.schema}.${folder.name}`
  return folder.kind === 'model' ? `${name}@${folder.version}` : name
}

const PLURALS = { volume: 'volumes', model: 'models', skill: 'skills' } as const

export function assetPath(kind: AssetKind, { share, schema, name }: AssetName, rest = ''): string {
  return schemaPath(share, schema, `/${PLURALS[kind]}/${encodeURIComponent(name)}${rest}`)
}

export function folderPath(folder: FolderName, rest: string): string {
  const version = folder.kind === 'model' ? `/versions/${folder.version}` : ''
  return assetPath(folder.kind, folder, version + rest)
}
