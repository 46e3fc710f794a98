export function problemsOfBundle(bundle: {
  readonly code: ReadonlyMap<string, string>
  readonly thirdParty: string
  readonly dependencies: Readonly<Record<string, string>>
}): readonly string[]
