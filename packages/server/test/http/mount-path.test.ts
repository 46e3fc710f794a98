import { describe, expect, it } from 'vitest'
import { checkedEndpoint, misplacedPath, pathBelow } from '../../src/http/mount-path.js'

describe('a path below a mount', () => {
  it.each([
    ['/delta-sharing', '/delta-sharing/shares', '/shares'],
    ['/a/b', '/a/b/shares/x', '/shares/x'],
    ['/a/b', '/b/shares/x', '/shares/x'],
    ['/a/b', '/shares/x', '/shares/x'],
    ['/a/b', '/files/0123/x.parquet', '/files/0123/x.parquet'],
    ['', '/shares', '/shares'],
    ['/a/b', '/a/b/mcp', '/mcp'],
    // At the root of a host, where well-known paths are looked for, whatever the mount is.
    ['/a/b', '/.well-known/agent-skills/index.json', '/.well-known/agent-skills/index.json'],
    // A share may have the name of the mount, and a mount that of the protocol's lists.
    ['/delta-sharing', '/delta-sharing/shares/delta-sharing', '/shares/delta-sharing'],
    ['/shares/data', '/shares/data/shares', '/shares'],
    ['/shares/data', '/shares/data/schemas', '/shares/data/schemas'],
  ])('%s, of %s, is %s', (mount, pathname, below) => {
    expect(pathBelow(mount, pathname)).toBe(below)
  })

  it.each([
    ['/delta-sharing', '/data/shares'],
    ['/a/b', '/a/shares'],
    ['/a/b', '/a/b'],
    ['/a/b', '/a/bb/shares'],
    ['/a/b', '/a/b/else'],
    ['', '/a/shares'],
  ])('is none where nothing of %s is in front of %s', (mount, pathname) => {
    expect(pathBelow(mount, pathname)).toBeUndefined()
  })

  it('is told where it would be, and of no other paths', () => {
    expect(misplacedPath('/a', '/b/shares/x')).toBe('/a/shares/x')
    expect(misplacedPath('/a', '/favicon.ico')).toBeUndefined()
    expect(misplacedPath('/a', '/sharesome')).toBeUndefined()
  })
})

describe('an endpoint', () => {
  it.each([
    [
      'https://share.example/delta-sharing/',
      'https://share.example/delta-sharing',
      '/delta-sharing',
    ],
    ['https://share.example', 'https://share.example', ''],
    ['HTTP://Share.Example:8080/A/b', 'http://share.example:8080/A/b', '/A/b'],
    ['https://share.example/müll', 'https://share.example/m%C3%BCll', '/m%C3%BCll'],
  ])('%s is %s, mounted at %s', (text, url, path) => {
    expect(checkedEndpoint(text)).toEqual({ url, path })
  })

  it.each([
    ['/delta-sharing', /found "\/delta-sharing", which is no URL/],
    ['share.example/delta-sharing', /which is no URL/],
    ['ftp://share.example', /found the scheme ftp:/],
    ['https://me:secret@share.example', /found a user or a password in it$/],
    ['https://share.example/a?b=c', /a query or a fragment/],
    ['https://share.example/a#b', /a query or a fragment/],
    ['https://share.example//a', /an empty name in its path \/\/a/],
    ['https://share.example/delta-sharing/shares', /clients add \/shares to it themselves/],
    ['https://share.example/files', /found \/files at its end/],
  ])('%s is refused', (text, reason) => {
    expect(() => checkedEndpoint(text)).toThrow(reason)
  })
})
