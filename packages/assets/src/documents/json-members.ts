import { corrupt, isJsonObject, type JsonObject, type JsonValue, TableError } from '@spillway/core'
import { quotedName } from '../paths/path-fault.js'
import type { JsonPlace } from './strict-json.js'

/** Members of a JSON object that have to be of a kind: whatever is not is `TABLE_CORRUPT` with its place. */
export class JsonMembers {
  readonly object: JsonObject
  readonly #at: string
  readonly #place: JsonPlace

  constructor(value: JsonValue | undefined, place: JsonPlace, at = '') {
    this.#place = place
    this.#at = at
    if (!isJsonObject(value)) throw this.#wrong('an object', value)
    this.object = value
  }

  has(key: string): boolean {
    return Object.hasOwn(this.object, key)
  }

  text(key: string): string {
    const value = this.#member(key)
    if (typeof value !== 'string') throw this.#wrong('a text', value, key)
    return value
  }

  boolean(key: string): boolean {
    const value = this.#member(key)
    if (typeof value !== 'boolean') throw this.#wrong('true or false', value, key)
    return value
  }

  list(key: string): readonly JsonValue[] {
    const value = this.#member(key)
    if (!Array.isArray(value)) throw this.#wrong('a list', value, key)
    return value
  }

  texts(key: string): readonly string[] {
    return this.list(key).map(value => {
      if (typeof value !== 'string') throw this.#wrong('a list of texts', value, key)
      return value
    })
  }

  members(key: string): JsonMembers {
    return new JsonMembers(this.#member(key), this.#place, this.#path(key))
  }

  /** Each member of a list, as an object. */
  each(key: string): readonly JsonMembers[] {
    return this.list(key).map(
      (value, i) => new JsonMembers(value, this.#place, `${this.#path(key)}[${i}]`),
    )
  }

  /** The fault of this object, or of a member of it. */
  fault(reason: string, key?: string): TableError {
    const at = key === undefined ? this.#at : this.#path(key)
    const where = at === '' ? '' : `${at}: `
    return corrupt(this.#place.what, `${where}${reason}`, { path: this.#place.path })
  }

  unsupported(reason: string): TableError {
    const { what, path } = this.#place
    const context = path === undefined ? {} : { path }
    return new TableError('UNSUPPORTED_FEATURE', `${what} ${reason}`, { context })
  }

  #wrong(expected: string, value: JsonValue | undefined, key?: string): TableError {
    return this.fault(`expected ${expected}, found ${kindOf(value)}`, key)
  }

  #member(key: string): JsonValue | undefined {
    return this.has(key) ? this.object[key] : undefined
  }

  #path(key: string): string {
    const name = /^[\w-]+$/.test(key) ? key : quotedName(key)
    return this.#at === '' ? name : `${this.#at}.${name}`
  }
}

function kindOf(value: JsonValue | undefined): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}
