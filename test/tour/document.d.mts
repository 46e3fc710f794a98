import type { Chain, Stops } from './stops.mjs'

export interface Tour extends Stops {
  readonly chain: Chain & { readonly when: string }
}

export const UNWRITTEN: string

export function withStops(text: string, tours: Readonly<Record<string, Tour>>): string

export function differences(before: string, after: string): readonly string[]
