/** A skill that lies in a folder of skills. */
export interface FoundSkill {
  /** Of its folder, which is the skill's. */
  readonly name: string
  /** With its last slash. */
  readonly location: string
}

/** Finds the skills of a folder that is shared whole: each folder in it that is a skill, by its name. */
export interface SkillFinder {
  /** As they are now, or were a moment ago, in the order of their names. What is no skill is left out. */
  find(location: string, signal?: AbortSignal): Promise<readonly FoundSkill[]>
}
