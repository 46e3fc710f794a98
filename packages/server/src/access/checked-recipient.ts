import { type Recipient, TableError } from '@spillway/core'

/** Somebody with a name and an id, which nobody who is told of them can change; anything else opens nothing. */
export function checkedRecipient(found: unknown, question: string): Recipient {
  const { id, name } = found as Partial<Recipient>
  if (isText(id) && isText(name)) return Object.freeze({ id, name })
  throw new TableError(
    'INTERNAL',
    `${question}: expected a recipient with texts as id and name, or undefined, found ${kindOf(found)}`,
  )
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= 255
}

function kindOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return `a ${typeof value}`
  return `an object of ${Object.keys(value).slice(0, 10).join(', ') || 'nothing'}`
}
