/** JSON text with numbers as other writers spell them: bigints bare, `raw` text untouched, `__proto__` a plain key. */
export type JsonTree =
  | null
  | boolean
  | number
  | bigint
  | string
  | { readonly raw: string }
  | readonly JsonTree[]
  | ReadonlyMap<string, JsonTree>

export function jsonText(value: JsonTree): string {
  if (value instanceof Map) {
    const members = [...value].map(([key, member]) => `${JSON.stringify(key)}:${jsonText(member)}`)
    return `{${members.join(',')}}`
  }
  if (Array.isArray(value)) return `[${value.map(jsonText).join(',')}]`
  if (typeof value === 'bigint') return String(value)
  if (typeof value === 'object' && value !== null && 'raw' in value) return value.raw
  return JSON.stringify(value)
}

/** An object from its members, without those that are absent. */
export function jsonObject(
  members: readonly (readonly [string, JsonTree | undefined])[],
): ReadonlyMap<string, JsonTree> {
  return new Map(members.filter((member): member is [string, JsonTree] => member[1] !== undefined))
}
