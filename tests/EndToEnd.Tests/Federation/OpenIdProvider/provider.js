// An OpenID provider on loopback: node provider.js SETTINGS.json
// Settings: { port, clientId, clientSecret, redirectUri, backchannelLogoutUri?, accounts: path }.
// The accounts' file is read anew for each question, so that a test can take away a group, or a person:
// { "alice": { "email": "alice@corp.example", "email_verified": true, "groups": ["engineering"] } }
import { readFileSync } from 'node:fs';
import { Provider } from 'oidc-provider';

const settings = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const accounts = () => JSON.parse(readFileSync(settings.accounts, 'utf8'));
const client = {
  client_id: settings.clientId,
  client_secret: settings.clientSecret,
  redirect_uris: [settings.redirectUri],
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
};
if (settings.backchannelLogoutUri) {
  client.backchannel_logout_uri = settings.backchannelLogoutUri;
  client.backchannel_logout_session_required = true;
}

const provider = new Provider(`http://127.0.0.1:${settings.port}`, {
  clients: [client],
  scopes: ['openid', 'offline_access', 'profile', 'email', 'groups'],
  claims: { openid: ['sub', 'auth_time', 'acr'], profile: ['name'], email: ['email', 'email_verified'], groups: ['groups'] },
  conformIdTokenClaims: false,
  pkce: { required: () => true },
  rotateRefreshToken: false,
  // Its own dispatcher refuses loopback addresses, which is where the client is.
  fetch: (url, { dispatcher, ...options }) => globalThis.fetch(url, options),
  cookies: { keys: ['only a test'] },
  features: { devInteractions: { enabled: true }, backchannelLogout: { enabled: true }, rpInitiatedLogout: { enabled: true } },
  async findAccount(_, id) {
    const known = accounts()[id];
    return known && { accountId: id, claims: async () => ({ sub: id, name: id, ...known }) };
  },
});
provider.on('backchannel.error', (_, error, client) => console.error(`backchannel logout at ${client.backchannelLogoutUri}: ${error.message} ${error.cause ?? ''}`));
provider.on('backchannel.success', (_, client) => console.log(`backchannel logout taken by ${client.clientId}`));
// Sessions that end tell the clients; the tests' proxy listens on a certificate of its own.
provider.listen(settings.port, '127.0.0.1', () => console.log('listening'));
