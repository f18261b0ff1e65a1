// Microsoft's JavaScript Graph client, with MSAL's token, through paging, delta, batch, errors, 429, 410, delete, restore.
// Arguments: origin, tenant id, client id, secret, where the client is installed. Prints one JSON object.
import { createRequire } from "node:module";
import { application, scopes } from "./msal.mjs";

const [origin, tenant, clientId, secret, installed] = process.argv.slice(2);
const graph = createRequire(`${installed}/`)("@microsoft/microsoft-graph-client");
const { BatchRequestContent, BatchResponseContent, Client, PageIterator, RetryHandler } = graph;

const seen = {};

const msal = application(installed, origin, tenant, clientId, { clientSecret: secret });
const { accessToken: token, tokenType } = await msal.acquireTokenByClientCredential({ scopes });
seen.token = tokenType;

// The client follows links and sends tokens to https hosts only, so it speaks to the name that it trusts, and this
// last handler of its chain carries each request to the mock on loopback.
const trusted = "https://graph.microsoft.com";
const carrier = {
  async execute(context) {
    const asked = typeof context.request === "string" ? context.request : context.request.url;
    const headers = new Headers(context.options?.headers);
    headers.set("Authorization", `Bearer ${token}`);
    const reply = await fetch(asked.replace(trusted, origin), { ...context.options, headers });
    const text = (await reply.text()).replaceAll(origin, trusted);
    context.response = new Response(text || null, { status: reply.status, headers: reply.headers });
  },
};
const retry = new RetryHandler();
retry.setNext(carrier);
const client = Client.initWithMiddleware({ baseUrl: `${trusted}/`, middleware: retry });

const first = await client.api("/users").top(2).select("id,displayName").get();
const names = [];
const pages = new PageIterator(client, first, (user) => names.push(user.displayName));
await pages.iterate();
seen.paged = names.length;

let delta = await client.api("/users/delta").select("displayName").get();
while (delta["@odata.nextLink"]) delta = await client.api(delta["@odata.nextLink"]).get();
const link = delta["@odata.deltaLink"];

const made = await client.api("/users").post({
  accountEnabled: true,
  displayName: "Made in JavaScript",
  mailNickname: "js",
  userPrincipalName: "js@contoso.com",
  passwordProfile: { password: "Correct horse 1" },
});
seen.delta = (await client.api(link).get()).value.map((user) => user.displayName);

// The client makes these URLs relative by cutting the host off; a batch wants no version in them.
const content = new BatchRequestContent([
  { id: "1", request: new Request(`${trusted}/users/js@contoso.com`) },
  { id: "2", request: new Request(`${trusted}/users/nobody@contoso.com`) },
]);
const batch = new BatchResponseContent(await client.api("/$batch").post(await content.getContent()));
seen.batch = [batch.getResponseById("1").status, batch.getResponseById("2").status];

try {
  await client.api("/users/nobody@contoso.com").get();
} catch (error) {
  seen.error = [error.statusCode, error.code];
}

// The test ordered one 429 for this path: the client's retry middleware waits and asks again.
seen.throttled = (await client.api("/organization").get()).value.length;

// And one expired delta token for this one.
try {
  await client.api(link).get();
} catch (error) {
  seen.resync = [error.statusCode, error.code];
}

await client.api(`/users/${made.id}`).delete();
const binned = await client.api("/directory/deletedItems/microsoft.graph.user").get();
seen.deleted = binned.value.map((user) => user.id === made.id);
const restored = await client.api(`/directory/deletedItems/${made.id}/restore`).post({});
seen.restored = [restored["@odata.type"], restored.id === made.id];
console.log(JSON.stringify(seen));
