import { TableError } from '@spillway/core'

/**
 * What code of others gave, as what JSON can say of it, read once. Whatever JSON would leave out or put otherwise is
 * refused: equal texts then mean equal values, and a rule that somebody gave as a function is never a rule that is not there.
 */
export function plainCopy(value: unknown, path = ''): unknown {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'number' && Number.isFinite(value)) return value
  if (Array.isArray(value)) return Array.from(value, (each, i) => plainCopy(each, `${path}[${i}]`))
  if (typeof value !== 'object' || !isPlain(value)) {
    throw new TableError('INTERNAL', `${path === '' ? '' : `${path}: `}found ${kindOf(value)}`)
  }
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, each]) => each !== undefined)
      .map(([key, each]) => [key, plainCopy(each, path === '' ? key : `${path}.${key}`)]),
  )
}

/** Instances of classes are, with what they hold; but not what says otherwise of itself, or holds it out of sight. */
function isPlain(value: object): boolean {
  return !('toJSON' in value) && Object.prototype.toString.call(value) === '[object Object]'
}

/** For sentences: what it is, and never what it says. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (typeof value === 'number') return `the number ${value}`
  if (typeof value !== 'object') return `a ${typeof value}`
  const { name } = value.constructor ?? {}
  return typeof name === 'string' && name !== '' && name !== 'Object' ? `a ${name}` : 'an object'
}
