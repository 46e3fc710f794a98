import type { AssetName, AssetScope, Page, PageRequest, SkillFinder } from '@spillway/core'
import { type SharedSkill, TableError } from '@spillway/core'
import type { CheckedConfig } from './config-schema.js'
import { byKey, type Keyed, keyInSchema, pageOf, stableId } from './keyed.js'

type SchemaConfig = CheckedConfig['shares'][number]['schemas'][number]
type FolderConfig = SchemaConfig['skillFolders'][number]

interface IndexedSkill extends Keyed {
  readonly asset: SharedSkill
}

interface SkillsOfSchema {
  readonly name: string
  /** Those that the configuration names, by their lower-case names. */
  readonly named: ReadonlyMap<string, SharedSkill>
  readonly folders: readonly FolderConfig[]
}

export interface SkillPlace {
  readonly share: string
  readonly shareId: string
}

/** Skills of one share: those that are named, and those that its folders hold now. One that is named hides one of its name. */
export class SkillIndex {
  readonly #place: SkillPlace
  readonly #finder: SkillFinder | undefined
  readonly #schemas: readonly SkillsOfSchema[]

  constructor(
    schemas: readonly SchemaConfig[],
    place: SkillPlace,
    finder: SkillFinder | undefined,
  ) {
    this.#place = place
    this.#finder = finder
    this.#schemas = schemas.map(({ name, skills, skillFolders }) => ({
      name,
      named: new Map(skills.map(each => [each.name, namedSkill(each, name, place)])),
      folders: skillFolders,
    }))
    if (finder === undefined && this.#schemas.some(({ folders }) => folders.length > 0)) {
      throw new TableError(
        'INVALID_REQUEST',
        `share ${place.share} has skillFolders, and nothing was given that finds skills in them`,
      )
    }
  }

  /** Undefined where there is no such schema. */
  async page(
    { schema }: AssetScope,
    page: PageRequest,
    signal?: AbortSignal,
  ): Promise<Page<SharedSkill> | undefined> {
    const schemas = schema === undefined ? this.#schemas : this.#schemasOf(schema)
    if (schema !== undefined && schemas.length === 0) return undefined
    const lists = await Promise.all(schemas.map(each => this.#skillsOf(each, signal)))
    const keyOf = (skill: SharedSkill) =>
      schema === undefined ? keyInSchema(skill.schema, skill.name) : skill.name
    const entries: readonly IndexedSkill[] = lists
      .flat()
      .map(asset => ({ key: keyOf(asset), asset }))
      .sort(byKey)
    return pageOf(entries, page, ({ asset }) => asset)
  }

  async find({ schema, name }: AssetName, signal?: AbortSignal): Promise<SharedSkill | undefined> {
    const [found] = this.#schemasOf(schema)
    if (found === undefined) return undefined
    const key = name.toLowerCase()
    const named = found.named.get(key)
    if (named !== undefined || found.folders.length === 0) return named
    return (await this.#skillsOf(found, signal)).find(each => each.name === key)
  }

  #schemasOf(schema: string): readonly SkillsOfSchema[] {
    return this.#schemas.filter(({ name }) => name.toLowerCase() === schema.toLowerCase())
  }

  async #skillsOf(
    { name: schema, named, folders }: SkillsOfSchema,
    signal: AbortSignal | undefined,
  ): Promise<readonly SharedSkill[]> {
    const skills = new Map(named)
    for (const { location: within, accessModes } of folders) {
      for (const { name, location } of await this.#finder!.find(within, signal)) {
        // The first folder that has it: a skill that is put elsewhere later takes the place of none.
        if (skills.has(name)) continue
        const id = stableId('skill', this.#place.share, schema, name)
        skills.set(name, {
          ...{ ...this.#place, schema, name, id, accessModes },
          ...{ location, within },
        })
      }
    }
    return [...skills.values()]
  }
}

function namedSkill(
  { name, id, location, accessModes }: SchemaConfig['skills'][number],
  schema: string,
  place: SkillPlace,
): SharedSkill {
  const own = id ?? stableId('skill', place.share, schema, name)
  return { ...place, schema, name, id: own, accessModes, location }
}

/** Skills of all shares that anybody may read, by the names of share, schema and skill. */
export interface PublicSkills {
  page(page: PageRequest): Page<SharedSkill>
  find(name: AssetName): SharedSkill | undefined
}

export function publicSkills(shares: CheckedConfig['shares']): PublicSkills {
  const entries: readonly IndexedSkill[] = shares
    .flatMap(({ name: share, id: shareId = stableId(share), schemas }) =>
      schemas.flatMap(({ name: schema, skills }) =>
        skills
          .filter(each => each.public)
          .map(each => ({
            key: publicKey({ share, schema, name: each.name }),
            asset: namedSkill(each, schema, { share, shareId }),
          })),
      ),
    )
    .sort(byKey)
  const byName = new Map(entries.map(({ key, asset }) => [key, asset]))
  return {
    page: page => pageOf(entries, page, ({ asset }) => asset),
    find: name => byName.get(publicKey(name)),
  }
}

function publicKey({ share, schema, name }: AssetName): string {
  return `${share.toLowerCase()}\u0000${keyInSchema(schema, name)}`
}
