import { type Document, isMap, type YAMLMap } from 'yaml'
import { dropAlias } from './dropped.js'
import { listIn, mapsIn, sameName, textsIn } from './named-lists.js'
import { addLikeOthers, addShared, findShared, type SharedName } from './shares.js'

/** A version as it is to stand in a configuration. */
export interface NewVersion {
  readonly version: number
  readonly location: string
  readonly aliases: readonly string[]
}

/** An alias, and the version that it led to before. */
export interface MovedAlias {
  readonly alias: string
  /** Absent where nothing had the alias. */
  readonly from?: number
}

/** Adds a version to a model, which is made where it is new. The number must be free. */
export function addModelVersion(
  document: Document,
  name: SharedName,
  { version, more = {} }: { readonly version: NewVersion; readonly more?: object },
): readonly MovedAlias[] {
  const { version: number, location, aliases } = version
  const model = findShared(document, 'model', name)
  if (model === undefined) {
    const entry = { name: name.name, ...more, versions: [written(version)] }
    addShared(document, { kind: 'model', ...name }, entry)
    const added = findShared(document, 'model', name)!
    for (const each of mapsIn(added.get('versions'))) shortAliases(each)
    return aliases.map(alias => ({ alias }))
  }
  const moved = aliases.map(alias => movedFrom(model, alias))
  addLikeOthers(document, model, {
    list: 'versions',
    entry: written({ version: number, location, aliases }),
  })
  shortAliases(mapsIn(model.get('versions')).at(-1)!)
  return moved
}

/** Lets aliases lead to a version that is there; those that did already are not told. */
export function moveAliases(
  document: Document,
  name: SharedName,
  { version, aliases }: Pick<NewVersion, 'version' | 'aliases'>,
): readonly MovedAlias[] {
  const model = findShared(document, 'model', name)
  const own = model && versionsIn(model).find(each => Number(each.get('version')) === version)
  if (model === undefined || own === undefined) return []
  const there = textsIn(own.get('aliases'))
  const wanted = aliases.filter(alias => !there.some(each => sameName(each, alias)))
  const moved = wanted.map(alias => movedFrom(model, alias))
  for (const alias of wanted) {
    listIn(own, 'aliases', { short: true }).add(document.createNode(alias))
  }
  return moved
}

function written({ version, location, aliases }: NewVersion): Readonly<Record<string, unknown>> {
  return { version, location, ...(aliases.length > 0 && { aliases }) }
}

function shortAliases(version: YAMLMap): void {
  const list: unknown = version.get('aliases')
  if (list !== undefined) listIn(version, 'aliases').flow = true
}

/** Takes the alias from whichever version has it. */
function movedFrom(model: YAMLMap, alias: string): MovedAlias {
  for (const version of versionsIn(model)) {
    if (dropAlias(version, alias)) return { alias, from: Number(version.get('version')) }
  }
  return { alias }
}

function versionsIn(model: YAMLMap): readonly YAMLMap[] {
  return mapsIn(model.get('versions')).filter(each => isMap(each))
}
