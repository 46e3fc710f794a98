import { createHash } from 'node:crypto'
import { type AssetFolder, type ObjectStore, type SkillFacts, TableError } from '@spillway/core'
import { readSkill } from '../skills/read-skill.js'
import { SKILL_KEYS } from '../skills/skill.js'
import { strictSkillFaults } from '../skills/strict-skill.js'
import { folderStore } from './folder-store.js'

interface Known {
  /** When it was last looked at, in milliseconds of a monotonic clock. */
  readonly at: number
  readonly etag: string | undefined
  readonly size: number
  readonly facts: SkillFacts
}

/** How long what was read is not looked at again. */
const FRESH_MS = 5000
const MAX_KNOWN = 10_000
const NAMES = ['SKILL.md', 'skill.md']

/** Front matter of skills: looked at again when it is asked for, read again when it has changed. */
export class SkillFiles {
  readonly #store: ObjectStore
  readonly #known = new Map<string, Known>()

  constructor(store: ObjectStore) {
    this.#store = store
  }

  async read(folder: AssetFolder, name: string, signal?: AbortSignal): Promise<SkillFacts> {
    const key = JSON.stringify([folder.location, folder.within, name])
    const known = this.#known.get(key)
    if (known !== undefined && performance.now() - known.at < FRESH_MS) return known.facts
    const found = await this.#readNow(folder, { name, known, signal })
    if (this.#known.size >= MAX_KNOWN) this.#known.clear()
    this.#known.set(key, { ...found, at: performance.now() })
    return found.facts
  }

  async #readNow(
    folder: AssetFolder,
    {
      name,
      known,
      signal,
    }: {
      readonly name: string
      readonly known: Known | undefined
      readonly signal: AbortSignal | undefined
    },
  ): Promise<Omit<Known, 'at'>> {
    const store = folderStore(this.#store, folder)
    for (const file of NAMES) {
      const path = folder.location + file
      const meta = await store.head(path, signal)
      if (meta === undefined) continue
      const { etag, size } = meta
      if (etag !== undefined && known?.etag === etag && known.size === size) return known
      if (size > MAX_BYTES) throw tooLong(size, path)
      // It may have grown since it was looked at.
      const range = { start: 0, end: MAX_BYTES + 1 }
      const found = await store.get(path, { range, signal })
      if (found === undefined) continue
      if (found.meta.size > MAX_BYTES) throw tooLong(found.meta.size, path)
      const facts = skillFacts(found.bytes, { name, path })
      return { etag: found.meta.etag, size: found.meta.size, facts }
    }
    throw new TableError('NOT_FOUND', `the folder of the skill ${name} has no SKILL.md`, {
      context: { path: folder.location },
    })
  }
}

/** An agent reads it whole. */
const MAX_BYTES = 4 * 1024 ** 2

function tooLong(size: number, path: string): TableError {
  return new TableError(
    'UNSUPPORTED_FEATURE',
    `a SKILL.md of ${size} bytes: at most ${MAX_BYTES} are read`,
    { context: { path } },
  )
}

/**
 * What the bytes of a `SKILL.md` say. Keys that the specification does not know are nobody's business; whatever else it does not
 * allow is not shared.
 */
export function skillFacts(
  bytes: Uint8Array,
  { name, path }: { readonly name: string; readonly path: string },
): SkillFacts {
  const reading = readSkill(bytes, { path })
  const faults = strictSkillFaults(reading, name).filter(
    ({ field }) => field === 'file' || SKILL_KEYS.has(field),
  )
  if (faults.length > 0) {
    const list = faults.map(({ field, message }) => `${field}: ${message}`).join('; ')
    throw new TableError(
      'TABLE_CORRUPT',
      `the SKILL.md of ${name} is not as agentskills.io has it: ${list}`,
      { context: { path } },
    )
  }
  const { description, license, compatibility, allowedTools, metadata, frontMatter } = reading.skill
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  return { description, license, compatibility, allowedTools, metadata, sha256, frontMatter }
}
