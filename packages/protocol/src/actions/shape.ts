import type { JsonValue } from '@spillway/core'
import { isObject, type JsonObject } from './lenient-body.js'

/** What a member may hold. Alone here, types are given to what a server wrote. */
export interface Kind<T> {
  /** With its article, as sentences have it: `a string`. */
  readonly expected: string
  readonly accepts: (value: JsonValue) => value is JsonValue & T
  /** Where within a value that is not accepted the fault lies, if not in all of it. */
  readonly faultIn?: (value: JsonValue, place: string) => Fault | undefined
  /** Those of an object whose members are known; the others may hold anything. */
  readonly members?: readonly (Member<unknown> & { readonly name: string })[]
}

interface Member<T> {
  readonly kind: Kind<T>
  readonly optional: boolean
  /** True where no row depends on it: one that holds something else is taken for absent. */
  readonly informative?: boolean
}

type KnownMembers = NonNullable<Kind<unknown>['members']>

/** The members of `T`, none left out: required ones by their kind, the others as `optional` or `informative` make them. */
export type Members<T> = {
  readonly [Key in keyof T]-?: object extends Pick<T, Key>
    ? Member<Exclude<T[Key], undefined>> & { readonly optional: true }
    : Kind<T[Key]>
}

/** What is wrong with a value, and where: `file.size`. */
export class Fault {
  constructor(
    readonly place: string,
    readonly expected: string,
    readonly found: string,
  ) {}

  get reason(): string {
    return `${this.place} must be ${this.expected}, found ${this.found}`
  }
}

export function optional<T>(kind: Kind<T>): Member<T> & { readonly optional: true } {
  return { kind, optional: true }
}

export function informative<T>(kind: Kind<T>): Member<T> & { readonly optional: true } {
  return { kind, optional: true, informative: true }
}

/** A value as `shape` has it, without what is only informative and of another kind; or what is wrong with it. */
export function readAs<T>(
  value: JsonValue,
  shape: Kind<T>,
  place: string,
): (JsonValue & T) | Fault {
  if (shape.accepts(value)) return value
  const rest = withoutMisfits(value, shape)
  return shape.accepts(rest) ? rest : faultAt(rest, shape, place)
}

function withoutMisfits(value: JsonValue, { members = [] }: Kind<unknown>): JsonValue {
  if (!isObject(value)) return value
  const kept: Record<string, JsonValue> = { ...value }
  for (const { name, kind, informative } of members) {
    const member = value[name]
    if (member === undefined) continue
    const rest = withoutMisfits(member, kind)
    if (informative && !kind.accepts(rest)) delete kept[name]
    else kept[name] = rest
  }
  return kept
}

export function shape<T>(given: Members<T>): Kind<T> {
  const members = Object.entries<Kind<unknown> | Member<unknown>>(given).map(([name, member]) =>
    'kind' in member ? { ...member, name } : { kind: member, optional: false, name },
  )
  return {
    expected: 'an object',
    members,
    accepts: (value): value is JsonValue & T => isObject(value) && conforms(value, members),
    faultIn: (value, place) => (isObject(value) ? faultOf(value, members, place) : undefined),
  }
}

function conforms(object: JsonObject, members: KnownMembers): boolean {
  for (let i = 0; i < members.length; i++) {
    const { name, kind, optional } = members[i]!
    const value = object[name]
    if (value === undefined ? !optional : !kind.accepts(value)) return false
  }
  return true
}

function faultOf(object: JsonObject, members: KnownMembers, place: string): Fault | undefined {
  for (const { name, kind, optional } of members) {
    const value = object[name]
    if (value === undefined ? optional : kind.accepts(value)) continue
    return faultAt(value, kind, `${place}.${name}`)
  }
  return undefined
}

/** What is wrong with a value that `kind` does not accept. */
function faultAt(
  value: JsonValue | undefined,
  { expected, faultIn }: Kind<unknown>,
  place: string,
): Fault {
  const inner = value === undefined ? undefined : faultIn?.(value, place)
  return inner ?? new Fault(place, expected, found(value))
}

/** Strings are not repeated, but for numbers in them: a signed URL is a secret. */
function found(value: JsonValue | undefined): string {
  if (value === undefined) return 'nothing'
  if (Array.isArray(value)) return 'an array'
  if (isObject(value)) return 'an object'
  if (typeof value !== 'string') return String(value).slice(0, MOST_DIGITS)
  return /^[-+0-9.eE]+$/.test(value) ? `the string ${value.slice(0, MOST_DIGITS)}` : 'a string'
}

const MOST_DIGITS = 40

export const STRING: Kind<string> = {
  expected: 'a string',
  accepts: value => typeof value === 'string',
}

export const BOOLEAN: Kind<boolean> = {
  expected: 'a boolean',
  accepts: value => typeof value === 'boolean',
}

export const INTEGER: Kind<number | bigint> = {
  expected: 'an integer',
  accepts: (value): value is number | bigint =>
    typeof value === 'bigint' || Number.isSafeInteger(value),
}

/** A moment that a clock with fractions of a millisecond gave is one, too. */
export const MILLISECONDS: Kind<number | bigint> = {
  expected: 'a number of milliseconds',
  accepts: (value): value is number | bigint => typeof value === 'bigint' || Number.isFinite(value),
}

export const OBJECT: Kind<JsonObject> = { expected: 'an object', accepts: isObject }

export const ANYTHING: Kind<unknown> = {
  expected: 'anything',
  accepts: (value): value is JsonValue => value !== undefined,
}

export function listOf<T>(item: Kind<T>): Kind<readonly T[]> {
  return {
    expected: 'an array',
    accepts: (value): value is JsonValue & readonly T[] =>
      Array.isArray(value) && value.every(item.accepts),
    faultIn(value, place) {
      if (!Array.isArray(value)) return undefined
      const at = value.findIndex(each => !item.accepts(each))
      return faultAt(value[at], item, `${place}[${at}]`)
    },
  }
}

/** An object whose names are the table's: each value is of one kind. */
export function mapOf<T>(member: Kind<T>): Kind<Readonly<Record<string, T>>> {
  return {
    expected: 'an object',
    accepts(value): value is JsonValue & Readonly<Record<string, T>> {
      if (!isObject(value)) return false
      for (const name in value) if (!member.accepts(value[name]!)) return false
      return true
    },
    faultIn(value, place) {
      if (!isObject(value)) return undefined
      const bad = Object.entries(value).find(([, each]) => !member.accepts(each))
      return bad && faultAt(bad[1], member, `${place}${memberText(bad[0])}`)
    },
  }
}

const MOST_NAME = 100

/** A name that a server made up is quoted, so that it does not pass for words of the message. */
function memberText(name: string): string {
  return /^\w{1,100}$/.test(name) ? `.${name}` : `[${JSON.stringify(name.slice(0, MOST_NAME))}]`
}

export function orNull<T>({ expected, accepts }: Kind<T>): Kind<T | null> {
  return {
    expected: `${expected} or null`,
    accepts: (value): value is JsonValue & (T | null) => value === null || accepts(value),
  }
}
