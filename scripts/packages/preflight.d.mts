import type { PublishedPackage } from './published.mjs'
export interface ReleaseFacts {
  readonly changed: readonly string[]
  readonly branch: string
  readonly pushed: boolean
  readonly changesets: readonly string[]
  readonly versions: readonly string[]
  readonly noted: boolean
  readonly repository: string | undefined
  readonly tree: string
  readonly passedTree: string | undefined
  readonly canProve: boolean
}
export function factsOf(
  clone: string,
  packages: readonly PublishedPackage[],
  environment?: Readonly<Record<string, string | undefined>>,
): ReleaseFacts
export function refusals(facts: ReleaseFacts): readonly string[]
export function isInRegistry(
  of: { readonly name: string; readonly version: string },
  environment?: Readonly<Record<string, string | undefined>>,
): boolean
