/** Somebody who holds a token. */
export interface Recipient {
  readonly id: string
  readonly name: string
}

export interface PageRequest {
  /** Only items whose name is greater, by the catalog's stable order. */
  readonly after?: string
  readonly maxResults: number
}

export interface Page<Item> {
  readonly items: readonly Item[]
  /** `after` of the next page; absent on the last. */
  readonly next?: string
}
