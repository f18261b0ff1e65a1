// MSAL for JavaScript made to speak to the mock: it insists on https and on hosts that it knows, so the last thing that
// it has in hand, its network client, carries each request to the mock on loopback and puts the known name back in.
import { createRequire } from "node:module";

const login = "https://login.microsoftonline.com";

export function network(origin) {
  const send = (method) => async (url, options) => {
    const reply = await fetch(url.replace(login, origin), { method, headers: options?.headers, body: options?.body });
    const text = (await reply.text()).replaceAll(origin, login);
    return { headers: Object.fromEntries(reply.headers), body: JSON.parse(text), status: reply.status };
  };
  return { sendGetRequestAsync: send("GET"), sendPostRequestAsync: send("POST") };
}

export function application(installed, origin, tenant, clientId, credential) {
  const { ConfidentialClientApplication } = createRequire(`${installed}/`)("@azure/msal-node");
  return new ConfidentialClientApplication({
    auth: { clientId, authority: `${login}/${tenant}`, ...credential },
    system: { networkClient: network(origin) },
  });
}

export const scopes = ["https://graph.microsoft.com/.default"];
