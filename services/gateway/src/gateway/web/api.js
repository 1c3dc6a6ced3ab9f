// The API as this page uses it: signs in, renews the session once when a token has run out, explains refusals.

const BASE = "/api/v1";
const WEB = { "X-Client": "web" };
let token = null;
let renewing = null;

export class Refused extends Error {
  constructor(status, problem) {
    super([problem.detail || problem.title, problem.next_steps].filter(Boolean).join(" "));
    this.status = status;
    this.problem = problem;
  }
}

async function send(method, path, { body, headers = {} } = {}) {
  const options = { method, headers: { ...headers }, cache: "no-cache" };
  if (token) options.headers.Authorization = `Bearer ${token}`;
  if (body instanceof FormData) options.body = body;
  else if (body !== undefined) {
    options.body = JSON.stringify(body);
    options.headers["Content-Type"] = "application/json";
  }
  try {
    return await fetch(BASE + path, options);
  } catch {
    throw new Refused(0, { title: "The server does not answer.", next_steps: "Check the connection and try again." });
  }
}

async function refusal(response) {
  const problem = await response.json().catch(() => ({ title: `The server answered ${response.status}.` }));
  return new Refused(response.status, problem);
}

/** Make a request and return the response; throws Refused for what is not a success. */
export async function request(method, path, options) {
  let response = await send(method, path, options);
  if (response.status === 401 && token && (await renew())) response = await send(method, path, options);
  if (!response.ok) throw await refusal(response);
  return response;
}

export const get = async (path) => (await request("GET", path)).json();
export const post = async (path, body) => (await request("POST", path, { body })).json();

async function enter(path, body) {
  const response = await send("POST", path, { body, headers: WEB });
  if (!response.ok) throw await refusal(response);
  token = (await response.json()).access_token;
}

export const signIn = (email, password) => enter("/auth/login", { email, password });
export const register = (person) => post("/auth/register", person);

/** Go on with the session that the cookie holds; false when there is none (any more). */
export function renew() {
  token = null;
  renewing ??= enter("/auth/refresh").then(() => true, (error) => {
    if (error.status === 401 || error.status === 403) return false;
    throw error;
  }).finally(() => { renewing = null; });
  return renewing;
}

export async function signOut() {
  await request("POST", "/auth/logout", { headers: WEB });
  token = null;
}
