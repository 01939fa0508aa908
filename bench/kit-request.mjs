// The request of the kit's benchmark: a signed provisioning of about 500 bytes. Imported by both of its sides.
import { createHmac, randomBytes } from 'node:crypto';

export const PUBLIC_BASE_URL = 'https://logjam.example/flyio';
export const SIGNING_SECRET = 'a secret of the benchmark';

let made = 0;

/** Body and signature, of another id each time. */
export function signedRequest() {
  made += 1;
  const body = JSON.stringify({
    name: `logs-${made}`,
    id: `fly-${made}-${process.pid}`,
    organization_id: '04La2mblTaz',
    organization_name: 'High Flyers',
    user_email: 'v9WvKokd@customer.fly.io',
    user_id: 'NeBO2G0l0yJ6',
    user_role: 'admin',
    primary_region: 'mad',
    ip_address: 'fdaa:0:47fb:0:1::1d',
    read_regions: ['syd', 'scl'],
    url: `${PUBLIC_BASE_URL}/extensions`,
    nonce: randomBytes(16).toString('hex'),
    timestamp: Math.floor(Date.now() / 1000),
  });
  return { body, signature: createHmac('sha256', SIGNING_SECRET).update(body).digest('hex') };
}
