import { type ObjectStore, TableError, type TableSource } from '@spillway/core'
import { pathResolver, withoutSlash } from '../paths/paths.js'

/** A catalog's answer to which metadata file is current; undefined where it does not know the table. */
export interface CatalogPointer {
  metadataFile(source: TableSource, signal?: AbortSignal): Promise<string | undefined>
}

export interface LocateOptions {
  readonly store: ObjectStore
  readonly catalogPointer?: CatalogPointer
  readonly signal?: AbortSignal | undefined
}

/** `v3`, `00003-uuid`, each `.metadata.json`, `.gz.metadata.json` or the old `.metadata.json.gz`. */
const METADATA_NAME = /^(v?)(\d+)(-[^/]*?)?(?:\.gz)?\.metadata\.json(?:\.gz)?$/
const ANY_METADATA = /\.metadata\.json(?:\.gz)?$/

/**
 * The current metadata file: what the source names; else what a catalog answers; else what `version-hint.text` says,
 * followed forward because it may be stale; else the highest number in the metadata folder. Undefined where there is
 * no table.
 */
export async function locateMetadata(
  source: TableSource,
  options: LocateOptions,
): Promise<string | undefined> {
  const resolve = pathResolver(source)
  if (source.metadataFile !== undefined) return resolve(source.metadataFile)
  const pointer = await options.catalogPointer?.metadataFile(source, options.signal)
  if (pointer !== undefined) return resolve(pointer)
  const folder = `${withoutSlash(source.location)}/metadata/`
  return (await fromHint(folder, options)) ?? (await fromListing(folder, options))
}

const LONGEST_HINT = 4096

async function fromHint(folder: string, options: LocateOptions): Promise<string | undefined> {
  const { store, signal } = options
  // A hint is a number or a name: what is longer is none, and not read.
  const range = { start: 0, end: LONGEST_HINT + 1 }
  const ranged = signal === undefined ? { range } : { range, signal }
  const found = await store.get(`${folder}version-hint.text`, ranged)
  if (found === undefined || found.bytes.length > LONGEST_HINT) return undefined
  const hint = new TextDecoder().decode(found.bytes).trim()
  if (/^\d{1,15}$/.test(hint)) return followVersions(folder, Number(hint), options)
  if (hint === '' || hint.includes('/')) return undefined
  return firstExisting(folder, [hint, `${hint}.metadata.json`, `${hint}.gz.metadata.json`], options)
}

/** A hint is written after its version and may be lost: later versions are looked for, as the Java library does. */
async function followVersions(
  folder: string,
  hint: number,
  options: LocateOptions,
): Promise<string | undefined> {
  // Asked for at once: nearly always the one is there, and the other is not.
  let [current, next] = await Promise.all([
    firstExisting(folder, versionNames(hint), options),
    anyExisting(folder, versionNames(hint + 1), options),
  ])
  if (current === undefined) return undefined
  for (let version = hint + 2; next !== undefined; version++) {
    current = next
    next = await anyExisting(folder, versionNames(version), options)
  }
  return current
}

function versionNames(version: number): readonly string[] {
  return [
    `v${version}.metadata.json`,
    `v${version}.gz.metadata.json`,
    `v${version}.metadata.json.gz`,
  ]
}

/** `firstExisting` of names that are hardly ever there: all are asked for at once. */
async function anyExisting(
  folder: string,
  names: readonly string[],
  options: LocateOptions,
): Promise<string | undefined> {
  const found = await Promise.all(names.map(name => firstExisting(folder, [name], options)))
  return found.find(path => path !== undefined)
}

async function firstExisting(
  folder: string,
  names: readonly string[],
  { store, signal }: LocateOptions,
): Promise<string | undefined> {
  for (const name of names) {
    if (!ANY_METADATA.test(name)) continue
    if ((await store.head(folder + name, signal)) !== undefined) return folder + name
  }
  return undefined
}

interface Candidate {
  readonly path: string
  readonly byVersion: boolean
  readonly number: number
}

async function fromListing(folder: string, options: LocateOptions): Promise<string | undefined> {
  let best: Candidate | undefined
  let rival: Candidate | undefined
  for await (const { path } of options.store.list(
    folder,
    options.signal && { signal: options.signal },
  )) {
    const candidate = candidateOf(path, folder)
    if (candidate === undefined) continue
    const order = best === undefined ? 1 : compare(candidate, best)
    if (order > 0) {
      best = candidate
      rival = undefined
    } else if (order === 0) rival = candidate
  }
  if (best === undefined || rival === undefined) return best?.path
  throw new TableError(
    'INVALID_REQUEST',
    `two metadata files have the highest number, ${best.path} and ${rival.path}: only a catalog, or metadataFile, can say which is current`,
    { context: { path: folder } },
  )
}

function candidateOf(path: string, folder: string): Candidate | undefined {
  const match = METADATA_NAME.exec(path.slice(folder.length))
  if (match === null) return undefined
  return { path, byVersion: match[1] === 'v', number: Number(match[2]) }
}

/** Only a table without a catalog has `vN` names, and there they are what counts. */
function compare(a: Candidate, b: Candidate): number {
  return a.byVersion === b.byVersion ? a.number - b.number : a.byVersion ? 1 : -1
}
