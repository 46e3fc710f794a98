import { TableError } from '@spillway/core'

/** The value of an option that takes an integer. */
export function integerOf(option: string, text: string | undefined): bigint | undefined {
  if (text === undefined) return undefined
  if (/^-?\d{1,40}$/.test(text)) return BigInt(text)
  throw new TableError('INVALID_REQUEST', `${option} expects an integer, found ${text}`)
}
