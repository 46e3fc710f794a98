import { ExactNumber, type JsonValue } from '@spillway/encoding'

/** One line of JSON. Numbers that were read exactly are written as they were read. */
export function jsonText(value: JsonValue | undefined): string {
  if (value === undefined || value === null) return 'null'
  if (typeof value === 'bigint') return value.toString()
  if (value instanceof ExactNumber) return value.text
  if (typeof value !== 'object') return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(jsonText).join(',')}]`
  const parts: string[] = []
  for (const [key, part] of Object.entries(value)) {
    if (part !== undefined) parts.push(`${JSON.stringify(key)}:${jsonText(part)}`)
  }
  return `{${parts.join(',')}}`
}

/** An integer as the contract has it: a number where a double holds it, else its digits as text. */
export function integerJson(value: bigint): number | string {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value.toString()
}
