import {
  findSkillFile,
  pickleByName,
  readMlModel,
  readSafetensorsHeader,
  readSkill,
  type SafetensorsHeader,
  type SkillWarning,
  skillSizeWarnings,
  storedFile,
  strictSkillFaults,
} from '@spillway/assets'
import {
  isTableError,
  type ObjectMeta,
  type ObjectStore,
  readListed,
  TableError,
} from '@spillway/core'
import { formatCount } from '../terminal/format-table.js'

/** Recipients do not get this, or do not get any of it. */
export interface FolderFault {
  /** Of a file; absent where it is of the folder. */
  readonly path?: string
  readonly reason: string
}

/** What the files of a folder say of it: names and texts, for people and programs alike. */
export interface FolderDetails {
  readonly details: readonly (readonly [name: string, text: string])[]
  readonly faults: readonly FolderFault[]
  readonly warnings: readonly string[]
}

export interface ListedFolder {
  readonly store: ObjectStore
  readonly location: string
  readonly files: readonly ObjectMeta[]
  /** Of `files`, relative to the folder. */
  readonly paths: readonly string[]
  readonly signal: AbortSignal | undefined
}

/** Of agentskills.io. */
const SKILL_KEYS = ['name', 'description', 'license', 'compatibility', 'metadata', 'allowed-tools']
const SKILL_BYTES = 4 * 1024 ** 2
const MLMODEL_BYTES = 4 * 1024 ** 2

/** As agentskills.io has it: what it does not allow is not shared. */
export async function skillDetails(folder: ListedFolder): Promise<FolderDetails> {
  const path = findSkillFile(folder.paths)!
  try {
    const reading = readSkill(await bytesOf(folder, path, SKILL_BYTES), { path })
    const { skill } = reading
    // Shared as its own name, in a folder of any. What the specification does not know is nobody's business.
    const found = strictSkillFaults(reading, skill.name)
    const isKept = ({ field }: SkillWarning) =>
      SKILL_KEYS.some(key => key === field) || field === 'file'
    const told = (is: (each: SkillWarning) => boolean, among = found) =>
      among.filter(is).map(({ field, message }) => ({ path, reason: `${field}: ${message}` }))
    const facts = [
      ['name', skill.name],
      ['description', skill.description],
      ['license', skill.license],
      ['compatibility', skill.compatibility],
      ['allowed tools', skill.allowedTools],
    ] as const
    return {
      details: facts.flatMap(([key, text]) => (text === undefined ? [] : [[key, text] as const])),
      faults: told(isKept),
      warnings: told(each => !isKept(each), [...found, ...skillSizeWarnings(skill)]).map(
        ({ reason }) => `${path}: ${reason}`,
      ),
    }
  } catch (error) {
    if (!isTableError(error)) throw error
    return { details: [], faults: [{ path, reason: error.message }], warnings: [] }
  }
}

/** Files of weights whose headers are read: enough to say what it is. */
const MOST_HEADERS = 32

/** What cannot be read in a model is told, and can be shared all the same. */
export async function modelDetails(folder: ListedFolder): Promise<FolderDetails> {
  const warnings: string[] = []
  const warn = (path: string, reason: string) => warnings.push(`${path}: ${reason}`)
  const details = [
    ...(await mlmodelDetails(folder, warn)),
    ...(await weightDetails(folder, warn)),
    ...(folder.paths.includes('model.sig')
      ? [['signature', 'model.sig, not verified here'] as const]
      : []),
  ]
  const pickles = folder.paths.filter(path => pickleByName(path) !== undefined)
  if (pickles.length > 0) {
    const others = pickles.length > 1 ? ` and ${pickles.length - 1} more` : ''
    warn(`${pickles[0]}${others}`, 'a pickle by its name: loading it runs code of whoever made it')
  }
  return { details, faults: [], warnings }
}

type Warn = (path: string, reason: string) => void

async function mlmodelDetails(folder: ListedFolder, warn: Warn): Promise<FolderDetails['details']> {
  if (!folder.paths.includes('MLmodel')) return []
  try {
    const model = readMlModel(await bytesOf(folder, 'MLmodel', MLMODEL_BYTES), { path: 'MLmodel' })
    const version = model.mlflowVersion === undefined ? '' : `, MLflow ${model.mlflowVersion}`
    return [['MLmodel', `${Object.keys(model.flavors).join(', ')}${version}`]]
  } catch (error) {
    if (!isTableError(error)) throw error
    warn('MLmodel', error.message)
    return []
  }
}

async function weightDetails(folder: ListedFolder, warn: Warn): Promise<FolderDetails['details']> {
  const all = folder.files.filter(({ path }) => /\.safetensors$/i.test(path))
  if (all.length === 0) return []
  const headers: SafetensorsHeader[] = []
  for (const file of all.slice(0, MOST_HEADERS)) {
    try {
      headers.push(await readSafetensorsHeader(storedFile(folder.store, file), folder.signal))
    } catch (error) {
      if (!isTableError(error)) throw error
      warn(file.path.slice(folder.location.length), error.message)
    }
  }
  const tensors = headers.flatMap(each => each.tensors)
  const parameters = headers.reduce((sum, each) => sum + each.parameters, 0n)
  const types = [...new Set(tensors.map(({ dtype }) => dtype))].sort().join(', ')
  if (headers.length === 0) return [['safetensors', formatCount(all.length, 'file')]]
  const part = all.length > MOST_HEADERS ? `; of the first ${MOST_HEADERS}: ` : ': '
  const text = `${formatCount(all.length, 'file')}${part}${formatCount(tensors.length, 'tensor')}, ${formatCount(parameters, 'parameter')}`
  return [['safetensors', types === '' ? text : `${text}, ${types}`]]
}

async function bytesOf(
  { store, location, files, signal }: ListedFolder,
  path: string,
  maxBytes: number,
): Promise<Uint8Array> {
  const file = files.find(each => each.path === location + path)!
  if (file.size > maxBytes) {
    const message = `${path} has ${file.size} bytes: at most ${maxBytes} are read`
    throw new TableError('UNSUPPORTED_FEATURE', message, { context: { path: file.path } })
  }
  const bytes = await readListed(store, file, { signal })
  if (bytes !== undefined) return bytes
  throw new TableError('NOT_FOUND', `${path} is gone since it was listed`)
}
