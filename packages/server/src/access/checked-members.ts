import { type Page, TableError } from '@spillway/core'

export function isAbsent(found: unknown): found is null | undefined {
  return found === undefined || found === null
}

export function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

export function isNamed(value: unknown): boolean {
  return typeof value === 'object' && value !== null && isText(Reflect.get(value, 'name'))
}

export function pageOf<Item>(
  found: Page<Item>,
  question: string,
  isItem: (item: Item) => boolean = isNamed,
): Page<Item> {
  const { items, next } = (found ?? {}) as Partial<Page<Item>>
  const isPage = Array.isArray(items) && items.every(isItem)
  if (isPage && (next === undefined || isText(next))) return found
  return wrong(question, 'a page: items with names, and next as a text or absent')
}

export const isOptional = (rule: (value: unknown) => boolean) => (value: unknown) =>
  value === undefined || rule(value)
export const isOneOf =
  (...words: readonly unknown[]) =>
  (value: unknown) =>
    words.includes(value)
export const isList = (rule: (value: unknown) => boolean) => (value: unknown) =>
  Array.isArray(value) && value.every(rule)
export type Rules = Readonly<
  Record<string, readonly [rule: (value: unknown) => boolean, expected: string]>
>

/** `above` is where the members are: `source.` */
export function checkMembers(
  found: unknown,
  rules: Rules,
  of: { readonly question: string; readonly expected: string; readonly above?: string },
): asserts found is object {
  const { question, above = '' } = of
  if (typeof found !== 'object' || found === null) return wrong(question, of.expected)
  for (const [key, [holds, expected]] of Object.entries(rules)) {
    const value: unknown = Reflect.get(found, key)
    if (!holds(value)) wrong(question, `${expected} as ${above}${key}, found a ${typeof value}`)
  }
}

export function wrong(question: string, expected: string): never {
  throw new TableError('INTERNAL', `catalog.${question}: expected ${expected}`)
}
