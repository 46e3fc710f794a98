import { readdir, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import type { SharedKind } from '../edit/shared-kinds.js'

/** Why a table was not found where somebody said, and what would find it; empty where nothing of this machine tells. */
export async function locationHint(location: string, folder: string): Promise<string> {
  if (/^[a-zA-Z][a-zA-Z0-9+.-]*:/.test(location)) return ''
  const path = resolve(folder, location)
  const found = await stat(path).catch(() => undefined)
  const hasMarks = /[*?[{]/.test(location)
  if (found === undefined) return hasMarks ? missing(location) : ': there is no such folder'
  if (!found.isDirectory())
    return `: that is a file, and a table is a folder of them; ${alone(location)}`
  if (!hasMarks) {
    return `: no log of a table and no Parquet file lies in this folder${await otherKinds(path)}`
  }
  const escaped = location.replaceAll(/[*?[{},]/g, mark => `[${mark}]`).replace(/\/+$/, '')
  return `: * ? [ and { are marks of a pattern here; '${escaped}/**' are the Parquet files of this folder, --format says another format of it`
}

function missing(location: string): string {
  return `: no Parquet file matches the pattern ${location}; * ? [ab] and {a,b} stay within a name, ** goes over folders`
}

/** A pattern that only this file matches: its first letter in brackets. */
function alone(location: string): string {
  const [first = '', ...rest] = basename(location)
  if (!/^[\p{L}\p{N}]$/u.test(first)) return 'share the folder that it lies in'
  const pattern = join(dirname(location), `[${first}]${rest.join('')}`)
  return `share the folder that it lies in, or the pattern '${pattern}', which it alone matches`
}

/** What a folder could be shared as that is no table; to share all of its files is never guessed. */
async function otherKinds(path: string): Promise<string> {
  return (await likelyKind(path)) || '; --kind volume shares whatever files lie in a folder'
}

/** Of a folder with files that were taken for those of a table; empty where it looks like nothing else. */
export async function otherKindHint(location: string, folder: string): Promise<string> {
  if (/^[a-zA-Z][a-zA-Z0-9+.-]*:/.test(location)) return ''
  return likelyKind(resolve(folder, location))
}

async function likelyKind(path: string): Promise<string> {
  const kind = await kindOfFolder(path)
  return kind === undefined ? '' : `; it looks like a ${WORDS[kind]}, which --kind ${kind} shares`
}

const WORDS = { model: 'model', skill: 'skill', 'skill-folder': 'folder of skills' } as const

async function kindOfFolder(path: string): Promise<keyof typeof WORDS | undefined> {
  const names = await readdir(path).catch((): string[] => [])
  if (names.some(isSkillFile)) return 'skill'
  if (names.some(name => name === 'MLmodel' || /\.(?:safetensors|gguf|onnx)$/i.test(name))) {
    return 'model'
  }
  for (const name of names.slice(0, MOST_LOOKED_INTO)) {
    const inside = await readdir(join(path, name)).catch((): string[] => [])
    if (inside.some(isSkillFile)) return 'skill-folder'
  }
  return undefined
}

/** Enough to see what a folder is of. */
const MOST_LOOKED_INTO = 100

function isSkillFile(name: string): boolean {
  return name === 'SKILL.md' || name === 'skill.md'
}

/** Why there are no files, or no skill, where somebody said that they lie; empty where nothing of this machine tells. */
export async function folderHint(
  kind: SharedKind,
  location: string,
  folder: string,
): Promise<string> {
  if (/^[a-zA-Z][a-zA-Z0-9+.-]*:/.test(location)) return ''
  const path = resolve(folder, location)
  const found = await stat(path).catch(() => undefined)
  if (found === undefined) return ': there is no such folder'
  if (!found.isDirectory()) {
    return `: that is a file, and ${ARTICLES[kind] ?? 'it'} is a folder of them: share the folder that it lies in`
  }
  const looksLike = await kindOfFolder(path)
  const isOther = looksLike === 'skill' || looksLike === 'skill-folder'
  if (isOther && looksLike !== kind) {
    return `: it looks like a ${WORDS[looksLike]}, which --kind ${looksLike} shares`
  }
  return kind === 'volume' || kind === 'model' ? ': no file lies in this folder yet' : ''
}

const ARTICLES: Readonly<Partial<Record<SharedKind, string>>> = {
  volume: 'a volume',
  model: 'a version of a model',
  skill: 'a skill',
}
