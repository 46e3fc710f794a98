import { createHash } from 'node:crypto'
import {
  type AssetFolder,
  fencedStore,
  type ObjectStore,
  type SkillFacts,
  TableError,
} from '@spillway/core'
import { readSkill } from '../skills/read-skill.js'
import type { SkillReading } from '../skills/skill.js'
import { SKILL_KEYS } from '../skills/skill.js'
import { strictSkillFaults } from '../skills/strict-skill.js'

interface Known {
  readonly etag: string
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
  readonly #fresh = new Map<string, { readonly at: number; readonly facts: SkillFacts }>()

  constructor(store: ObjectStore) {
    this.#store = store
  }

  async read(folder: AssetFolder, name: string, signal?: AbortSignal): Promise<SkillFacts> {
    const key = JSON.stringify([folder.location, name])
    const fresh = this.#fresh.get(key)
    if (fresh !== undefined && performance.now() - fresh.at < FRESH_MS) return fresh.facts
    const facts = await this.#readNow(folder, { name, key, signal })
    if (this.#fresh.size >= MAX_KNOWN) this.#fresh.clear()
    this.#fresh.set(key, { at: performance.now(), facts })
    return facts
  }

  async #readNow(
    folder: AssetFolder,
    {
      name,
      key,
      signal,
    }: { readonly name: string; readonly key: string; readonly signal: AbortSignal | undefined },
  ): Promise<SkillFacts> {
    const store = fencedStore(this.#store, folder)
    for (const file of NAMES) {
      const path = folder.location + file
      const meta = await store.head(path, signal)
      if (meta === undefined) continue
      const known = this.#known.get(key)
      if (known !== undefined && known.etag === meta.etag && known.size === meta.size) {
        return known.facts
      }
      if (meta.size > MAX_BYTES) throw tooLong(meta.size, path)
      const found = await store.get(path, { signal })
      if (found === undefined) continue
      const facts = factsOf(readSkill(found.bytes, { path }), { name, path, bytes: found.bytes })
      const { etag, size } = found.meta
      if (this.#known.size >= MAX_KNOWN) this.#known.clear()
      if (etag !== undefined) this.#known.set(key, { etag, size, facts })
      return facts
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

/** Keys that the specification does not know are nobody's business; whatever else it does not allow is not shared. */
function factsOf(
  reading: SkillReading,
  {
    name,
    path,
    bytes,
  }: { readonly name: string; readonly path: string; readonly bytes: Uint8Array },
): SkillFacts {
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
  const { description, license, compatibility, allowedTools, metadata } = reading.skill
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  return { description, license, compatibility, allowedTools, metadata, sha256 }
}
