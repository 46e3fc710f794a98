export interface PackedPackage {
  readonly name: string
  readonly version: string
  readonly path: string
}
export function packAll(folder: string, of?: string): readonly PackedPackage[]
export function removeOrphans(dist: string, src: string, others?: readonly string[]): void
