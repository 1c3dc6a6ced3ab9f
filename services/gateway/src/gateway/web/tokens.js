// Personal access tokens, for scripts and other programs.

import { attempt, copy, form, say } from "./acting.js";
import * as api from "./api.js";
import { $, button, element, field, fill } from "./dom.js";
import { date, moment } from "./format.js";

const AREAS = { activities: "Activities", training: "Training", analytics: "Analytics", documents: "Documents", profile: "Profile" };
const WAYS = [["", "no access"], ["read", "read"], ["write", "read and write"]];
const DAYS = [["30", "30 days"], ["90", "90 days"], ["365", "a year"], ["", "until it is deleted"]];
const DAY_MS = 86_400_000;

const choice = (label, name, options) => element("label", {}, label, " ",
  element("select", { name }, ...options.map(([value, text]) => element("option", { value }, text))));

/** Show the form; only administrators can give the scope admin. */
export function showTokenForm(roles) {
  fill("new-token", roles, () => [form(make,
    field("Name", { name: "name", maxLength: 100, required: true, placeholder: "what it is for" }),
    element("fieldset", {}, element("legend", {}, "It may see and change"),
      ...Object.entries(AREAS).map(([area, label]) => choice(label, area, WAYS)),
      roles.includes("admin") ? field("Administration", { name: "admin", type: "checkbox" }) : ""),
    choice("It works for", "days", DAYS), element("button", {}, "Make a token"))]);
}

export async function showTokens() {
  const { items } = await api.get("/auth/tokens?limit=50");
  fill("tokens", items, () => (items.length ? items.map(tokenItem) : "No tokens yet."));
}

async function make({ name, days, admin, ...ways }) {
  const scopes = Object.entries(ways).filter(([, way]) => way).map(([area, way]) => `${area}:${way}`);
  if (admin) scopes.push("admin");
  if (!scopes.length) return say("Choose at least one thing that the token may see.");
  const end = days ? new Date(Date.now() + days * DAY_MS).toISOString() : null;
  const { token } = await api.post("/auth/tokens", { name, scopes, expires_at: end });
  $("new-token").querySelector("form").reset();
  showMade(name, token);
  await showTokens();
}

function showMade(name, token) {
  const shown = element("code", { id: "made-token" }, token);
  const made = element("div", { className: "made", tabIndex: -1 },
    element("p", {}, `The token “${name}” is shown only now. Send it as a bearer token.`), element("p", {}, shown),
    element("p", { className: "buttons" }, button("Copy", () => attempt(() => copy(shown))),
      button("I have kept it", () => { made.remove(); $("tokens-title").focus(); }, { className: "main" })));
  $("new-token").querySelector(".made")?.remove();
  $("new-token").prepend(made);
  made.focus();
}

function tokenItem({ id, name, scopes, created_at: made, expires_at: end, last_used_at: used }) {
  return element("li", {}, element("div", {}, element("strong", {}, name),
    element("p", { className: "quiet" }, scopes.join(", ")),
    element("p", { className: "quiet" }, `made ${date(made)}, ${end ? `works until ${date(end)}` : "has no end"}`),
    element("p", { className: "quiet" }, used ? `last used ${moment(used)}` : "not used yet")),
  button("Delete", () => attempt(() => remove(id, name)), { label: `Delete ${name}` }));
}

async function remove(id, name) {
  await api.remove(`/auth/tokens/${id}`);
  await showTokens();
  $("tokens-title").focus();
  say(`The token “${name}” is deleted.`);
}
