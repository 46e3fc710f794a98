import { type CredentialVendor, isTableError } from '@spillway/core'
import { type ConfigProblem, foundValue, type SharesConfig } from '@spillway/server'
import { folderUri, locationFromInput } from '@spillway/storage'

type ShareConfig = NonNullable<SharesConfig['shares']>[number]
type SchemaConfig = NonNullable<ShareConfig['schemas']>[number]
type Path = ConfigProblem['path']

/** A folder that an asset names, and where it stands in the configuration. */
interface NamedFolder {
  readonly kind: 'volume' | 'model' | 'skill' | 'folder of skills'
  readonly name: string
  readonly location: string
  readonly accessModes: readonly ('url' | 'dir')[] | undefined
  readonly digests: boolean | undefined
  /** Of the asset. */
  readonly path: Path
}

/** A schema whose assets have absolute folders, each with its last slash; what is no folder is a problem. */
export function locatedAssets(
  schema: SchemaConfig,
  {
    path,
    folder,
    problems,
  }: { readonly path: Path; readonly folder: string; readonly problems: ConfigProblem[] },
): Pick<SchemaConfig, 'volumes' | 'models' | 'skills' | 'skillFolders'> {
  const { volumes = [], models = [], skills = [], skillFolders = [] } = schema
  const placed = <Each extends { readonly location: string }>(each: Each, at: Path): Each => {
    try {
      return { ...each, location: folderUri(locationFromInput(each.location, folder)) }
    } catch (error) {
      if (!isTableError(error)) throw error
      const place = [...path, ...at, 'location']
      const message = `expected a folder, or s3://bucket/path, found ${foundValue(each.location, place)}`
      problems.push({ path: place, at: 'value', message })
      return each
    }
  }
  return {
    volumes: volumes.map((each, i) => placed(each, ['volumes', i])),
    skills: skills.map((each, i) => placed(each, ['skills', i])),
    skillFolders: skillFolders.map((each, i) => placed(each, ['skillFolders', i])),
    models: models.map((model, i) => ({
      ...model,
      versions: (model.versions ?? []).map((each, j) => placed(each, ['models', i, 'versions', j])),
    })),
  }
}

/** Every folder of every asset. */
export function assetFolders({ shares = [] }: SharesConfig): readonly NamedFolder[] {
  return shares.flatMap(({ schemas = [] }, i) =>
    schemas.flatMap(({ volumes = [], models = [], skills = [], skillFolders = [] }, j) => {
      const path = ['shares', i, 'schemas', j]
      const plain = (kind: 'volume' | 'skill', list: typeof volumes) =>
        list.map(({ name, location, accessModes, digests }, k) => ({
          ...{ kind, name, location, accessModes, digests },
          path: [...path, `${kind}s`, k],
        }))
      return [
        ...plain('volume', volumes),
        ...plain('skill', skills),
        ...skillFolders.map(({ location, accessModes, digests }, k) => ({
          ...{ kind: 'folder of skills' as const, name: location, location, accessModes, digests },
          path: [...path, 'skillFolders', k],
        })),
        ...models.flatMap(({ name, versions = [], accessModes, digests }, k) =>
          versions.map(({ location }) => ({
            ...{ kind: 'model' as const, name, location, accessModes, digests },
            path: [...path, 'models', k],
          })),
        ),
      ]
    }),
  )
}

/** Assets that are offered by credentials which nobody can give. */
export function unvendedAssets(
  shares: SharesConfig,
  vendors: readonly CredentialVendor[],
): readonly ConfigProblem[] {
  return assetFolders(shares)
    .filter(({ accessModes, location }) =>
      accessModes?.includes('dir') ? !vendors.some(vendor => vendor.covers(location)) : false,
    )
    .map(({ kind, name, location, path }) => ({
      path: [...path, 'accessModes'],
      at: 'value' as const,
      message: `${kind} ${name} is shared by dir access, but no entry of storage.vending gives credentials for ${location}`,
    }))
}

/** Digests that would be made anew at every start. */
export function statelessDigests({ shares = [] }: SharesConfig): readonly ConfigProblem[] {
  return shares.flatMap(({ schemas = [] }, i) =>
    schemas.flatMap((schema, j) => {
      const { volumes = [], models = [], skills = [], skillFolders = [] } = schema
      const named = { volumes, models, skills }
      const folders = skillFolders.map(({ location, digests }) => ({ name: location, digests }))
      return Object.entries({ ...named, skillFolders: folders }).flatMap(([kind, list]) =>
        list.flatMap(({ name, digests }, k) => {
          if (digests !== true) return []
          const path = ['shares', i, 'schemas', j, kind, k, 'digests']
          const what = kind === 'skillFolders' ? 'folder of skills' : kind.slice(0, -1)
          const message = `digests of ${what} ${name} are kept in state.location, which is not set; \`state: { location: .spillway-state }\` sets it`
          return [{ path, at: 'value' as const, message }]
        }),
      )
    }),
  )
}
