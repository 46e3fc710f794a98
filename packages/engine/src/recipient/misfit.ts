/** Why a recipient would read a file otherwise than the table does. */
export interface Misfit {
  readonly kind: 'name' | 'partition' | 'default' | 'type' | 'order' | 'extra' | 'dropped'
  /** The table's column, or the file's own for `extra` and `dropped`, by its dotted name. */
  readonly column: string
  /** How the file differs, to follow "column x". */
  readonly reason: string
  /** False where no file that could be written in its place would be read rightly. */
  readonly rewritable?: false
}
