import { type AssetName, parsedUrl } from '@spillway/core'

/** A file of a skill, as its URI names it: `skill://share/schema/name/path`. */
export interface SkillUri {
  readonly name: AssetName
  /** As it is listed; empty for the skill's own folder. */
  readonly path: string
}

/** What a URI names; undefined where it can be none of ours. Whether there is such a file is not known by that. */
export function parseSkillUri(uri: string): SkillUri | undefined {
  const url = parsedUrl(uri)
  if (url === undefined) return undefined
  // Steps of dots, encoded ones too, are taken by now: what they lead to is a path that is listed, or none.
  const { protocol, host, pathname, search, hash, username, password } = url
  if (protocol !== 'skill:' || search + hash + username + password !== '') return undefined
  const segments = [host, ...pathname.split('/').slice(1)].map(decoded)
  const [share, schema, name, ...path] = segments
  if (!isName(share) || !isName(schema) || !isName(name) || !path.every(isName)) return undefined
  return { name: { share, schema, name }, path: path.join('/') }
}

function decoded(segment: string): string | undefined {
  try {
    const text = decodeURIComponent(segment)
    return text.includes('/') || text.includes('\0') ? undefined : text
  } catch {
    return undefined
  }
}

function isName(segment: string | undefined): segment is string {
  return segment !== undefined && segment !== '' && segment !== '.' && segment !== '..'
}

/** Of a folder in a skill, or of the skill itself; without a slash at its end. */
export function folderUri({ share, schema, name }: AssetName, path: string): string {
  const below = path === '' ? [] : path.split('/')
  return `skill://${[share, schema, name, ...below].map(encodeURIComponent).join('/')}`
}
