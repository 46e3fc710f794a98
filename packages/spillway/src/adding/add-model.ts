import { TableError } from '@spillway/core'
import type { Document } from 'yaml'
import type { ServeConfig } from '../configuration/config.js'
import { addModelVersion, moveAliases } from '../edit/model-versions.js'
import { sameName } from '../edit/named-lists.js'
import { nameFor, nameFromLocation, versionIn } from '../edit/share-names.js'
import { listed } from '../edit/shared-kinds.js'
import { addShared, fullName, type SharedName, sharedNameOf } from '../edit/shares.js'
import { readableAsset, readableModel } from '../readable/readable-asset.js'
import { formatCount } from '../terminal/format-table.js'
import { type Addition, type Made, type Place, schemaOf, taken, withHint } from './addition.js'
import { foundText } from './found-text.js'

interface ModelOptions {
  /** `--name` */
  readonly given: string | undefined
}

export interface VersionOptions extends ModelOptions {
  readonly place: Place
  /** The number in the name of the folder, or 1 of a new model, unless given. */
  readonly version?: number | undefined
  readonly aliases: readonly string[]
  readonly digests?: boolean | undefined
}

/** A version of a model: a folder. Its aliases lead to it afterwards, wherever they led before. */
export function versionAddition({
  place,
  given,
  aliases,
  digests,
  ...options
}: VersionOptions): Addition {
  const numbered = (name: SharedName, config: ServeConfig): number => {
    const written = options.version ?? versionIn(place.said)
    if (written !== undefined) return written
    const { versions = [] } = modelIn(config, name) ?? {}
    // What is there already is found by where it lies.
    const same = versions.find(({ location }) => location === place.uri)
    if (same !== undefined || versions.length === 0) return same?.version ?? 1
    throw noNumber(fullName(name), versions)
  }
  return {
    edit(document, config) {
      const guess = () => nameFromLocation(place.said, 'model')
      const name = nameFor(document, { kind: 'model', given, guess })
      const model = modelIn(config, name)
      const version = numbered(name, config)
      const text = `${fullName(name)}@${version}`
      if (model?.registry !== undefined) {
        throw taken(fullName(name), `with the versions of registry ${model.registry}`)
      }
      if (model !== undefined && digests === true && model.digests !== true) {
        throw taken(fullName(name), 'without digests')
      }
      const there = model?.versions?.find(each => each.version === version)
      if (there !== undefined && there.location !== place.uri)
        throw otherVersion(text, there.location)
      const entry = { version, location: place.written, aliases }
      const more = digests === true ? { digests } : {}
      const moved =
        there === undefined
          ? addModelVersion(document, name, { version: entry, more })
          : moveAliases(document, name, entry)
      const facts = { location: place.written, version, aliases: [...aliases] }
      return { ...name, name: text, isNew: there === undefined, moved, facts }
    },
    read: (config, made, time) =>
      withHint('model', place, async () => {
        const { name, version } = versionOf(made)
        const { accessModes = ['url'] } = modelIn(config, name) ?? {}
        const folder = { kind: 'model', ...name, version } as const
        const isByCredentials = !accessModes.includes('url')
        const target = { folder, location: place.uri, isByCredentials }
        const { leftOut, ...facts } = await readableAsset(config, target, time)
        const text = `version of a model, ${foundText(facts)}`
        return { facts: { kind: 'model', ...facts }, text, leftOut }
      }),
  }
}

export interface RegistryOptions extends ModelOptions {
  readonly registry: string
  /** What the registry calls it, where that is another name. */
  readonly registeredName?: string | undefined
}

/** A model whose versions are those of a registry of the configuration. */
export function registryAddition({ given, registry, registeredName }: RegistryOptions): Addition {
  const guess = () => {
    if (registeredName !== undefined) return nameFromLocation(registeredName, 'model')
    const message = 'a registry says no name: give --name share.schema.model, or --registered-name'
    throw new TableError('INVALID_REQUEST', message)
  }
  return {
    edit(document: Document, config: ServeConfig) {
      const name = nameFor(document, { kind: 'model', given, guess })
      const there = modelIn(config, name)
      if (there !== undefined && there.registry !== registry) {
        throw taken(
          fullName(name),
          there.registry === undefined
            ? 'with versions of its own'
            : `from registry ${there.registry}`,
        )
      }
      const called = registeredName ?? name.name
      if (there !== undefined && (there.registeredName ?? there.name) !== called) {
        throw taken(
          fullName(name),
          `as ${there.registeredName ?? there.name} of registry ${registry}`,
        )
      }
      const isOther = registeredName !== undefined && registeredName !== name.name
      const entry = { name: name.name, registry, ...(isOther && { registeredName }) }
      if (there === undefined) addShared(document, { kind: 'model', ...name }, entry)
      const { share, schema } = name
      const facts = { registry, registeredName: called }
      return { share, schema, name: fullName(name), isNew: there === undefined, moved: [], facts }
    },
    async read(config, made, time) {
      const { leftOut, ...facts } = await readableModel(config, sharedNameOf(made.name)!, time)
      const text = `model, ${formatCount(facts.versions, 'version')}; of the newest ${foundText(facts)}`
      return { facts: { kind: 'model', ...facts }, text, leftOut }
    },
  }
}

function modelIn(config: ServeConfig, name: SharedName) {
  return schemaOf(config, name)?.models?.find(each => sameName(each.name, name.name))
}

function versionOf(made: Made): { readonly name: SharedName; readonly version: number } {
  const at = made.name.lastIndexOf('@')
  return { name: sharedNameOf(made.name.slice(0, at))!, version: Number(made.name.slice(at + 1)) }
}

function noNumber(name: string, versions: readonly { readonly version: number }[]): TableError {
  const numbers = versions.map(({ version }) => version).sort((a, b) => a - b)
  return new TableError(
    'INVALID_REQUEST',
    `expected --version: the folder is called by no number, and ${name} has ${numbers.length === 1 ? 'version' : 'versions'} ${listed(numbers.map(String))}; ${numbers.at(-1)! + 1} would be the next`,
  )
}

/** Whoever has fetched a version has its bytes: another folder is another version. */
function otherVersion(name: string, location: string): TableError {
  return new TableError(
    'INVALID_REQUEST',
    `${name} is shared already, from ${location}: give another --version, or \`spillway share remove ${name}\` first`,
  )
}
