import type { Stops } from './stops.mjs'

export interface Tour extends Stops {
  readonly chain: { readonly when: string; readonly files: readonly string[] }
}

export const UNWRITTEN: string

export function withStops(text: string, tours: Readonly<Record<string, Tour>>): string

export function differences(before: string, after: string): readonly string[]
