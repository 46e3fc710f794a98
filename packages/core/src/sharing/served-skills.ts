import type { JsonObject } from '../json/parse-json.js'
import type { AssetName } from './asset-catalog.js'
import type { SkillFile } from './asset-files.js'

/** A skill as agents are served it. */
export interface ServedSkill extends AssetName {
  /** Of its `SKILL.md`, as JSON has it. */
  readonly frontMatter: JsonObject
  /** Every file, `SKILL.md` among them. */
  readonly files: readonly SkillFile[]
}

/** The skills that somebody may see, whole. What `list` leaves out is what agents would not take. */
export interface ServedSkills {
  list(
    cursor?: string,
  ): Promise<{ readonly skills: readonly ServedSkill[]; readonly next?: string }>
  /** Undefined for what is not there. */
  get(name: AssetName): Promise<ServedSkill | undefined>
  /** A file of a skill, as it is listed; throws where it is longer than is sent at once. */
  read(name: AssetName, path: string): Promise<Uint8Array | undefined>
}
