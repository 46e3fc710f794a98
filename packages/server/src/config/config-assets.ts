import type {
  AssetCatalog,
  AssetName,
  AssetScope,
  PageRequest,
  Recipient,
  SharedAsset,
  SharedModel,
  SharedModelVersion,
  SharedVolume,
} from '@spillway/core'
import { type ModelRegistry, type SkillFinder, TableError } from '@spillway/core'
import type { CheckedConfig } from './config-schema.js'
import { type PublicSkills, SkillIndex } from './config-skills.js'
import { byKey, type Keyed, keyInSchema, pageOf, stableId } from './keyed.js'

type SchemaConfig = CheckedConfig['shares'][number]['schemas'][number]
type ModelConfig = SchemaConfig['models'][number]

/** The assets of one share. */
export interface IndexedAssets {
  readonly volumes: AssetIndex<SharedVolume>
  readonly skills: SkillIndex
  readonly models: AssetIndex<SharedModel, ModelRegistry>
}

interface Indexed<Asset, More> extends Keyed {
  readonly asset: Asset
  readonly more: More
}

/** Assets of one kind, by share, by schema and by name. */
class AssetIndex<Asset extends SharedAsset, More = undefined> {
  readonly #all: readonly Indexed<Asset, More>[]
  readonly #bySchema = new Map<string, Indexed<Asset, More>[]>()
  readonly #byName = new Map<string, Indexed<Asset, More>>()

  constructor(schemas: readonly string[], assets: readonly { asset: Asset; more: More }[]) {
    for (const schema of schemas) this.#bySchema.set(schema.toLowerCase(), [])
    this.#all = assets
      .map(each => ({ ...each, key: keyInSchema(each.asset.schema, each.asset.name) }))
      .sort(byKey)
    for (const each of this.#all) {
      const { schema, name } = each.asset
      this.#byName.set(each.key, each)
      this.#bySchema.get(schema.toLowerCase())?.push({ ...each, key: name.toLowerCase() })
    }
  }

  page({ schema }: AssetScope, page: PageRequest) {
    const entries = schema === undefined ? this.#all : this.#bySchema.get(schema.toLowerCase())
    return entries && pageOf(entries, page, ({ asset }) => asset)
  }

  find({ schema, name }: AssetName): Indexed<Asset, More> | undefined {
    return this.#byName.get(keyInSchema(schema, name))
  }
}

/** What stands outside a configuration and is named in it. */
export interface AssetSources {
  readonly registries: Registries
  /** Absent: no folder may be shared as one of skills. */
  readonly skills?: SkillFinder | undefined
}

/** What a share of the configuration holds beside tables. */
export function indexAssets(
  schemas: readonly SchemaConfig[],
  place: { readonly share: string; readonly shareId: string },
  { registries, skills }: AssetSources,
): IndexedAssets {
  const names = schemas.map(({ name }) => name)
  const facts = (kind: string, schema: string, { name, id, accessModes }: AssetFacts) => ({
    ...place,
    schema,
    name,
    id: id ?? stableId(kind, place.share, schema, name),
    accessModes,
  })
  return {
    volumes: new AssetIndex(
      names,
      schemas.flatMap(schema =>
        schema.volumes.map(config => ({
          asset: { ...facts('volume', schema.name, config), location: config.location },
          more: undefined,
        })),
      ),
    ),
    skills: new SkillIndex(schemas, place, skills),
    models: new AssetIndex(
      names,
      schemas.flatMap(schema =>
        schema.models.map(config => ({
          asset: { ...facts('model', schema.name, config), comment: config.comment },
          more: versionsOf(config, [place.share, schema.name, config.name], registries),
        })),
      ),
    ),
  }
}

interface AssetFacts {
  readonly name: string
  readonly id?: string | undefined
  readonly accessModes?: ('url' | 'dir')[] | undefined
}

/** By their names in the configuration. */
type Registries = ReadonlyMap<string, ModelRegistry>

/** Where the versions of a model are; what a registry calls it stands for whatever it is asked by. */
function versionsOf(
  { name, registry, registeredName = name, versions }: ModelConfig,
  names: readonly string[],
  registries: Registries,
): ModelRegistry {
  if (registry === undefined) return writtenVersions(versions, names)
  const found = registries.get(registry)
  if (found === undefined) {
    throw new TableError(
      'INVALID_REQUEST',
      `model ${name} is in registry ${registry}, which is not among those that were given`,
    )
  }
  return {
    listVersions: (_, page, signal) => found.listVersions(registeredName, page, signal),
    version: (_, wanted, signal) => found.version(registeredName, wanted, signal),
  }
}

/** Versions as they stand in the configuration. */
function writtenVersions(
  written: ModelConfig['versions'],
  names: readonly string[],
): ModelRegistry {
  const entries = written
    .map(config => {
      const { version, id = stableId('model', ...names, String(version)) } = config
      return { key: versionKey(version), version: { ...config, id } as SharedModelVersion }
    })
    .sort(byKey)
  return {
    async listVersions(_, { after, maxResults }) {
      const from = after === undefined ? {} : { after: versionKey(Number(after)) }
      const { items, next } = pageOf(entries, { ...from, maxResults }, ({ version }) => version)
      return next === undefined ? { items } : { items, next: String(Number(next)) }
    },
    async version(_, wanted) {
      const alias = typeof wanted === 'number' ? undefined : wanted.alias.toLowerCase()
      return entries.find(({ version: { version, aliases = [] } }) =>
        alias === undefined
          ? version === wanted
          : aliases.some(each => each.toLowerCase() === alias),
      )?.version
    },
  }
}

/** Numbers as texts in the order of numbers. */
function versionKey(version: number): string {
  return String(version).padStart(16, '0')
}

/** The catalog of assets of a configuration; `granted` finds those of a share, where it is the recipient's. */
export function assetsOf(
  granted: (recipient: Recipient, share: string) => IndexedAssets | undefined,
  openToAll: () => PublicSkills,
): AssetCatalog {
  const models = (recipient: Recipient, name: AssetName) =>
    granted(recipient, name.share)?.models.find(name)
  return {
    async listVolumes(recipient, scope, page) {
      return granted(recipient, scope.share)?.volumes.page(scope, page)
    },
    async volume(recipient, name) {
      return granted(recipient, name.share)?.volumes.find(name)?.asset
    },
    async listSkills(recipient, scope, page, signal) {
      return granted(recipient, scope.share)?.skills.page(scope, page, signal)
    },
    async skill(recipient, name, signal) {
      return granted(recipient, name.share)?.skills.find(name, signal)
    },
    listPublicSkills: async page => openToAll().page(page),
    publicSkill: async name => openToAll().find(name),
    async listModels(recipient, scope, page) {
      return granted(recipient, scope.share)?.models.page(scope, page)
    },
    async model(recipient, name) {
      return models(recipient, name)?.asset
    },
    async listModelVersions(recipient, name, page, signal) {
      return models(recipient, name)?.more.listVersions(name.name, page, signal)
    },
    async modelVersion(recipient, name, wanted, signal) {
      return models(recipient, name)?.more.version(name.name, wanted, signal)
    },
  }
}
