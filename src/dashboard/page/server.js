// Questions to the server, and what its refusals mean.

const BASE = "/api/v1";

/** A refusal or failure, in words that say what to do. */
export class ServerError extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

const query = (parameters) => {
  const given = Object.entries(parameters).filter(([, value]) => value !== null && value !== undefined);
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return text ? `?${text}` : "";
};

async function call(method, path, parameters = {}, body = undefined, signal = undefined) {
  let answer;
  try {
    answer = await fetch(`${BASE}${path}${query(parameters)}`, {
      method,
      signal,
      headers: body === undefined ? {} : { "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ServerError(
      "unreachable",
      "wafwatch does not answer. Check that it still runs; this page goes on by itself.",
    );
  }
  const content = await answer.json().catch(() => null);
  if (answer.ok) return content;
  const { code, message } = content?.error ?? {};
  throw new ServerError(
    code ?? "internal",
    message ?? `the answer was ${answer.status}: look at the output of wafwatch`,
  );
}

const incidentPath = (id) => `/incidents/${encodeURIComponent(id)}`;

export const server = {
  acls: () => call("GET", "/acls"),
  windows: (parameters, signal) => call("GET", "/windows", parameters, undefined, signal),
  top: (parameters, signal) => call("GET", "/top", parameters, undefined, signal),
  incidents: (parameters) => call("GET", "/incidents", parameters),
  incident: (id) => call("GET", incidentPath(id)),
  health: () => call("GET", "/health"),
  say: (id, judgement) => call("POST", `${incidentPath(id)}/feedback`, {}, { judgement }),
  takeBack: (id) => call("DELETE", `${incidentPath(id)}/feedback`),
  logIn: (token) => call("POST", "/session", {}, { token }),
  events: (after) => new EventSource(`${BASE}/events${query({ after })}`),
};
