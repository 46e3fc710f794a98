import { findSkillFile, pathFault, requireSafePaths } from '@spillway/assets'
import {
  type AssetKind,
  fencedStore,
  isTableError,
  type ObjectMeta,
  type ObjectStore,
  TableError,
} from '@spillway/core'
import {
  type FolderDetails,
  type FolderFault,
  modelDetails,
  skillDetails,
} from './folder-details.js'

/** A folder as it could be shared, and what keeps it from that. */
export interface InspectedFolder {
  readonly kind: AssetKind
  /** With its last slash. */
  readonly location: string
  readonly files: number
  readonly bytes: number
  /** What is in it, as far as its files say. */
  readonly details: FolderDetails['details']
  /** Recipients do not get these, or do not get any of it. */
  readonly faults: readonly FolderFault[]
  /** Faults that are not among them, as there are very many. */
  readonly moreFaults: number
  /** What recipients should know; it keeps nobody from it. */
  readonly warnings: readonly string[]
}

/** Faults that are told one by one. */
const MOST_FAULTS = 20
/** Of a folder with more files only so many are looked at. */
const MOST_FILES = 1_000_000

/** What tables have: a broken one is no folder of files. */
const OF_TABLES = /\.parquet$|(?:^|\/)(?:_[a-z]+_log|\.hoodie|metadata)\//i

/** Undefined where no file lies there, and where a table does. */
export async function inspectFolder(
  store: ObjectStore,
  location: string,
  signal?: AbortSignal,
): Promise<InspectedFolder | undefined> {
  const fenced = fencedStore(store, { location })
  const { files, fault } = await filesOf(fenced, location, signal)
  if (files.length === 0 && fault === undefined) return undefined
  const paths = files.map(({ path }) => path.slice(location.length))
  if (paths.some(path => OF_TABLES.test(path))) return undefined
  const faults = [...(fault ? [fault] : []), ...(await nameFaults(paths))]
  const folder = { store: fenced, location, files, paths, signal }
  const kind = kindOf(paths)
  const found: FolderDetails =
    kind === 'volume'
      ? { details: [], faults: [], warnings: [] }
      : await (kind === 'skill' ? skillDetails : modelDetails)(folder)
  faults.push(...found.faults)
  return {
    kind,
    location,
    files: files.length,
    bytes: files.reduce((sum, { size }) => sum + size, 0),
    details: found.details,
    faults: faults.slice(0, MOST_FAULTS),
    moreFaults: Math.max(0, faults.length - MOST_FAULTS),
    warnings: found.warnings,
  }
}

interface Listed {
  readonly files: readonly ObjectMeta[]
  readonly fault: FolderFault | undefined
}

/** What cannot be listed cannot be shared: a link that leads out, a name that is no text. */
async function filesOf(
  store: ObjectStore,
  location: string,
  signal: AbortSignal | undefined,
): Promise<Listed> {
  const files: ObjectMeta[] = []
  try {
    for await (const file of store.list(location, { signal })) {
      // Consoles of object stores make folders as empty objects.
      if (file.path.endsWith('/')) continue
      if (files.length >= MOST_FILES) {
        return { files, fault: { reason: `only its first ${MOST_FILES} files were looked at` } }
      }
      files.push(file)
    }
    return { files, fault: undefined }
  } catch (error) {
    // A store that is not reached says nothing of the folder.
    if (!isTableError(error) || error.retryable || error.code === 'STORAGE_UNAVAILABLE') throw error
    const { path, feature } = error.context
    const below = typeof path === 'string' && path.startsWith(location)
    const reason = feature === 'files outside the table' ? LEADS_OUT : error.message
    return { files, fault: { ...(below && { path: path.slice(location.length) }), reason } }
  }
}

const LEADS_OUT =
  'it leads out of the folder, where no recipient may read: the folder is not listed; put what it leads to in its place'

async function nameFaults(paths: readonly string[]): Promise<FolderFault[]> {
  const faults: FolderFault[] = []
  const safe: string[] = []
  for (const path of paths) {
    const fault = pathFault(path)
    if (fault !== undefined) faults.push({ path, reason: `its name ${fault.reason}` })
    else if (isKept(path)) {
      faults.push({
        path,
        reason: 'recipients leave it out: downloads keep such names for themselves',
      })
    } else safe.push(path)
  }
  try {
    await requireSafePaths(safe)
  } catch (error) {
    if (!(error instanceof TableError)) throw error
    faults.push({ reason: error.message })
  }
  return faults
}

/** What a folder has that was itself downloaded. */
function isKept(path: string): boolean {
  const folded = path.toLowerCase()
  const name = folded.slice(folded.lastIndexOf('/') + 1)
  return /^\.spillway(?:\/|$)/.test(folded) || name.startsWith('.spillway-part-')
}

const WEIGHTS = /\.(?:safetensors|gguf|onnx)$/i

function kindOf(paths: readonly string[]): AssetKind {
  if (findSkillFile(paths) !== undefined) return 'skill'
  return paths.some(path => path === 'MLmodel' || WEIGHTS.test(path)) ? 'model' : 'volume'
}
