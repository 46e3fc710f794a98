import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { mlflowRegistry } from '@spillway/assets/node'
import { type ModelRegistry, TableError } from '@spillway/core'
import type { ConfigProblem, SharesConfig } from '@spillway/server'
import { folderUri, locationFromInput } from '@spillway/storage'

/** A registry as a configuration has it. */
export interface RegistrySettings {
  readonly kind: 'mlflow'
  readonly url: string
  readonly token?: string | undefined
  readonly tokenFile?: string | undefined
  readonly username?: string | undefined
  readonly password?: string | undefined
  readonly locations: readonly string[]
  readonly provenance: boolean
}

/** Locations and files absolute: the server does not depend on the folder it was started in. */
export function locatedRegistries<Settings extends RegistrySettings>(
  registries: Readonly<Record<string, Settings>>,
  folder: string,
): Record<string, Settings> {
  const placed = (settings: Settings): Settings => {
    const { locations, tokenFile } = settings
    const below = locations.map(each => folderUri(locationFromInput(each, folder)))
    const file = tokenFile === undefined ? {} : { tokenFile: resolve(folder, tokenFile) }
    return { ...settings, locations: below, ...file }
  }
  return Object.fromEntries(
    Object.entries(registries).map(([name, settings]) => [name, placed(settings)]),
  )
}

/** Models of a registry that is not there. */
export function unknownRegistries(
  { shares = [] }: SharesConfig,
  names: readonly string[],
): readonly ConfigProblem[] {
  return shares.flatMap(({ schemas = [] }, i) =>
    schemas.flatMap(({ models = [] }, j) =>
      models.flatMap(({ name, registry }, k) => {
        if (registry === undefined || names.includes(registry)) return []
        const path = ['shares', i, 'schemas', j, 'models', k, 'registry']
        const message = `model ${name} is in a registry that is not defined under registries`
        return [{ path, at: 'value' as const, message, meant: { written: registry, names } }]
      }),
    ),
  )
}

/** By their names in the configuration. */
export function modelRegistries(
  registries: Readonly<Record<string, RegistrySettings>>,
): ReadonlyMap<string, ModelRegistry> {
  return new Map(
    Object.entries(registries).map(([name, { token, tokenFile, ...settings }]) => [
      name,
      mlflowRegistry({
        ...settings,
        token: tokenFile === undefined ? token : () => tokenIn(tokenFile),
      }),
    ]),
  )
}

/** Read with every request, so that a token is replaced by replacing the file. */
async function tokenIn(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trim()
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw new TableError('STORAGE_UNAVAILABLE', `the token of a registry cannot be read: ${code}`, {
      context: { path },
      retryable: false,
      cause,
    })
  }
}
