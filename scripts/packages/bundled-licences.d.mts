export interface BundledPackage {
  readonly name: string
  readonly version: string
  readonly licence: string
  readonly text: string
}
export function bundledPackages(
  output: readonly { readonly moduleIds?: readonly string[] }[],
): readonly BundledPackage[]
export function folderOfPackage(id: string): string | undefined
export function thirdPartyText(packages: readonly BundledPackage[]): string
export function packagesIn(text: string): ReadonlySet<string>
