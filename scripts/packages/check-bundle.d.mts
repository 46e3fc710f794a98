export function problemsOfBundle(bundle: {
  readonly code: ReadonlyMap<string, string>
  readonly thirdParty: string
  readonly dependencies: readonly string[]
}): readonly string[]
