export type Transform =
  | { readonly kind: 'identity' | 'year' | 'month' | 'day' | 'hour' | 'void' }
  | { readonly kind: 'bucket' | 'truncate'; readonly width: number }
  /** Kept for delete scopes and the wire; says nothing about the source column. */
  | { readonly kind: 'unknown'; readonly name: string }

export interface PartitionField {
  readonly id: number
  readonly sourceIds: readonly number[]
  readonly name: string
  readonly transform: Transform
}

export interface PartitionSpec {
  readonly id: number
  readonly fields: readonly PartitionField[]
}
