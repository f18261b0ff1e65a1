// MSAL for JavaScript at the token endpoint: secret, its cache, certificate, and what is refused.
// Arguments: where MSAL is installed. Standard input: one JSON object. Prints one JSON object.
import { readFileSync } from "node:fs";
import { application, scopes } from "./msal.mjs";

const installed = process.argv[2];
const given = JSON.parse(readFileSync(0, "utf8"));
const open = (credential, clientId = given.client, tenant = given.tenant) =>
  application(installed, given.origin, tenant, clientId, credential).acquireTokenByClientCredential({ scopes });

const refused = async (...parts) => {
  try {
    await open(...parts);
    return "taken";
  } catch (error) {
    return [error.errorCode, error.errorNo ?? error.message.match(/AADSTS\d+/)?.[0] ?? null];
  }
};

const works = async (token) => {
  const headers = { Authorization: `Bearer ${token}` };
  return (await fetch(`${given.origin}/v1.0/users`, { headers })).status;
};

const seen = {};
const app = application(installed, given.origin, given.tenant, given.client, { clientSecret: given.secret });
const first = await app.acquireTokenByClientCredential({ scopes });
const second = await app.acquireTokenByClientCredential({ scopes });
seen.secret = [first.tokenType, await works(first.accessToken)];
seen.cached = [second.fromCache, second.accessToken === first.accessToken];
const fresh = await app.acquireTokenByClientCredential({ scopes, skipCache: true });
seen.fresh = [fresh.fromCache, fresh.accessToken === first.accessToken];

const certificate = { thumbprintSha256: given.thumbprint, privateKey: given.key, x5c: given.certificate };
const signed = await open({ clientCertificate: certificate }, given.signer);
seen.certificate = [signed.tokenType, await works(signed.accessToken)];

seen.wrongSecret = await refused({ clientSecret: "wrong" });
seen.unknownClient = await refused({ clientSecret: "x" }, "00000000-0000-0000-0000-000000000001");
seen.unknownTenant = await refused({ clientSecret: "x" }, given.client, "nobody.example");
seen.foreignCertificate = await refused({ clientCertificate: certificate }, given.client);
console.log(JSON.stringify(seen));
