// Mints UserSigs as a tenant's back-end does (TLSSigAPIv2): HMAC-SHA256 over the fields, deflated, in an altered base64.
import { createHmac } from 'node:crypto'
import { deflateSync } from 'node:zlib'

/** A UserSig for `user` of `app` = `{id, secret}`; `at` moves the time of issue, seconds. */
export function mintUserSig(app, user, { expire = 3600, at = Math.floor(Date.now() / 1000) } = {}) {
  const content = `TLS.identifier:${user}\nTLS.sdkappid:${app.id}\nTLS.time:${at}\nTLS.expire:${expire}\n`
  const fields = {
    'TLS.ver': '2.0',
    'TLS.identifier': user,
    'TLS.sdkappid': app.id,
    'TLS.expire': expire,
    'TLS.time': at,
    'TLS.sig': createHmac('sha256', app.secret).update(content).digest('base64'),
  }
  const altered = { '+': '*', '/': '-', '=': '_' }
  return deflateSync(Buffer.from(JSON.stringify(fields)))
    .toString('base64')
    .replace(/[+/=]/g, (c) => altered[c])
}
