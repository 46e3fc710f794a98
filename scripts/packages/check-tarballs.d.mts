export interface TarballRules {
  readonly repository?: { readonly url: string } | undefined
  readonly machine?: readonly string[]
}
export function problemsOfTarball(path: string, rules?: TarballRules): readonly string[]
