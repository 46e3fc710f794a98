import { TableError } from '@spillway/core'

/** Properties of a table as values of the types that they are to have; blank ones count as absent. */
export class PropertyReader {
  readonly #properties: ReadonlyMap<string, string>
  readonly #path: string

  constructor(properties: ReadonlyMap<string, string>, path: string) {
    this.#properties = properties
    this.#path = path
  }

  text(key: string): string | undefined {
    const value = this.#properties.get(key)?.trim()
    return value === '' ? undefined : value
  }

  required(key: string): string {
    const value = this.text(key)
    if (value === undefined) throw this.invalid(key, 'a value', value)
    return value
  }

  integer(key: string, absent: number): number {
    const value = this.text(key)
    if (value === undefined) return absent
    if (!/^\d{1,9}$/.test(value)) throw this.invalid(key, 'a number', value)
    return Number(value)
  }

  boolean(key: string, absent: boolean): boolean {
    const value = this.text(key)?.toLowerCase()
    if (value === undefined) return absent
    if (value !== 'true' && value !== 'false') throw this.invalid(key, 'true or false', value)
    return value === 'true'
  }

  list(key: string): readonly string[] {
    return (this.text(key) ?? '')
      .split(',')
      .map(item => item.trim())
      .filter(item => item !== '')
  }

  invalid(key: string, expected: string, found: string | undefined): TableError {
    return new TableError(
      'TABLE_CORRUPT',
      `${key}: expected ${expected}, found ${found === undefined ? 'nothing' : `'${found}'`}`,
      { context: { path: this.#path } },
    )
  }
}
