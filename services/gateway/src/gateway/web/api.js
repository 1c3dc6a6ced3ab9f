// The API as this page uses it: signs in, renews the session once when a token has run out, explains refusals.

import { period, sentence } from "./format.js";

const BASE = "/api/v1";
const WEB = { "X-Client": "web" };
let token = null;
let renewing = null;

export class Refused extends Error {
  constructor(status, problem, wait = 0) {
    const advice = wait ? `Wait ${period(wait)}, then try again.` : problem.next_steps;
    super([problem.detail || problem.title, advice].filter(Boolean).map(sentence).join(" "));
    this.status = status;
    this.problem = problem;
    this.code = problem.code;
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
  return new Refused(response.status, problem, Number(response.headers.get("Retry-After")));
}

/** Make a request and return the response; throws Refused for what is not a success. */
export async function request(method, path, options) {
  let response = await send(method, path, options);
  if (response.status === 401 && token && (await renew())) response = await send(method, path, options);
  if (!response.ok) throw await refusal(response);
  return response;
}

/** Whether the server is not there just now, so that asking again may help. */
export const isAway = ({ status }) => status === 0 || status >= 500;

async function content(response) {
  const text = await response.text();
  return text ? JSON.parse(text) : null;
}

const JSON_WANTED = { headers: { Accept: "application/json" } };
export const get = async (path) => content(await request("GET", path, JSON_WANTED));
export const post = async (path, body) => content(await request("POST", path, { body }));
export const change = async (path, body) => content(await request("PATCH", path, { body }));
export const remove = async (path, body) => content(await request("DELETE", path, { body }));

/** Ask again every `pause` ms until `isDone` with the answer; a server that is away is waited for. */
export async function follow(path, pause, isDone) {
  let answer = null;
  while (!isDone(answer)) {
    await new Promise((resolve) => { setTimeout(resolve, pause); });
    answer = await get(path).catch((error) => {
      if (isAway(error)) return answer;
      throw error;
    });
  }
  return answer;
}

async function enter(path, body) {
  const response = await send("POST", path, { body, headers: WEB });
  if (!response.ok) throw await refusal(response);
  token = (await response.json()).access_token;
}

/** Sign in; `code` is one of the second factor, where that is on. */
export const signIn = (email, password, code) => enter("/auth/login", { email, password, totp: code || undefined });
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

/** Go on without the session, which has ended. */
export function forgetSession() {
  token = null;
}

export async function signOut() {
  await request("POST", "/auth/logout", { headers: WEB });
  forgetSession();
}
