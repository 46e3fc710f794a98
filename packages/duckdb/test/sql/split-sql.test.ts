import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { splitSql } from '../../src/index.js'

describe('SQL cut into statements', () => {
  it.each([
    ['SELECT 1', [], 'SELECT 1'],
    ['SELECT 1;', ['SELECT 1'], ''],
    ['SELECT 1; SELECT 2;\n', ['SELECT 1', 'SELECT 2'], ''],
    ['SELECT 1; SELECT', ['SELECT 1'], ' SELECT'],
    [';;  ;', [], ''],
    ["SELECT ';';", ["SELECT ';'"], ''],
    ["SELECT 'it''s; fine';", ["SELECT 'it''s; fine'"], ''],
    ['SELECT "a;""b";', ['SELECT "a;""b"'], ''],
    ["SELECT E'a\\';b';", ["SELECT E'a\\';b'"], ''],
    // Without the E a backslash is a character like any other.
    ["SELECT 'a\\';", ["SELECT 'a\\'"], ''],
    ["SELECT name'a\\';", ["SELECT name'a\\'"], ''],
    ['SELECT $$a;b$$;', ['SELECT $$a;b$$'], ''],
    ['SELECT $x$a;$$;b$x$;', ['SELECT $x$a;$$;b$x$'], ''],
    ['SELECT $1; SELECT $2;', ['SELECT $1', 'SELECT $2'], ''],
    ['-- only; a comment\n', [], ''],
    ['-- first; comment\nSELECT 1;', ['-- first; comment\nSELECT 1'], ''],
    ['/* a; /* nested; */ b */ SELECT 1;', ['/* a; /* nested; */ b */ SELECT 1'], ''],
    ['SELECT 1 /* open;', [], 'SELECT 1 /* open;'],
    ['/* open;', [], '/* open;'],
    ['/* closed; */', [], ''],
    ["SELECT 'open;", [], "SELECT 'open;"],
  ])('%j', (text, statements, rest) => {
    expect(splitSql(text)).toEqual({ statements, rest })
  })

  it('gives back every statement it is given, however it is quoted', () => {
    const part = fc.oneof(
      fc.string().map(text => `'${text.replaceAll("'", "''")}'`),
      fc.string().map(text => `"${text.replaceAll('"', '""')}"`),
      fc.string().map(text => `$q$${text.replaceAll('$', '')}$q$`),
      fc.string().map(text => `/*${text.replaceAll(/[*/]/g, '')}*/`),
      fc.string().map(text => `--${text.replaceAll('\n', '')}\n`),
    )
    const statement = fc.array(part).map(parts => `x ${parts.join(' ')} y`)
    fc.assert(
      fc.property(fc.array(statement), statements => {
        expect(splitSql(statements.map(each => `${each};`).join('\n'))).toEqual({
          statements,
          rest: '',
        })
      }),
    )
  })
})
