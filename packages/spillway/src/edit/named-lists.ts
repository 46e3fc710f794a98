import { TableError } from '@spillway/core'
import { type Document, isMap, isScalar, isSeq, type YAMLMap, YAMLSeq } from 'yaml'
import { didYouMean } from '../recipient/nearest.js'

/** The list behind `key`, made where there is none. One that is empty is left in its brackets where its items are short. */
export function listIn(
  map: Document | YAMLMap,
  key: string,
  { short = false }: { readonly short?: boolean } = {},
): YAMLSeq {
  const found: unknown = map.get(key)
  if (isSeq(found)) {
    if (found.items.length === 0) found.flow = short
    return found
  }
  const made = new YAMLSeq()
  made.flow = short
  // Also in place of nothing: `key:` with an empty value.
  map.set(key, made)
  return made
}

export function mapsIn(list: unknown): readonly YAMLMap[] {
  return isSeq(list) ? list.items.filter((item): item is YAMLMap => isMap(item)) : []
}

export function findNamed(list: unknown, name: string): YAMLMap | undefined {
  return mapsIn(list).find(item => sameName(nameOf(item), name))
}

export function nameOf(item: YAMLMap): string {
  return String(item.get('name'))
}

export function sameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}

/** False where there is none of that name. */
export function dropNamed(list: unknown, name: string): boolean {
  const found = findNamed(list, name)
  if (found === undefined) return false
  const { items } = list as YAMLSeq
  items.splice(items.indexOf(found), 1)
  return true
}

export function textsIn(list: unknown): readonly string[] {
  return isSeq(list) ? list.items.map(item => String(isScalar(item) ? item.value : item)) : []
}

/** False where the text was not in the list. */
export function dropText(list: unknown, text: string): boolean {
  if (!isSeq(list)) return false
  const texts = textsIn(list)
  const kept = list.items.filter((_, i) => !sameName(texts[i]!, text))
  const dropped = kept.length < list.items.length
  list.items = kept
  return dropped
}

/** What has to be there and is not, with what may have been meant. */
export function notThere(what: string, name: string, names: readonly string[]): TableError {
  const near = didYouMean(name, names)
  const others =
    near === '' && names.length > 0 && names.length < 10 ? `; there is ${names.join(', ')}` : near
  return new TableError('NOT_FOUND', `the configuration has no ${what} ${name}${others}`)
}
