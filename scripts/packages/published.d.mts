export interface PublishedPackage {
  readonly name: string
  readonly version: string
  readonly folder: string
}
export const root: string
export function publishedPackages(of?: string): readonly PublishedPackage[]
export function readJson(path: string): unknown
